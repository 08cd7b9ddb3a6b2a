// The project's own CComHeap: its faces as they ship, on a heap whose pages are the world's.

#include "harness/subject.h"

#include <limits.h>

#include <comheap/heap.h>

#include "harness/world.h"

static struct ch_heap *heap;
static const char *raised;
static const void *raised_at;

static void on_fault(void *context, enum ch_fault fault, const void *block)
{
    (void)context;
    raised = ch_fault_sentence(fault);
    raised_at = block;
}

static IAtlMemMgr *open_heap(size_t arena_bytes)
{
    struct ch_config config = {
        .arena_bytes = arena_bytes,
        .pages = &world_pages,
        .on_fault = on_fault,
    };
    raised = NULL;
    heap = ch_heap_create(&config);
    if (heap == NULL) {
        return NULL;
    }
    (void)ch_task_heap_use(heap);
    return ch_com_heap();
}

static void close_heap(void)
{
    (void)ch_task_heap_use(NULL);
    ch_heap_destroy(heap);
    heap = NULL;
}

// What is certain whatever the order of calls was: if every block granted since the heap was last
// empty had pages of its own, there would still be room. A block takes at most a quarter and a
// granule more than its size, or less than a page; each class may hold one span that is not full,
// and a small block an eighth of its span's tail. The tables take a word a granule of every page,
// and 34 bytes more.
static bool must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks)
{
    const size_t page_bytes = 4096;
    const size_t spans_bytes = (size_t)40 * 4096 * CH_GRANULE_BYTES;
    size_t tables_bytes = arena_bytes / 6 + 16 * page_bytes;
    size_t room_bytes = arena_bytes - tables_bytes;
    size_t blocks_bytes = since_empty_blocks * page_bytes;
    if (room_bytes < spans_bytes || room_bytes - spans_bytes < blocks_bytes) {
        return false;
    }
    size_t left_bytes = room_bytes - spans_bytes - blocks_bytes;
    return since_empty_bytes <= left_bytes - left_bytes / 3;
}

static int owns(const void *address)
{
    IMalloc *malloc;
    return CoGetMalloc(MEMCTX_TASK, &malloc) == S_OK ? IMalloc_DidAlloc(malloc, (void *)address)
                                                     : -2;
}

static void minimize(void)
{
    ch_heap_minimize(heap);
}

static bool count(struct counts *counts)
{
    struct ch_stats stats = ch_heap_stats(heap);
    *counts = (struct counts){stats.live_blocks, stats.live_bytes};
    return true;
}

static const char *check(const void **where)
{
    struct ch_broken broken = ch_heap_check(heap);
    *where = broken.where;
    return broken.invariant == CH_INVARIANTS ? NULL : ch_invariant_sentence(broken.invariant);
}

static const char *fault(const void **where)
{
    const char *sentence = raised;
    *where = raised_at;
    raised = NULL;
    return sentence;
}

static const struct com_calls com = {
    .task_alloc = CoTaskMemAlloc,
    .task_realloc = CoTaskMemRealloc,
    .task_free = CoTaskMemFree,
    .get_malloc = CoGetMalloc,
};

const struct subject subject_comheap = {
    .name = "comheap",
    .sentence = "this project's CComHeap over its own engine",
    .policies =
        {
            .limit_bytes = INT_MAX,
            .alignment_bytes = CH_GRANULE_BYTES,
            .size_is_exact = true,
            .has_null_size = true,
            .null_size_bytes = SIZE_MAX,
            .hides_slack = true,
            .hides_freed_bytes = 8 * 1024,
        },
    .open = open_heap,
    .close = close_heap,
    .must_grant = must_grant,
    .com = &com,
    .owns = owns,
    .minimize = minimize,
    .count = count,
    .check = check,
    .fault = fault,
};
