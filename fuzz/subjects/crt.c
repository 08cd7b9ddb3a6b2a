// This project's CCRTHeap over the C library's malloc, which under AddressSanitizer is the
// sanitizer's.

#include "subjects/foreign_heap.h"

#include <comheap/atlheaps.h>

#include "world/asan.h"

// Above its own limit CCRTHeap refuses without a call of malloc, so it receives such sizes.
static bool is_too_dear(size_t size_bytes)
{
    return size_bytes <= CH_CRT_MAX_BYTES && foreign_heap_is_too_dear(size_bytes);
}

static void *allocate(size_t size_bytes)
{
    return is_too_dear(size_bytes) ? NULL : IAtlMemMgr_Allocate(ch_crt_heap(), size_bytes);
}

static void *reallocate(void *block, size_t size_bytes)
{
    return is_too_dear(size_bytes) ? NULL : IAtlMemMgr_Reallocate(ch_crt_heap(), block, size_bytes);
}

static void free_block(void *block)
{
    IAtlMemMgr_Free(ch_crt_heap(), block);
}

static size_t size_of(void *block)
{
    return IAtlMemMgr_GetSize(ch_crt_heap(), block);
}

static IAtlMemMgr *open_heap(size_t arena_bytes)
{
    (void)arena_bytes;
    return foreign_heap_open(SIZE_MAX, allocate, reallocate, free_block, size_of);
}

const struct subject subject_crt = {
    .name = "crt",
    .sentence = "this project's CCRTHeap over malloc",
    .c_form = " MANAGER CRT ",
    FOREIGN_HEAP_POLICIES,
    .policies.limit_bytes = MALLOC_MOST_BYTES,
    .policies.size_is_exact = true,
    .policies.has_null_size = true,
    .policies.null_size_bytes = SIZE_MAX,
    .open = open_heap,
    .must_grant = foreign_heap_must_grant,
};
