// The arena: one reservation, and its layout in tables and pages.
#ifndef COMHEAP_ENGINE_ARENA_H
#define COMHEAP_ENGINE_ARENA_H

#include "engine/state.h"

/// Reserves an arena and lays a fresh heap out in it. Returns NULL iff ch_heap_create does.
struct ch_heap *ch_arena_open(const struct ch_config *config);

/// Releases the arena with everything in it, the heap included.
void ch_arena_close(struct ch_heap *heap);

#endif
