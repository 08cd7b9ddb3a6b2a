// Task memory: which heap is in use, and the three free functions over it. It has no memory of its
// own, and no opinion about a bad pointer: that is a fault of the heap in use.

#include "com/task.h"

#include <comheap/heap.h>
#include <comheap/taskmem.h>

#include <stdatomic.h>

static _Atomic(struct ch_heap *) heap_in_use; // NULL: the process's own, which nobody asked for.
static _Atomic(struct ch_heap *) own_heap;

static struct ch_heap *use_own(void)
{
    struct ch_heap *own = ch_heap_of_process();
    struct ch_heap *former = NULL;
    atomic_store(&own_heap, own);
    (void)atomic_compare_exchange_strong(&heap_in_use, &former, own);
    return former != NULL ? former : own;
}

struct ch_heap *ch_task_heap(void)
{
    struct ch_heap *heap = atomic_load_explicit(&heap_in_use, memory_order_acquire);
    return heap != NULL ? heap : use_own();
}

struct ch_heap *ch_task_heap_use(struct ch_heap *heap)
{
    struct ch_heap *own = atomic_load(&own_heap);
    struct ch_heap *former = atomic_exchange(&heap_in_use, heap != NULL ? heap : own);
    return former == own ? NULL : former;
}

LPVOID CoTaskMemAlloc(SIZE_T cb)
{
    struct ch_heap *heap = ch_task_heap();
    return heap != NULL ? ch_heap_alloc(heap, cb) : NULL;
}

LPVOID CoTaskMemRealloc(LPVOID pv, SIZE_T cb)
{
    if (pv != NULL && cb == 0) { // Spec R3; to the engine 0 is a size like any other.
        CoTaskMemFree(pv);
        return NULL;
    }
    struct ch_heap *heap = ch_task_heap();
    return heap != NULL ? ch_heap_realloc(heap, pv, cb) : NULL;
}

void CoTaskMemFree(LPVOID pv)
{
    struct ch_heap *heap = ch_task_heap();
    if (heap != NULL) {
        ch_heap_free(heap, pv);
    }
}
