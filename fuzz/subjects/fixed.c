// CLocalHeap and CGlobalHeap, which resize in place or not at all, over a heap whose pages are the
// world's. Each of their blocks takes as much of that heap as one of twice its size.

#include "subjects/world_heap.h"

#include <comheap/atlheaps.h>

// A block of this size stays small when it is doubled.
#define HIDES_FREED (512 * CH_GRANULE_BYTES)

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

static size_t twice(size_t size_bytes)
{
    return size_bytes <= SIZE_MAX / 2 ? 2 * size_bytes : SIZE_MAX;
}

static bool must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks)
{
    return world_heap_must_grant(arena_bytes, twice(since_empty_bytes), since_empty_blocks);
}

static bool must_resize(size_t old_bytes, size_t size_bytes)
{
    return size_bytes <= old_bytes || world_heap_must_resize(old_bytes, size_bytes);
}

// A small block that shrinks keeps its place, and a large one gives pages back.
static size_t most_committed(const struct load *load)
{
    struct load taken = *load;
    taken.live_bytes = twice(load->live_bytes);
    taken.peak_live_bytes = twice(load->peak_grown_bytes);
    return world_heap_most_committed(&taken);
}

#define FIXED_HEAP_MEMBERS                                                                         \
    WORLD_HEAP_POLICIES,                                                                           \
        .policies.hides_freed_bytes = HIDES_FREED, .policies.limit_bytes = SIZE_MAX,               \
        .policies.stays_in_place = true, .policies.has_double_room = true,                         \
        WORLD_HEAP_NO_BLOCK_BYTES(0), .close = world_heap_close, .owns = world_heap_owns,          \
        .must_grant = must_grant, .must_resize = must_resize, .most_committed = most_committed,    \
        WORLD_HEAP_MEMBERS

const struct subject subject_local = {
    .name = "local",
    .sentence = "this project's CLocalHeap, in place or not at all, over its own engine",
    .c_form = " MANAGER ENGINE LOCAL ",
    .open = open_local,
    FIXED_HEAP_MEMBERS,
};

const struct subject subject_global = {
    .name = "global",
    .sentence = "this project's CGlobalHeap, the same with 1 byte for 0",
    .c_form = " MANAGER ENGINE GLOBAL ",
    .policies.zero_size_bytes = 1,
    .open = open_global,
    FIXED_HEAP_MEMBERS,
};
