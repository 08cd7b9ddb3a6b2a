// The system's own task allocator, of Windows or of Wine, and over it the calls that CComHeap
// makes. Two answers of Wine are known to be others than documented: the policies say which.

#undef CH_TAKES_COM_NAMES // Here the names of COM are the system's.

#include "harness/subject.h"

#include <limits.h>

// What the process can certainly hold beside everything else, and what may be copied when it moves.
#define ROOM_BYTES ((size_t)64 * 1024 * 1024)

static void *manager_allocate(IAtlMemMgr *This, size_t size_bytes)
{
    (void)This;
    return size_bytes > INT_MAX ? NULL : CoTaskMemAlloc((ULONG)size_bytes);
}

static void manager_free(IAtlMemMgr *This, void *block)
{
    (void)This;
    CoTaskMemFree(block);
}

static void *manager_reallocate(IAtlMemMgr *This, void *block, size_t size_bytes)
{
    (void)This;
    return size_bytes > INT_MAX ? NULL : CoTaskMemRealloc(block, (ULONG)size_bytes);
}

static size_t manager_size(IAtlMemMgr *This, void *block)
{
    IMalloc *allocator = NULL;
    (void)This;
    if (FAILED(CoGetMalloc(MEMCTX_TASK, &allocator))) {
        return 0;
    }
    size_t size_bytes = IMalloc_GetSize(allocator, block);
    (void)IMalloc_Release(allocator);
    return size_bytes;
}

static const IAtlMemMgrVtbl methods = {
    .Allocate = manager_allocate,
    .Free = manager_free,
    .Reallocate = manager_reallocate,
    .GetSize = manager_size,
};

static IAtlMemMgr manager = {&methods};

static IAtlMemMgr *open_heap(size_t arena_bytes)
{
    (void)arena_bytes;
    return &manager;
}

static void close_heap(void)
{
}

static bool must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks)
{
    (void)arena_bytes, (void)since_empty_blocks;
    return since_empty_bytes <= ROOM_BYTES;
}

static int owns(const void *address)
{
    IMalloc *allocator = NULL;
    return SUCCEEDED(CoGetMalloc(MEMCTX_TASK, &allocator))
               ? IMalloc_DidAlloc(allocator, (void *)(uintptr_t)address)
               : -2;
}

// COM's calling convention is not C's where pointers have 32 bits.
static void *task_alloc(size_t size_bytes)
{
    return CoTaskMemAlloc(size_bytes);
}

static void *task_realloc(void *block, size_t size_bytes)
{
    return CoTaskMemRealloc(block, size_bytes);
}

static void task_free(void *block)
{
    CoTaskMemFree(block);
}

static HRESULT get_malloc(DWORD context, IMalloc **malloc)
{
    return CoGetMalloc(context, malloc);
}

static const struct com_calls com = {
    .task_alloc = task_alloc,
    .task_realloc = task_realloc,
    .task_free = task_free,
    .get_malloc = get_malloc,
};

const struct subject subject_ole32 = {
    .name = "ole32",
    .sentence = "the system's own task memory, in blocks of up to INT_MAX bytes",
    .policies =
        {
            .limit_bytes = INT_MAX,
            .alignment_bytes = 2 * sizeof(void *),
            .size_is_exact = true,
            .has_null_size = true,
            .null_size_bytes = SIZE_MAX,
            .leaves_query = true,
            .shares_heap = true,
            .ignores_world = true,
        },
    .open = open_heap,
    .close = close_heap,
    .must_grant = must_grant,
    .com = &com,
    .owns = owns,
};
