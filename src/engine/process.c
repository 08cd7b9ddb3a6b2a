// The heap of the process, and the calling thread's lane of it. A thread's lane is that of its
// number. So it is forgotten when the number changes, as it does when the thread ends.
//
// This file does not make the heap, nor open its lanes.

#include "engine/process.h"

struct ch_heap ch_process_none; // Never written.
_Atomic(struct ch_heap *) ch_process_heap = &ch_process_none;
CH_THREAD_LOCAL struct ch_lane *ch_process_lane = &ch_lane_closed;

static void forget_lane(void)
{
    ch_process_forget_lane();
}

void ch_process_set(struct ch_heap *heap)
{
    CH_ASSERT(heap != NULL);
    ch_threads_on_change(forget_lane); // Before any thread can have a lane of it.
    atomic_store_explicit(&ch_process_heap, heap, memory_order_release);
}
