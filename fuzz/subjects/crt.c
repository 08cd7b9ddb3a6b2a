// This project's CCRTHeap over the C library's malloc, which under AddressSanitizer is the
// sanitizer's.

#include "subjects/foreign_heap.h"

#include <comheap/atlheaps.h>

#include "world/asan.h"

// AddressSanitizer writes a line about each size that it refuses: of it nothing is asked that
// CCRTHeap would ask of malloc.
static bool is_too_dear(size_t size_bytes)
{
#ifdef HAS_ASAN
    const size_t dear_bytes = CH_CRT_MAX_BYTES;
#else
    const size_t dear_bytes = PTRDIFF_MAX;
#endif
    return size_bytes > MALLOC_MOST_BYTES && size_bytes <= dear_bytes;
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
    return foreign_heap_open(&(struct foreign_calls){
        .alloc = allocate,
        .realloc = reallocate,
        .free = free_block,
        .size_bytes = size_of,
    });
}

const struct subject subject_crt = {
    .name = "crt",
    .sentence = "this project's CCRTHeap over malloc",
    .policies =
        {
            .limit_bytes = MALLOC_MOST_BYTES,
            .alignment_bytes = 2 * sizeof(void *),
            .size_is_exact = true,
            .has_null_size = true,
            .null_size_bytes = SIZE_MAX,
            .ignores_world = true,
        },
    .open = open_heap,
    .close = foreign_heap_close,
    .must_grant = foreign_heap_must_grant,
};
