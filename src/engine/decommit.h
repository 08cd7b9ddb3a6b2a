// Decommitting idle pages, the ones first that the heap will want last.
#ifndef COMHEAP_ENGINE_DECOMMIT_H
#define COMHEAP_ENGINE_DECOMMIT_H

#include "engine/state.h"

/// Decommits the idle pages above the bound that ch_heap_minimize states.
void ch_decommit_excess(struct ch_heap *heap);

/// Decommits every page that neither a live block nor a block in a lane needs.
void ch_decommit_idle(struct ch_heap *heap);

#endif
