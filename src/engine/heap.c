// Heaps: creating and destroying one, the heap of the process, minimizing, and statistics.
//
// This file does not know single blocks: block.c does.

#include <comheap/heap.h>

#include "engine/arena.h"
#include "engine/fault.h"
#include "engine/lane.h"
#include "engine/large.h"
#include "engine/supply.h"

struct ch_heap *ch_heap_create(const struct ch_config *config)
{
    struct ch_config full = config == NULL ? (struct ch_config){0} : *config;
    if (full.pages == NULL) {
        full.pages = &ch_pages_os;
    }
    if (full.on_fault == NULL) {
        full.on_fault = ch_fault_abort;
    }
    return ch_arena_open(&full);
}

static struct ch_fork_lock making; // Held while a heap of the process is created.

__attribute__((constructor)) static void prepare(void)
{
    ch_fork_lock_open(&making);
}

// Threads that come at the same time wait for one of them, for a few system calls, once in a
// process. A race in which the losers destroy their heaps would be wrong: if two arenas don't fit
// side by side, the smaller one could win.
struct ch_heap *ch_heap_make_once(struct ch_heap **own)
{
    struct ch_heap *heap = __atomic_load_n(own, __ATOMIC_ACQUIRE);
    if (heap == NULL) {
        ch_lock_take(&making.lock);
        heap = __atomic_load_n(own, __ATOMIC_RELAXED);
        if (heap == NULL) {
            heap = ch_heap_create(NULL);
            __atomic_store_n(own, heap, __ATOMIC_RELEASE);
        }
        ch_lock_give(&making.lock);
    }
    return heap;
}

struct ch_heap *ch_heap_of_process(void)
{
    static struct ch_heap *own;
    return ch_heap_make_once(&own);
}

void ch_heap_destroy(struct ch_heap *heap)
{
    if (heap != NULL) {
        ch_arena_close(heap);
    }
}

void ch_heap_minimize(struct ch_heap *heap)
{
    ch_lock_take(&heap->lock.lock);
    (void)ch_lane_flush(heap);
    ch_lane_close_mine(heap);
    ch_supply_drop_idle(heap);
    ch_lock_give(&heap->lock.lock);
}

// Counts the live blocks of a span: those that have a tag. Other threads change tags meanwhile.
static void count_span(const struct ch_heap *heap, uint32_t span, struct ch_stats *stats)
{
    const struct ch_span *record = &heap->spans[span];
    size_t first = (size_t)span * CH_SPAN_GRANULES;
    unsigned step = ch_class_granules(record->class_index);
    for (unsigned granule = 0; granule < record->cut_granules; granule += step) {
        unsigned tag = ch_tag(heap, first + granule);
        stats->live_blocks += tag != 0;
        stats->live_bytes += tag != 0 ? ch_tag_bytes(tag) : 0;
    }
}

// No call counts what it does, since that would cost every call.
static void count_live(const struct ch_heap *heap, struct ch_stats *stats)
{
    for (uint32_t page = 0; page < heap->page_count; page += heap->runs[page].pages) {
        const struct ch_run *run = &heap->runs[page];
        if (run->kind == CH_RUN_SPAN) {
            count_span(heap, page / heap->span_pages, stats);
        } else if (ch_run_is_block(run)) {
            stats->live_blocks++;
            stats->live_bytes += run->size_bytes;
        }
    }
}

struct ch_stats ch_heap_stats(struct ch_heap *heap)
{
    ch_lock_take(&heap->lock.lock);
    struct ch_stats stats = {
        .committed_bytes = heap->committed_pages << heap->page_log2,
        .arena_bytes = heap->config.arena_bytes,
        .pages = heap->pages,
        .pages_bytes = (size_t)heap->page_count << heap->page_log2,
    };
    count_live(heap, &stats);
    ch_lock_give(&heap->lock.lock);
    return stats;
}

bool ch_thread_cache_select(unsigned number)
{
    return ch_thread_choose(number);
}
