// The project's own CComHeap: its faces as they ship, on a heap whose pages are the world's.

#include "com/com_calls.h"
#include "subjects/world_heap.h"

#include <limits.h>

static IAtlMemMgr *open_heap(size_t arena_bytes)
{
    struct ch_heap *heap = world_heap_open(arena_bytes);
    if (heap == NULL) {
        return NULL;
    }
    (void)ch_task_heap_use(heap);
    return ch_com_heap();
}

static void close_heap(void)
{
    (void)ch_task_heap_use(NULL);
    world_heap_close();
}

static int owns(const void *address)
{
    IMalloc *malloc;
    return CoGetMalloc(MEMCTX_TASK, &malloc) == S_OK ? IMalloc_DidAlloc(malloc, (void *)address)
                                                     : -2;
}

static const struct com_calls com = {
    .task_alloc = CoTaskMemAlloc,
    .task_realloc = CoTaskMemRealloc,
    .task_free = CoTaskMemFree,
    .get_malloc = CoGetMalloc,
    .register_spy = CoRegisterMallocSpy,
    .revoke_spy = CoRevokeMallocSpy,
};

const struct subject subject_comheap = {
    .name = "comheap",
    .sentence = "this project's CComHeap over its own engine",
    .c_form = " MANAGER ENGINE COMHEAP ",
    WORLD_HEAP_POLICIES,
    .policies.hides_freed_bytes = WORLD_HEAP_HIDES_FREED,
    .policies.limit_bytes = INT_MAX,
    WORLD_HEAP_NO_BLOCK_BYTES(SIZE_MAX),
    .open = open_heap,
    .close = close_heap,
    .com = &com,
    .owns = owns,
    WORLD_HEAP_BOUNDS,
    WORLD_HEAP_MEMBERS,
};
