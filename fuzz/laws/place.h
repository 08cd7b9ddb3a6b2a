// The place that a broken law is about: a block, a byte, an address. The oracle records it as the
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

/// The place that was recorded last.
extern struct place place;

/// Forgets the place.
void place_clear(void);

/// Records a byte of a slot's live block, or past its end.
void place_byte(uint32_t slot, size_t offset, const char *says);

/// Records the end that a slot's live block has according to GetSize.
void place_end(uint32_t slot, size_t answer);

/// Records the first wrong byte of the kept ones of a slot's live block. `written` is the block
/// that held the bytes when they were written.
void place_wrong(uint32_t slot, size_t offset, const struct held *written, size_t kept_bytes);

/// Record a block that was just granted and must not be: on another block, or where no block may
/// be.
void place_overlap(uint32_t slot, const void *block, size_t size_bytes, uint32_t other);
void place_granted(uint32_t slot, const void *block, size_t size_bytes, const char *says);

/// Records a slot's former block.
void place_gone(uint32_t slot, const void *block, size_t size_bytes, const char *says);

/// Records an address.
void place_address(const void *address, const char *says);

/// Records the whole heap.
void place_heap(void);

/// Returns a size as text. The last four texts stay valid.
const char *place_size(size_t size_bytes);

/// Returns whether an address lies in the world, or in or next to a live block.
bool place_is_known(const void *address);

/// Returns an address as text that is the same in every run: inside the world it is the offset from
/// its start. The last four texts stay valid.
const char *place_pointer(uintptr_t address);

/// Returns the same, with the name of the live block that the address lies in.
const char *place_name(uintptr_t address);

#endif
