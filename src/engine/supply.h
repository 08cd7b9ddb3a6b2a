// The supply of blocks: a span or a page run that a block comes from, and the reclaim when there is
// no room.
// All of these functions need the lock.
#ifndef COMHEAP_ENGINE_SUPPLY_H
#define COMHEAP_ENGINE_SUPPLY_H

#include "engine/state.h"

/// Returns a block for the caller alone: a large one is live already, a small one is not yet. It
/// starts at a multiple of alignment_bytes: more than a page, or 1. Adds its size to the sum of the
/// live blocks' sizes. Returns NULL iff there is no room, or the world refuses a page that the
/// block needs, even after a reclaim.
void *ch_supply_take(struct ch_heap *heap, size_t size_bytes, size_t alignment_bytes);

/// Does the same for a large block that replaces a growing one: next time it need not move.
void *ch_supply_take_to_grow(struct ch_heap *heap, size_t size_bytes);

/// Adds to the sum of the live blocks' sizes. The bytes may be "negative". Only a heap with a bound
/// on this sum keeps it; ch_heap_stats walks the heap.
static inline void ch_supply_add_live(struct ch_heap *heap, size_t size_bytes)
{
    if (heap->config.live_bytes != 0) {
        heap->live_bytes += size_bytes;
    }
}

/// Returns whether a block could go from old_bytes to size_bytes after any reclaim, and within the
/// heap's bounds. An arena uses only as many pages as it can count, so no size up to this limit
/// overflows a number of pages.
bool ch_supply_is_possible(const struct ch_heap *heap, size_t old_bytes, size_t size_bytes);

/// Gives up idle memory after a request found no room, or was refused pages. Returns whether there
/// is more of either now.
bool ch_supply_reclaim(struct ch_heap *heap);

/// Gives idle pages back: as many as exceed the bound that ch_heap_minimize states, or all, and the
/// tables that describe nothing.
void ch_supply_drop_excess(struct ch_heap *heap);
void ch_supply_drop_idle(struct ch_heap *heap);

#endif
