// Heaps, as the library's own rooms see them, beside <comheap/heap.h>.
#ifndef COMHEAP_ENGINE_HEAP_H
#define COMHEAP_ENGINE_HEAP_H

#include <comheap/heap.h>

/// Returns the count committed_bytes of ch_heap_stats, without a walk over the blocks.
size_t ch_heap_committed_bytes(struct ch_heap *heap);

#endif
