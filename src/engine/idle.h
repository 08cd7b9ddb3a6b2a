// Idle pages: committed, and part of no span in use and no live run.
#ifndef COMHEAP_ENGINE_IDLE_H
#define COMHEAP_ENGINE_IDLE_H

#include "engine/state.h"

/// Counts so many pages as no longer used. They stay committed.
void ch_idle_count(struct ch_heap *heap, uint32_t pages);

/// Gives back what the heap holds beyond its bound, which ch_heap_minimize states.
void ch_idle_keep_bound(struct ch_heap *heap);

/// Gives back every page that neither a live block needs nor one in a lane.
void ch_idle_give_back(struct ch_heap *heap);

#endif
