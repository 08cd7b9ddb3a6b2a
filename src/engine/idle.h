// Idle pages: committed pages that belong to no span in use and to no live page run.
#ifndef COMHEAP_ENGINE_IDLE_H
#define COMHEAP_ENGINE_IDLE_H

#include "engine/state.h"

/// Counts `pages` pages as unused. They stay committed.
void ch_idle_count(struct ch_heap *heap, uint32_t pages);

/// Decommits the idle pages above the bound that ch_heap_minimize states.
void ch_idle_keep_bound(struct ch_heap *heap);

/// Decommits every page that neither a live block nor a block in a lane needs.
void ch_idle_give_back(struct ch_heap *heap);

#endif
