// The source of task memory: which heap is in use, and how COM reports its results. It owns the
// choice of a heap, no memory, and no view of bad pointers: those are faults of the heap in use.
//
// It does not know that spies exist.

#include "com/source.h"

#include <comheap/heap.h>

#include <stdatomic.h>

static _Atomic(struct ch_heap *) heap_in_use; // NULL: the process's own, not made here yet.
static _Atomic(struct ch_heap *) own_heap;

static struct ch_heap *use_own(void)
{
    struct ch_heap *own = ch_heap_of_process();
    struct ch_heap *former = NULL;
    atomic_store(&own_heap, own);
    (void)atomic_compare_exchange_strong(&heap_in_use, &former, own);
    return own;
}

struct ch_heap *ch_source_heap(void)
{
    struct ch_heap *heap = atomic_load_explicit(&heap_in_use, memory_order_acquire);
    return heap != NULL ? heap : use_own();
}

struct ch_heap *ch_source_use(struct ch_heap *heap)
{
    struct ch_heap *own = atomic_load(&own_heap);
    struct ch_heap *former = atomic_exchange(&heap_in_use, heap != NULL ? heap : own);
    return former == own ? NULL : former;
}

bool ch_source_is_chosen(void)
{
    struct ch_heap *heap = atomic_load_explicit(&heap_in_use, memory_order_acquire);
    return heap != atomic_load_explicit(&own_heap, memory_order_acquire);
}

void *ch_source_alloc(size_t size_bytes)
{
    struct ch_heap *heap = ch_source_heap();
    return heap != NULL ? ch_heap_alloc(heap, size_bytes) : NULL;
}

void *ch_source_realloc(void *block, size_t size_bytes)
{
    struct ch_heap *heap = ch_source_heap();
    return heap != NULL ? ch_heap_realloc(heap, block, size_bytes) : NULL;
}

void ch_source_free(void *block)
{
    struct ch_heap *heap = ch_source_heap();
    if (heap != NULL) {
        ch_heap_free(heap, block);
    }
}

size_t ch_source_size_bytes(void *block)
{
    struct ch_heap *heap = ch_source_heap();
    return heap != NULL ? ch_heap_size_bytes(heap, block) : SIZE_MAX;
}

int ch_source_did_alloc(void *block)
{
    if (block == NULL) {
        return -1;
    }
    struct ch_heap *heap = ch_source_heap();
    return heap != NULL && ch_heap_owns(heap, block) ? 1 : 0;
}

void ch_source_minimize(void)
{
    struct ch_heap *heap = ch_source_heap();
    if (heap != NULL) {
        ch_heap_minimize(heap);
    }
}
