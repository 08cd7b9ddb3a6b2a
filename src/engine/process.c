// The heap of the process, and the calling thread's cache of it. A thread's cache is that of its
// number. So it is forgotten when the number changes, as it does when the thread ends.
//
// This file does not make the heap, nor open its caches.

#include "engine/process.h"

struct ch_heap ch_process_none; // Never written.
_Atomic(struct ch_heap *) ch_process_heap = &ch_process_none;
CH_THREAD_LOCAL struct ch_cache *ch_process_cache = &ch_cache_closed;

static void forget_cache(void)
{
    ch_process_forget_cache();
}

void ch_process_set(struct ch_heap *heap)
{
    CH_ASSERT(heap != NULL);
    ch_threads_on_change(forget_cache); // Before any thread can have a thread cache of it.
    atomic_store_explicit(&ch_process_heap, heap, memory_order_release);
}
