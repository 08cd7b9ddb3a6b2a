// Room for a block: where it comes from, and what is given up when there is none. All of it needs
// the lock.
#ifndef COMHEAP_ENGINE_SUPPLY_H
#define COMHEAP_ENGINE_SUPPLY_H

#include "engine/state.h"

/// Returns a block that is nobody else's: a large one is live, a small one is to be. Returns NULL
/// iff there is no room, or the world refuses a page that it needs, also after everything that can
/// be given up is.
void *ch_supply_take(struct ch_heap *heap, size_t size_bytes);

/// The same for a large block that is to replace one that grows: the next time it need not move.
void *ch_supply_take_to_grow(struct ch_heap *heap, size_t size_bytes);

/// Whether any room that is made could be enough for a block to have size_bytes in place of its
/// old_bytes, and the heap's bounds allow it. What an arena has beyond the pages that can be
/// counted is not used, so below this no size in pages is too large for its type.
bool ch_supply_is_possible(const struct ch_heap *heap, size_t old_bytes, size_t size_bytes);

/// After a request found no room, or was refused pages. Returns whether there is more of either
/// now.
bool ch_supply_reclaim(struct ch_heap *heap);

/// What the heap holds of the world.
size_t ch_supply_committed_bytes(const struct ch_heap *heap);

#endif
