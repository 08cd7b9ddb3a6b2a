// The system's own task allocator, of Windows or of Wine, and over it the calls that CComHeap
// makes. Two answers of Wine are known to differ from the documented ones; the policies name them.

#undef CH_TAKES_COM_NAMES // Here the names of COM are the system's.

#include "com/com_calls.h"
#include "laws/subject.h"
#include "subjects/foreign_heap.h"

#include <limits.h>

static size_t size_of(void *block)
{
    IMalloc *allocator = NULL;
    if (FAILED(CoGetMalloc(MEMCTX_TASK, &allocator))) {
        return 0;
    }
    size_t size_bytes = IMalloc_GetSize(allocator, block);
    (void)IMalloc_Release(allocator);
    return size_bytes;
}

static volatile bool is_asking, has_faulted;
static CONTEXT before_asking;

static LONG WINAPI on_fault(EXCEPTION_POINTERS *exception)
{
    if (!is_asking || exception->ExceptionRecord->ExceptionCode != EXCEPTION_ACCESS_VIOLATION) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    is_asking = false;
    has_faulted = true;
    *exception->ContextRecord = before_asking;
    return EXCEPTION_CONTINUE_EXECUTION;
}

// Wine's DidAlloc follows what it finds in front of a freed block. A fault on that way means that
// there is no block, and must not end the process.
static int owns(const void *address)
{
    static bool is_caught;
    IMalloc *allocator = NULL;
    if (FAILED(CoGetMalloc(MEMCTX_TASK, &allocator))) {
        return -2;
    }
    if (!is_caught) {
        is_caught = AddVectoredExceptionHandler(1, on_fault) != NULL;
    }
    has_faulted = false;
    RtlCaptureContext(&before_asking); // A fault goes on behind this call.
    if (has_faulted) {
        (void)HeapUnlock(GetProcessHeap()); // Wine had locked it.
        return 0;
    }
    is_asking = true;
    int answer = IMalloc_DidAlloc(allocator, (void *)(uintptr_t)address);
    is_asking = false;
    return answer;
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

// CComHeap refuses above its limit without a call of the task allocator.
static void *heap_allocate(size_t size_bytes)
{
    return size_bytes > INT_MAX ? NULL : task_alloc(size_bytes);
}

static void *heap_reallocate(void *block, size_t size_bytes)
{
    return size_bytes > INT_MAX ? NULL : task_realloc(block, size_bytes);
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
    .leaves_query = true,
};

const struct subject_parts parts_ole32 = {.com = &com};

const struct heapfuzz_port port_ole32 = {
    .sentence = "the system's own task memory, in blocks of up to INT_MAX bytes",
    FOREIGN_HEAP_POLICIES,
    .policies.limit_bytes = INT_MAX,
    .policies.size = HEAPFUZZ_SIZE_IS_EXACT,
    .policies.size_takes_null = HEAPFUZZ_YES,
    .policies.null_size_bytes = SIZE_MAX,
    .allocate = heap_allocate,
    .free = task_free,
    .reallocate = heap_reallocate,
    .size = size_of,
    .owns = owns,
    .promises =
        &(const struct heapfuzz_promises){
            .must_grant = foreign_heap_must_grant,
            .shares_heap = true,
        },
};
