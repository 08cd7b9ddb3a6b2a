// CoTaskMem*: the short way to task memory. While no spy is registered, a call is one load and the
// heap's own call. Otherwise the call takes the long way through com/copies.c.
//
// The file does not choose the heap.

#include <comheap/heap.h>
#include <comheap/taskmem.h>

#include "com/copies.h"
#include "com/direct.h"
#include "com/source.h"

struct ch_heap *ch_task_heap_use(struct ch_heap *heap)
{
    struct ch_heap *former = ch_source_use(heap);
    if (ch_direct() != NULL) {
        ch_direct_set(heap); // NULL: the next call looks up the process's own.
    }
    return former;
}

LPVOID CoTaskMemAlloc(SIZE_T cb)
{
    struct ch_heap *heap = ch_direct();
    return heap != NULL ? ch_heap_alloc(heap, cb) : ch_long_alloc(cb);
}

LPVOID CoTaskMemRealloc(LPVOID pv, SIZE_T cb)
{
    struct ch_heap *heap = ch_direct();
    if (heap == NULL) {
        return ch_long_realloc(pv, cb);
    }
    if (pv != NULL && cb == 0) { // Row R3. To the engine 0 is a size like any other.
        ch_heap_free(heap, pv);
        return NULL;
    }
    return ch_heap_realloc(heap, pv, cb);
}

void CoTaskMemFree(LPVOID pv)
{
    struct ch_heap *heap = ch_direct();
    if (heap != NULL) {
        ch_heap_free(heap, pv);
    } else {
        ch_long_free(pv);
    }
}
