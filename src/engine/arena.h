// The arena: one reservation, its layout in tables and pages, and the record of its committed
// pages.
#ifndef COMHEAP_ENGINE_ARENA_H
#define COMHEAP_ENGINE_ARENA_H

#include "engine/state.h"

/// Reserves an arena and lays a fresh heap out in it. Returns NULL iff ch_heap_create does.
struct ch_heap *ch_arena_open(const struct ch_config *config);

/// Releases the arena with everything in it, the heap included.
void ch_arena_close(struct ch_heap *heap);

/// Commit pages and count them as used: those of one more span, or `pages` pages before the large
/// region, with room_pages pages left between. Commit the parts of the tables that cover them. The
/// gap must have room for all of that. Return false iff the world refuses: then no page is counted,
/// but some may be committed and idle.
bool ch_arena_grow_small(struct ch_heap *heap);
bool ch_arena_grow_large(struct ch_heap *heap, uint32_t pages, uint32_t room_pages);

/// Commits the lane with this number. Returns NULL iff the world refuses.
struct ch_lane *ch_arena_open_lane(struct ch_heap *heap, unsigned number);

/// Decommits a lane's pages.
void ch_arena_close_lane(struct ch_heap *heap, struct ch_lane *lane);

/// Commits every page of the range that is not committed, and counts all of them as used. Returns
/// false iff the world refuses: then no page is counted, but some may be committed and idle.
bool ch_arena_use(struct ch_heap *heap, uint32_t page, uint32_t pages);

/// Decommit up to `most` pages of the range, or of the gap; none of them may be in use. Return how
/// much of `most` is left. They stop when that is 0, or when the heap has no idle page left.
size_t ch_arena_decommit(struct ch_heap *heap, uint32_t page, uint32_t pages, size_t most);
size_t ch_arena_decommit_gap(struct ch_heap *heap, size_t most);

/// Decommits the pages of the tables that neither region needs.
void ch_arena_trim(struct ch_heap *heap);

/// Returns the committed bytes of the tables, the open lanes and the heap itself.
size_t ch_arena_table_bytes(const struct ch_heap *heap);

/// Show the gap to AddressSanitizer, and hide it, around a change of its edges. Pages that the
/// small region has left to the gap stay hidden whole, until the large region takes them.
void ch_arena_show_gap(struct ch_heap *heap);
void ch_arena_hide_gap(struct ch_heap *heap);

#endif
