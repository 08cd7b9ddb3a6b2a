// The heap of the process, and the calling thread's cache of it, each found by one load. That is
// for the drop-in's malloc and free, which use no other heap.
//
// There always is a heap, and always a cache: until the heap exists, one without blocks stands for
// it, and ch_cache_closed for a cache that is not open. So no path has to ask.
#ifndef COMHEAP_ENGINE_PROCESS_H
#define COMHEAP_ENGINE_PROCESS_H

#include "engine/magazine.h"

/// Holds the heap of the process; &ch_process_none until it exists. That one has no pages, so no
/// block is found in it, and no call on it is allowed.
extern _Atomic(struct ch_heap *) ch_process_heap;
extern struct ch_heap ch_process_none;

/// Holds the calling thread's cache of that heap, or &ch_cache_closed. An open cache is not found
/// again by itself after the thread's number has changed, or a cache of the thread was closed.
extern CH_THREAD_LOCAL struct ch_cache *ch_process_cache;

/// Forget the calling thread's cache of the heap of the process; find it, if the heap exists.
void ch_process_forget_cache(void);
static inline void ch_process_find_cache(void)
{
    const struct ch_heap *heap = atomic_load_explicit(&ch_process_heap, memory_order_acquire);
    CH_ASSERT(heap != &ch_process_none);
    ch_process_cache = ch_cache_mine(heap);
}

#endif
