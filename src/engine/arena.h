// The arena: one reservation, laid out in tables and pages, and which of it is committed.
#ifndef COMHEAP_ENGINE_ARENA_H
#define COMHEAP_ENGINE_ARENA_H

#include "engine/state.h"

/// Reserves an arena and lays a fresh heap out in it. Returns NULL iff ch_heap_create does.
struct ch_heap *ch_arena_open(const struct ch_config *config);

/// Releases the arena with everything in it, the heap included.
void ch_arena_close(struct ch_heap *heap);

/// Commit, and count as used, the pages behind the small region that one more span takes, or so
/// many before the large region with as many left between as room_pages says, and what the tables
/// need to reach over them. The gap has room for all that. Return false iff the world refuses: none
/// is counted, but some may be committed, idle.
bool ch_arena_grow_small(struct ch_heap *heap);
bool ch_arena_grow_large(struct ch_heap *heap, uint32_t pages, uint32_t room_pages);

/// Commits the lane of a number. Returns NULL iff the world refuses.
struct ch_lane *ch_arena_open_lane(struct ch_heap *heap, unsigned number);

/// Gives a lane's pages back.
void ch_arena_close_lane(struct ch_heap *heap, struct ch_lane *lane);

/// Commits those of the pages that are not, and counts all of them as used. Returns false iff the
/// world refuses: none is counted, but some may be committed, idle.
bool ch_arena_use(struct ch_heap *heap, uint32_t page, uint32_t pages);

/// Decommit up to `most` of the pages, or of the gap's; nobody may be using them. Return how many
/// are still to go. They look at none once none is, or once no idle page is left anywhere.
size_t ch_arena_decommit(struct ch_heap *heap, uint32_t page, uint32_t pages, size_t most);
size_t ch_arena_decommit_gap(struct ch_heap *heap, size_t most);

/// Decommits the tables' pages that neither region needs.
void ch_arena_trim(struct ch_heap *heap);

/// What the heap's tables and the heap itself hold of the world.
size_t ch_arena_table_bytes(const struct ch_heap *heap);

/// Hide and show the gap from AddressSanitizer, around a change of its edges. What the small region
/// has left to the gap is hidden whole, until the large region takes it.
void ch_arena_show_gap(struct ch_heap *heap);
void ch_arena_hide_gap(struct ch_heap *heap);

#endif
