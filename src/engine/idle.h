// Idle pages: committed pages that belong to no span in use and to no live page run.
#ifndef COMHEAP_ENGINE_IDLE_H
#define COMHEAP_ENGINE_IDLE_H

#include "engine/state.h"

/// Counts `pages` pages as unused. They stay committed.
void ch_idle_count(struct ch_heap *heap, uint32_t pages);

/// Returns how many pages must go to bring the heap back under the bound that ch_heap_minimize
/// states; 0 while it is under the bound.
size_t ch_idle_excess_pages(const struct ch_heap *heap);

/// Forgets the pages that were used lately: only those still used count from now on.
void ch_idle_forget(struct ch_heap *heap);

#endif
