// CLocalHeap and CGlobalHeap, which resize in place or not at all, over a heap of the harness's
// pages. Each of their blocks takes as much of that heap as one of twice its size.

#include "laws/subject.h"
#include "subjects/manager.h"
#include "subjects/world_heap.h"

#include <comheap/atlheaps.h>

// A block of this size has as many pages as a span when it is doubled.
#define HIDES_FREED (WORLD_HEAP_HIDES_FREED / 2)

static struct ch_fixed_heap fixed;

static bool open_local(const struct heapfuzz_pages *pages, size_t arena_bytes)
{
    struct ch_heap *heap = world_heap_open(pages, arena_bytes);
    ch_local_heap_init(&fixed, heap, false);
    return heap != NULL && manager_use(ch_fixed_heap_manager(&fixed));
}

static bool open_global(const struct heapfuzz_pages *pages, size_t arena_bytes)
{
    struct ch_heap *heap = world_heap_open(pages, arena_bytes);
    ch_global_heap_init(&fixed, heap, false);
    return heap != NULL && manager_use(ch_fixed_heap_manager(&fixed));
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
static size_t most_committed(const struct heapfuzz_load *load)
{
    struct heapfuzz_load taken = *load;
    taken.live_bytes = twice(load->live_bytes);
    taken.peak_live_bytes = twice(load->peak_grown_bytes);
    return world_heap_most_committed(&taken);
}

static const struct heapfuzz_promises promises = {
    .must_grant = must_grant,
    .must_resize = must_resize,
    .largest = world_heap_largest,
    .most_committed = most_committed,
    .stays_used = true,
    .has_double_room = true,
    .hides_slack = true,
    .hides_freed_bytes = HIDES_FREED,
};

#define FIXED_HEAP_MEMBERS                                                                         \
    MANAGER_POLICIES, WORLD_HEAP_POLICIES,                                                         \
        .policies.stays_in_place = HEAPFUZZ_YES, WORLD_HEAP_NO_BLOCK_BYTES(0),                     \
        .close = world_heap_close, MANAGER_CALLS, .owns = world_heap_owns, .promises = &promises,  \
        WORLD_HEAP_MEMBERS

const struct subject_parts parts_local = {.c_form = " MANAGER ENGINE LOCAL "};

const struct heapfuzz_port port_local = {
    .sentence = "this project's CLocalHeap, in place or not at all, over its own engine",
    .open_pages = open_local,
    FIXED_HEAP_MEMBERS,
};

const struct subject_parts parts_global = {.c_form = " MANAGER ENGINE GLOBAL "};

const struct heapfuzz_port port_global = {
    .sentence = "this project's CGlobalHeap, the same with 1 byte for 0",
    .policies.zero_size_bytes = 1,
    .open_pages = open_global,
    FIXED_HEAP_MEMBERS,
};
