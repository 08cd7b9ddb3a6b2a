// Task memory: which heap is in use, and the three free functions over it. It has no memory of its
// own, and no opinion about a bad pointer: that is a fault of the heap in use.

#include "com/task.h"

#include <comheap/heap.h>
#include <comheap/taskmem.h>

#include <stdatomic.h>

// Where addresses are scarce the process's own heap takes less of them, but never less than this.
#define OWN_ARENA_BYTES_LEAST ((size_t)64 * 1024 * 1024)

static _Atomic(struct ch_heap *) heap_in_use; // NULL: the process's own, which is not made yet.
static _Atomic(struct ch_heap *) own_heap;
static atomic_flag own_is_in_the_making = ATOMIC_FLAG_INIT;

static struct ch_heap *create_own(void)
{
    struct ch_config config = {.arena_bytes = CH_ARENA_BYTES_DEFAULT};
    struct ch_heap *heap = ch_heap_create(&config);
    while (heap == NULL && config.arena_bytes / 2 >= OWN_ARENA_BYTES_LEAST) {
        config.arena_bytes /= 2;
        heap = ch_heap_create(&config);
    }
    return heap;
}

// Threads that come together wait for one of them. It must not be a race whose losers destroy what
// they made: where two arenas don't fit side by side, the smaller one could win. They spin, for the
// wait is a few system calls, once in a process.
static struct ch_heap *make_own(void)
{
    while (atomic_flag_test_and_set_explicit(&own_is_in_the_making, memory_order_acquire)) {
    }
    struct ch_heap *heap = atomic_load_explicit(&heap_in_use, memory_order_relaxed);
    if (heap == NULL) {
        heap = create_own();
        atomic_store_explicit(&own_heap, heap, memory_order_relaxed);
        atomic_store_explicit(&heap_in_use, heap, memory_order_release);
    }
    atomic_flag_clear_explicit(&own_is_in_the_making, memory_order_release);
    return heap;
}

struct ch_heap *ch_task_heap(void)
{
    struct ch_heap *heap = atomic_load_explicit(&heap_in_use, memory_order_acquire);
    return heap != NULL ? heap : make_own();
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
