// The arena: one reservation, laid out in tables and pages, and which of it is committed.
#ifndef COMHEAP_ENGINE_ARENA_H
#define COMHEAP_ENGINE_ARENA_H

#include "engine/state.h"

/// Reserves an arena and lays a fresh heap out in it. Returns NULL iff ch_heap_create does.
struct ch_heap *ch_arena_open(const struct ch_config *config);

/// Releases the arena with everything in it, the heap included.
void ch_arena_close(struct ch_heap *heap);

/// Commit, and count as used, the pages behind the small region that one more span takes, or so
/// many before the large region, and what the tables need to reach over them. The gap has room for
/// them. Return false iff the world refuses: none is counted, but some may be committed, idle.
bool ch_arena_grow_small(struct ch_heap *heap);
bool ch_arena_grow_large(struct ch_heap *heap, uint32_t pages);

/// Commits those of the pages that are not, and counts all of them as used. Returns false iff the
/// world refuses: none is counted, but some may be committed, idle.
bool ch_arena_use(struct ch_heap *heap, uint32_t page, uint32_t pages);

/// Counts pages as no longer used; decommits them when enough idle ones are kept already.
void ch_arena_idle(struct ch_heap *heap, uint32_t page, uint32_t pages);

/// Decommits those of the pages that are committed; nobody may be using them. Looks at none once no
/// idle page is left anywhere.
void ch_arena_decommit(struct ch_heap *heap, uint32_t page, uint32_t pages);

/// Decommits the gap, and the tables' pages that neither region needs.
void ch_arena_trim(struct ch_heap *heap);

/// What the heap's tables and the heap itself hold of the world.
size_t ch_arena_table_bytes(const struct ch_heap *heap);

/// Hide and show the gap from AddressSanitizer, around a change of its edges. What the small region
/// has left to the gap is hidden whole, until the large region takes it.
void ch_arena_show_gap(struct ch_heap *heap);
void ch_arena_hide_gap(struct ch_heap *heap);

#endif
