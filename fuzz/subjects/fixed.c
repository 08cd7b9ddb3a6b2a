// CLocalHeap and CGlobalHeap, which resize in place or not at all, over a heap whose pages are the
// world's.

#include "subjects/world_heap.h"

#include <comheap/atlheaps.h>

static struct ch_fixed_heap fixed;

static IAtlMemMgr *open_local(size_t arena_bytes)
{
    struct ch_heap *heap = world_heap_open(arena_bytes);
    ch_local_heap_init(&fixed, heap, false);
    return heap == NULL ? NULL : ch_fixed_heap_manager(&fixed);
}

static IAtlMemMgr *open_global(size_t arena_bytes)
{
    struct ch_heap *heap = world_heap_open(arena_bytes);
    ch_global_heap_init(&fixed, heap, false);
    return heap == NULL ? NULL : ch_fixed_heap_manager(&fixed);
}

static const struct misuse_answers misuse = {
    .fault = world_heap_fault_of,
    .size_bytes = 0,
    .pages = world_heap_pages,
};

const struct subject subject_local = {
    .name = "local",
    .sentence = "this project's CLocalHeap, in place or not at all, over its own engine",
    .policies =
        {
            WORLD_HEAP_POLICIES,
            .limit_bytes = SIZE_MAX,
            .has_null_size = true,
            .null_size_bytes = 0,
            .stays_in_place = true,
        },
    .open = open_local,
    .close = world_heap_close,
    .owns = world_heap_owns,
    .misuse = &misuse,
    WORLD_HEAP_MEMBERS,
};

const struct subject subject_global = {
    .name = "global",
    .sentence = "this project's CGlobalHeap, the same with 1 byte for 0",
    .policies =
        {
            WORLD_HEAP_POLICIES,
            .limit_bytes = SIZE_MAX,
            .zero_size_bytes = 1,
            .has_null_size = true,
            .null_size_bytes = 0,
            .stays_in_place = true,
        },
    .open = open_global,
    .close = world_heap_close,
    .owns = world_heap_owns,
    .misuse = &misuse,
    WORLD_HEAP_MEMBERS,
};
