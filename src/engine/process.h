// The heap of the process, and the calling thread's lane of it, each found by one load. That is for
// the drop-in's malloc and free, which use no other heap.
//
// There always is a heap, and always a lane: until the heap exists, one without blocks stands for
// it, and ch_lane_closed for a lane that is not open. So no path has to ask.
#ifndef COMHEAP_ENGINE_PROCESS_H
#define COMHEAP_ENGINE_PROCESS_H

#include "engine/magazine.h"

/// Holds the heap of the process; &ch_process_none until it exists. That one has no pages, so no
/// block is found in it, and no call on it is allowed.
extern _Atomic(struct ch_heap *) ch_process_heap;
extern struct ch_heap ch_process_none;

/// Holds the calling thread's lane of that heap, or &ch_lane_closed. An open lane is not found
/// again by itself after the thread's number has changed, or a lane of the thread was closed.
extern CH_THREAD_LOCAL struct ch_lane *ch_process_lane;

/// Makes a heap that of the process, for good.
void ch_process_set(struct ch_heap *heap);

/// Find the calling thread's lane of the heap of the process, which exists; forget it.
static inline void ch_process_find_lane(void)
{
    const struct ch_heap *heap = atomic_load_explicit(&ch_process_heap, memory_order_acquire);
    CH_ASSERT(heap != &ch_process_none);
    ch_process_lane = ch_lane_mine(heap);
}

static inline void ch_process_forget_lane(void)
{
    ch_process_lane = &ch_lane_closed;
}

#endif
