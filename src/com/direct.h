// The short way to task memory: the heap that a call reaches with one load.
#ifndef COMHEAP_COM_DIRECT_H
#define COMHEAP_COM_DIRECT_H

#include <stdatomic.h>

struct ch_heap;

/// The heap in use. NULL before the first call, and while a spy is registered.
#ifndef _WIN32 // Hidden, so that no table of addresses stands between.
__attribute__((visibility("hidden")))
#endif
extern _Atomic(struct ch_heap *) ch_direct_heap;

/// Returns the heap to call directly. Returns NULL iff the call has to go to com/spy.h.
static inline struct ch_heap *ch_direct(void)
{
    return atomic_load_explicit(&ch_direct_heap, memory_order_acquire);
}

/// Opens the short way to a heap, or closes it with NULL. Except for ch_task_heap_use, only
/// com/spy.c calls it, under its lock.
static inline void ch_direct_set(struct ch_heap *heap)
{
    atomic_store_explicit(&ch_direct_heap, heap, memory_order_release);
}

#endif
