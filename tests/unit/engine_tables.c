// The heap's own tables: committed as page runs and spans need them, given back where they describe
// nothing. A watch knows the committed pages of each table. So it reports a page that is given back
// too early or twice, or kept for ever; a lost entry breaks an invariant.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/class.h"
#include "engine/state.h"
#include "laws/fill.h"

#define ARENA_BYTES (300 * MIB)
#define BLOCKS 8400U // More than 128 MiB of small blocks: 2,100 spans.
#define PAGE ((size_t)4096)

static struct watch watch;
static struct ch_heap *heap;
static void *small[BLOCKS];

static int make_heap(void **state)
{
    (void)state;
    watch = watch_open();
    heap = watch_heap(&watch, ARENA_BYTES);
    return 0;
}

static int end_heap(void **state)
{
    (void)state;
    watch_end_empty(&watch, heap);
    return 0;
}

static void take_small(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        small[i] = ch_heap_alloc(heap, CH_SMALL_BYTES);
        assert_non_null(small[i]);
        fill_write(small[i], CH_SMALL_BYTES, fill_of(i));
    }
    watch_assert_whole(&watch, heap);
}

static void give_small(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        assert_int_equal(ch_heap_size_bytes(heap, small[i]), CH_SMALL_BYTES);
        assert_true(fill_find_wrong(small[i], CH_SMALL_BYTES, fill_of(i), CH_SMALL_BYTES) ==
                    SIZE_MAX);
        ch_heap_free(heap, small[i]);
    }
    watch_assert_whole(&watch, heap);
}

static void *take_large(size_t size_bytes)
{
    void *block = ch_heap_alloc(heap, size_bytes);
    assert_non_null(block);
    fill_write(block, size_bytes, fill_of(size_bytes));
    watch_assert_whole(&watch, heap);
    return block;
}

static void give_large(void *block, size_t size_bytes)
{
    assert_int_equal(ch_heap_size_bytes(heap, block), size_bytes);
    assert_true(fill_find_wrong(block, size_bytes, fill_of(size_bytes), size_bytes) == SIZE_MAX);
    ch_heap_free(heap, block);
    watch_assert_whole(&watch, heap);
}

static void minimize(void)
{
    ch_heap_minimize(heap);
    watch_assert_whole(&watch, heap);
}

// Returns how many pages of a table the world has committed.
static size_t pages_of(const void *start, const void *end)
{
    size_t count = 0;
    size_t first = (size_t)((uintptr_t)start - (uintptr_t)watch.start) / PAGE;
    size_t last = (size_t)((uintptr_t)end - (uintptr_t)watch.start) / PAGE;
    for (size_t page = first; page < last; page++) {
        count += watch.is_committed[page];
    }
    return count;
}

static size_t pages_of_runs(void)
{
    return pages_of(heap->runs, heap->spans);
}

static size_t pages_of_spans(void)
{
    return pages_of(heap->spans, (const void *)heap->tags);
}

static size_t pages_of_tags(void)
{
    return pages_of((const void *)heap->tags, heap->pages);
}

// The heap itself, three bitmaps, and the first and the last record.
static void a_fresh_heap_commits_little(void **state)
{
    (void)state;
    size_t bits_pages = (ARENA_BYTES / PAGE / 8 + PAGE - 1) / PAGE;
    size_t heap_pages = (sizeof(struct ch_heap) + PAGE - 1) / PAGE;
    assert_int_equal(pages_of_runs(), 2);
    assert_int_equal(pages_of_spans(), 0);
    assert_int_equal(pages_of_tags(), 0);
    assert_true(watch.committed_pages <= heap_pages + 3 * bits_pages + 2);
}

static void tags_reach_to_the_last_span_and_no_further(void **state)
{
    (void)state;
    take_small(0, 100);
    minimize();
    size_t committed = watch.committed_pages;
    assert_int_equal(pages_of_tags(), 25 * CH_SPAN_GRANULES * 2 / PAGE);
    take_small(100, BLOCKS);
    assert_int_equal(pages_of_tags(), 2100 * CH_SPAN_GRANULES * 2 / PAGE);
    give_small(100, BLOCKS);
    minimize();
    assert_int_equal(watch.committed_pages, committed); // As if it had never been larger.
    give_small(0, 100);
}

// Spans low and high stay, and 1,900 between them go: with their records, but not with their tags.
static void records_of_free_spans_are_given_back(void **state)
{
    (void)state;
    take_small(0, BLOCKS);
    size_t of_spans = pages_of_spans();
    size_t of_runs = pages_of_runs();
    give_small(400, 8000);
    minimize();
    size_t per_page = PAGE / sizeof(struct ch_span);
    assert_true(of_spans - pages_of_spans() >= 1900 / (per_page + 1) - 2);
    assert_true(of_runs - pages_of_runs() >= 1900 * 16 * sizeof(struct ch_run) / PAGE - 2);
    assert_int_equal(pages_of_tags(), 2100 * CH_SPAN_GRANULES * 2 / PAGE);
    take_small(400, 4000); // Records that were given back are made anew.
    give_small(0, 400);
    minimize();
    give_small(400, 4000);
    give_small(8000, BLOCKS);
}

static void records_of_a_large_block_are_given_back(void **state)
{
    (void)state;
    const size_t large_bytes = 200 * MIB;
    void *top = take_large(MIB);
    void *large = take_large(large_bytes);
    void *bottom = take_large(MIB);
    assert_true(pages_of_runs() >= large_bytes / PAGE * sizeof(struct ch_run) / PAGE);
    give_large(large, large_bytes);
    minimize();
    assert_true(pages_of_runs() <= 2 * MIB / PAGE * sizeof(struct ch_run) / PAGE + 6);
    large = take_large(large_bytes);
    give_large(top, MIB);
    give_large(bottom, MIB);
    minimize();
    give_large(large, large_bytes);
}

// The same pages are spans, then a large block, then spans.
static void small_and_large_blocks_take_turns_at_the_same_pages(void **state)
{
    (void)state;
    size_t all_bytes = (size_t)heap->page_count * heap->page_bytes;
    for (unsigned turn = 0; turn < 2; turn++) {
        take_small(0, 3000);
        give_small(turn * 100, 3000);
        if (turn == 0) {
            give_large(take_large(all_bytes), all_bytes);
            minimize();
        }
        void *large = take_large(100 * MIB);
        take_small(turn * 100, 3000);
        give_large(large, 100 * MIB);
        give_small(0, 3000);
    }
}

static void minimize_twice_asks_the_world_for_nothing_more(void **state)
{
    (void)state;
    take_small(0, 300);
    void *large = take_large(10 * MIB);
    give_small(50, 300);
    minimize();
    size_t requests = watch.requests;
    size_t decommits = watch.decommits;
    minimize();
    assert_int_equal(watch.requests, requests);
    assert_int_equal(watch.decommits, decommits);
    give_small(0, 50);
    give_large(large, 10 * MIB);
}

#define ON_HEAP(claim) cmocka_unit_test_setup_teardown(claim, make_heap, end_heap)

int run_table_claims(void)
{
    const struct CMUnitTest claims[] = {
        ON_HEAP(a_fresh_heap_commits_little),
        ON_HEAP(tags_reach_to_the_last_span_and_no_further),
        ON_HEAP(records_of_free_spans_are_given_back),
        ON_HEAP(records_of_a_large_block_are_given_back),
        ON_HEAP(small_and_large_blocks_take_turns_at_the_same_pages),
        ON_HEAP(minimize_twice_asks_the_world_for_nothing_more),
    };
    return cmocka_run_group_tests_name("tables", claims, NULL, NULL);
}
