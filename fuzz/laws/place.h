// The place that a broken law is about: a block, a byte, an address. The oracle notes it as the
// place of a LAW_AT, so none of this runs while every law holds. findings/table.c prints it.
#ifndef LAWS_PLACE_H
#define LAWS_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "laws/model.h"

/// A block, or a former one.
struct extent {
    uint32_t slot;
    uintptr_t begin;
    size_t size_bytes;
    const char *was; ///< NULL for a block as it is now.
};

#define PLACE_EXTENTS 2U

struct place {
    enum { PLACE_NONE, PLACE_AROUND, PLACE_HEAP } kind;
    struct extent extents[PLACE_EXTENTS]; ///< The blocks that the law is about.
    size_t extent_count;
    uintptr_t mark;   ///< An address: in or behind the first block, or anywhere if there is none.
    const char *says; ///< The remark on it.
    bool has_bytes;   ///< The first block's bytes from the mark on differ from those written.
    size_t end;       ///< The end of the bytes that can be compared, from the block's start.
    struct fill fill;
};

/// The place that was noted last.
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

/// Returns an address as text that is the same in every run: from the start of the world where it
/// lies in it. The last four texts stay as they are.
const char *place_pointer(uintptr_t address);

/// Returns the same with the name of the live block that the address lies in.
const char *place_name(uintptr_t address);

#endif
