// Heaps, as the library's own rooms see them, beside <comheap/heap.h>.
#ifndef COMHEAP_ENGINE_HEAP_H
#define COMHEAP_ENGINE_HEAP_H

#include <comheap/heap.h>

/// Do what ch_heap_alloc and ch_heap_free do after the path of fast.h has failed.
void *ch_heap_alloc_late(struct ch_heap *heap, size_t size_bytes);
void ch_heap_free_late(struct ch_heap *heap, void *block);

/// Returns the count committed_bytes of ch_heap_stats, without a walk over the blocks.
size_t ch_heap_committed_bytes(struct ch_heap *heap);

#endif
