// The project's own CComHeap: its faces as they ship, on a heap whose pages are the world's.

#include "com/com_calls.h"
#include "laws/subject.h"
#include "subjects/manager.h"
#include "subjects/world_heap.h"

#include <limits.h>

static bool open_heap(const struct heapfuzz_pages *pages, size_t arena_bytes)
{
    struct ch_heap *heap = world_heap_open(pages, arena_bytes);
    if (heap == NULL) {
        return false;
    }
    (void)ch_task_heap_use(heap);
    return manager_use(ch_com_heap());
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

const struct subject_parts parts_comheap = {
    .com = &com,
    .c_form = " MANAGER ENGINE COMHEAP ",
};

const struct heapfuzz_port port_comheap = {
    .sentence = "this project's CComHeap over its own engine",
    MANAGER_POLICIES,
    WORLD_HEAP_POLICIES,
    .policies.limit_bytes = INT_MAX,
    WORLD_HEAP_NO_BLOCK_BYTES(SIZE_MAX),
    .open_pages = open_heap,
    .close = close_heap,
    MANAGER_CALLS,
    .owns = owns,
    WORLD_HEAP_PROMISES,
    WORLD_HEAP_MEMBERS,
};
