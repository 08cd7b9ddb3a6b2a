// The place that a broken law talks about: which block, which byte, which address. The oracle notes
// it as the place of a LAW_AT, so that none of this runs while every law holds; the picture is
// drawn of it.
#ifndef LAWS_PLACE_H
#define LAWS_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "laws/model.h"

/// A range that has a name: a block, or what was one.
struct extent {
    uintptr_t begin;
    size_t size_bytes;
    char label[32];
};

#define PLACE_EXTENTS 3U

struct place {
    enum { PLACE_NONE, PLACE_AROUND, PLACE_HEAP } kind;
    struct extent extents[PLACE_EXTENTS]; ///< What is drawn beside the live blocks.
    size_t extent_count;
    uintptr_t mark; ///< What is marked,
    size_t mark_bytes;
    const char *says;  ///< and what is written beside it.
    uint32_t slots[2]; ///< Whose story is told.
    size_t slot_count;
    bool has_bytes; ///< Bytes are compared: those of the first slot's block, with what was written.
    size_t offset;  ///< The first that is wrong.
    size_t end;     ///< Behind the last that can be compared.
    struct fill fill;
};

/// What has been noted last.
extern struct place place;

void place_clear(void);

/// A byte of a slot's live block, or past its end.
void place_byte(uint32_t slot, size_t offset, const char *says);

/// The end that GetSize says a slot's live block has.
void place_end(uint32_t slot, size_t answer);

/// The first wrong one of the kept bytes of a slot's live block, and the block that it was when its
/// bytes were written.
void place_wrong(uint32_t slot, size_t offset, const struct held *written, size_t kept_bytes);

/// A block that has just been granted and may not be: where another one is, or where none may.
void place_overlap(uint32_t slot, const void *block, size_t size_bytes, uint32_t other);
void place_granted(uint32_t slot, const void *block, size_t size_bytes, const char *says);

/// What a slot held and is no longer live.
void place_gone(uint32_t slot, const void *block, size_t size_bytes, const char *says);

/// An address.
void place_address(const void *address, const char *says);

/// All of the heap.
void place_heap(void);

/// A size as text. One of the last four answers stays as it is.
const char *place_size(size_t size_bytes);

/// Whether an address lies in the world, or in or next to a live block.
bool place_is_known(const void *address);

/// An address as text that is the same in every run: from the start of the world where it lies in
/// it, with the name of the live block that it lies in. One of the last four answers stays as it
/// is.
const char *place_name(uintptr_t address);

#endif
