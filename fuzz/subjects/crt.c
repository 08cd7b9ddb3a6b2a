// This project's CCRTHeap over the C library's malloc, which under AddressSanitizer is the
// sanitizer's. Larger requests than the limit are refused here, to keep the cost of one call within
// bounds: the sanitizer poisons a freed block from end to end.

#include "harness/subject.h"

#include <comheap/atlheaps.h>

#define LIMIT_BYTES ((size_t)1024 * 1024)

// What the process can certainly hold beside everything else.
#define CERTAIN_BYTES ((size_t)64 * 1024 * 1024)

static void *allocate(IAtlMemMgr *This, size_t size_bytes)
{
    (void)This;
    return size_bytes > LIMIT_BYTES ? NULL : IAtlMemMgr_Allocate(ch_crt_heap(), size_bytes);
}

static void free_block(IAtlMemMgr *This, void *block)
{
    (void)This;
    IAtlMemMgr_Free(ch_crt_heap(), block);
}

static void *reallocate(IAtlMemMgr *This, void *block, size_t size_bytes)
{
    (void)This;
    return size_bytes > LIMIT_BYTES ? NULL
                                    : IAtlMemMgr_Reallocate(ch_crt_heap(), block, size_bytes);
}

static size_t get_size(IAtlMemMgr *This, void *block)
{
    (void)This;
    return IAtlMemMgr_GetSize(ch_crt_heap(), block);
}

static IAtlMemMgr manager = {&(const IAtlMemMgrVtbl){
    allocate,
    free_block,
    reallocate,
    get_size,
}};

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
    return since_empty_bytes <= CERTAIN_BYTES;
}

const struct subject subject_crt = {
    .name = "crt",
    .sentence = "this project's CCRTHeap over malloc, in blocks of up to 1 MiB",
    .policies =
        {
            .limit_bytes = LIMIT_BYTES,
            .alignment_bytes = 2 * sizeof(void *),
            .size_is_exact = true,
            .has_null_size = true,
            .null_size_bytes = SIZE_MAX,
            .ignores_world = true,
        },
    .open = open_heap,
    .close = close_heap,
    .must_grant = must_grant,
};
