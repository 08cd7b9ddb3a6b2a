// This project's CCRTHeap over the C library's malloc, which under AddressSanitizer is the
// sanitizer's.

#include "laws/subject.h"
#include "subjects/foreign_heap.h"
#include "subjects/manager.h"

#include <comheap/atlheaps.h>

// Above its own limit CCRTHeap refuses without a call of malloc, so it receives such sizes.
static bool is_too_dear(size_t size_bytes)
{
    return size_bytes <= CH_CRT_MAX_BYTES && foreign_heap_is_too_dear(size_bytes);
}

static void *allocate(size_t size_bytes)
{
    return is_too_dear(size_bytes) ? NULL : manager_allocate(size_bytes);
}

static void *reallocate(void *block, size_t size_bytes)
{
    return is_too_dear(size_bytes) ? NULL : manager_reallocate(block, size_bytes);
}

static void use_manager(void)
{
    (void)manager_use(ch_crt_heap());
}

const struct subject_parts parts_crt = {.c_form = " MANAGER CRT "};

const struct heapfuzz_port port_crt = {
    .sentence = "this project's CCRTHeap over malloc",
    MANAGER_POLICIES,
    .policies.is_threadsafe = true,
    .policies.alignment_bytes = 2 * sizeof(void *),
    .policies.limit_bytes = MALLOC_MOST_BYTES,
    .policies.size = HEAPFUZZ_SIZE_IS_EXACT,
    .policies.size_takes_null = HEAPFUZZ_YES,
    .policies.null_size_bytes = SIZE_MAX,
    .reset = use_manager,
    .allocate = allocate,
    .free = manager_free,
    .reallocate = reallocate,
    .size = manager_size,
    .promises = &(const struct heapfuzz_promises){.must_grant = foreign_heap_must_grant},
};
