// Large blocks. Each is a page run with an exact size.
//
//     | block .................. | rest |     less than a page; or roomy: up to half of the run
//     ^ start bit                ^ size_bytes
//
// This file does not know which page run is taken, nor the callers.

#include "engine/large.h"

#include "engine/page_heap.h"
#include "engine/shadow.h"

// Room to grow costs addresses, which must not run out for it. A block gets room only while one
// free page run has half of the arena, and this many times the block's pages.
#define ROOM_OF_LONGEST 16U

// It also costs mappings, of which the kernel allows few: it parts the block's pages from those
// behind them, and pages that were in use apart stay apart when the room between them is used, too.
// Pages are enough only for few large blocks. So only smaller blocks are counted, and get no room
// when so many have had it.
#define ROOM_UNCOUNTED_BYTES ((size_t)1024 * 1024)
#define SMALL_ROOMS 8192U

// A roomy block's rest is poisoned only so far behind it, to the end of a granule.
#define REST_BYTES ((size_t)32 * 1024)

static size_t rest_bytes(const struct ch_heap *heap, uint32_t page)
{
    if (!CH_SHADOW_PRESENT) {
        return 0;
    }
    const struct ch_run *run = &heap->runs[page];
    size_t rest = ((size_t)run->pages << heap->page_log2) - run->size_bytes;
    return rest < REST_BYTES ? rest : REST_BYTES - run->size_bytes % CH_GRANULE_BYTES;
}

void ch_large_hide_rest(const struct ch_heap *heap, uint32_t page)
{
    ch_shadow_poison(ch_page_start(heap, page) + heap->runs[page].size_bytes,
                     rest_bytes(heap, page));
}

void ch_large_show_rest(const struct ch_heap *heap, uint32_t page)
{
    ch_shadow_unpoison(ch_page_start(heap, page) + heap->runs[page].size_bytes,
                       rest_bytes(heap, page));
}

bool ch_large_hold(struct ch_heap *heap, uint32_t page)
{
    struct ch_run *run = &heap->runs[page];
    uint32_t kind = atomic_load_explicit(&run->kind, memory_order_relaxed);
    return (kind == CH_RUN_BLOCK || kind == CH_RUN_ROOMY) && ch_large_claim(run, kind, CH_RUN_BUSY);
}

void ch_large_settle(struct ch_heap *heap, uint32_t page)
{
    struct ch_run *run = &heap->runs[page];
    CH_ASSERT(run->kind == CH_RUN_BUSY);
    bool is_roomy =
        run->size_bytes <= CH_SMALL_BYTES || run->pages > ch_large_pages(heap, run->size_bytes);
    atomic_store_explicit(&run->kind, is_roomy ? CH_RUN_ROOMY : CH_RUN_BLOCK, memory_order_release);
}

static void *take(struct ch_heap *heap, size_t size_bytes, size_t alignment_bytes,
                  uint32_t room_pages)
{
    CH_ASSERT(size_bytes > CH_SMALL_BYTES || alignment_bytes > heap->page_bytes);
    uint32_t pages = ch_large_pages(heap, size_bytes);
    uint32_t page = ch_run_take(heap, pages, alignment_bytes, room_pages);
    if (page == CH_NONE) {
        return NULL;
    }
    atomic_store_explicit(&heap->runs[page].size_bytes, size_bytes, memory_order_relaxed);
    ch_shadow_show(heap, page, pages);
    ch_large_hide_rest(heap, page);
    ch_large_settle(heap, page);
    return ch_page_start(heap, page);
}

void *ch_large_take(struct ch_heap *heap, size_t size_bytes, size_t alignment_bytes)
{
    return take(heap, size_bytes, alignment_bytes, 0);
}

void *ch_large_take_with_room(struct ch_heap *heap, size_t size_bytes)
{
    uint32_t pages = ch_large_pages(heap, size_bytes);
    uint32_t longest = ch_run_longest(heap);
    bool is_counted = size_bytes < ROOM_UNCOUNTED_BYTES;
    if (longest < heap->page_count / 2 || pages > longest / ROOM_OF_LONGEST ||
        (is_counted && heap->small_rooms == SMALL_ROOMS)) {
        return NULL;
    }
    size_t before_pages = heap->committed_pages;
    void *block = take(heap, size_bytes, 1, pages);
    if (is_counted && block != NULL && heap->committed_pages > before_pages) {
        heap->small_rooms++;
    }
    return block;
}

void ch_large_forget_rooms(struct ch_heap *heap)
{
    if (ch_run_longest(heap) == heap->page_count) {
        heap->small_rooms = 0;
    }
}

void ch_large_give(struct ch_heap *heap, uint32_t page)
{
    CH_ASSERT(heap->runs[page].kind == CH_RUN_BUSY);
    ch_large_show_rest(heap, page);
    ch_run_give(heap, page);
}

bool ch_large_resize(struct ch_heap *heap, uint32_t page, size_t size_bytes, uint32_t most_pages)
{
    struct ch_run *run = &heap->runs[page];
    CH_ASSERT(run->kind == CH_RUN_BUSY);
    uint32_t old_pages = run->pages;
    uint32_t pages = ch_large_pages(heap, size_bytes);
    if (pages < most_pages && pages < old_pages) {
        pages = most_pages < old_pages ? most_pages : old_pages;
    }
    ch_large_show_rest(heap, page);
    bool is_resized = ch_run_resize(heap, page, pages);
    if (is_resized) {
        atomic_store_explicit(&run->size_bytes, size_bytes, memory_order_relaxed);
    }
    if (pages > old_pages && is_resized) {
        ch_shadow_show(heap, page + old_pages, pages - old_pages);
    }
    ch_large_hide_rest(heap, page);
    return is_resized;
}

uint32_t ch_large_at(const struct ch_heap *heap, size_t offset)
{
    size_t page = offset >> heap->page_log2;
    if ((offset & (heap->page_bytes - 1)) != 0 || page >= heap->page_count ||
        !ch_start_get(heap, (uint32_t)page) || !ch_run_is_block(&heap->runs[page])) {
        return CH_NONE;
    }
    return (uint32_t)page;
}

bool ch_large_contains(const struct ch_heap *heap, size_t offset)
{
    size_t page = offset >> heap->page_log2;
    if (page >= heap->page_count) {
        return false;
    }
    uint32_t start = ch_bits_last(heap->starts, (uint32_t)page);
    return start != CH_NONE && ch_run_is_block(&heap->runs[start]) &&
           offset - ((size_t)start << heap->page_log2) < heap->runs[start].size_bytes;
}
