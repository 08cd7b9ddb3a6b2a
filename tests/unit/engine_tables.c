// The heap's own tables: committed from both ends as the regions grow, given back as they shrink,
// also where the two ends have met. A watch knows the committed pages of each table. So it reports
// a page that is given back too early or twice, or kept for ever; a lost entry breaks an invariant.
//
// The bitmap of committed pages has both regions in it. It meets itself where one region has been
// large enough to need a page of the bitmap that the other needs now.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/class.h"
#include "engine/state.h"
#include "laws/fill.h"

#define ARENA_BYTES (300 * MIB)
#define SPAN_BLOCKS 8400U // More than 128 MiB of small blocks: two pages of the bitmap.

static struct watch watch;
static struct ch_heap *heap;
static void *small[SPAN_BLOCKS];

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

static bool ends_have_met(void)
{
    return heap->committed_table.low_bytes == heap->committed_table.high_bytes;
}

// The low end is now past the place where the high end's part begins.
static void a_table_whose_low_end_went_far_serves_the_high_end(void **state)
{
    (void)state;
    const size_t large_bytes = 100 * MIB;
    take_small(0, SPAN_BLOCKS);
    give_small(0, SPAN_BLOCKS);
    void *large = take_large(large_bytes);
    assert_true(ends_have_met());
    minimize();
    assert_false(ends_have_met());
    assert_int_equal(heap->committed_table.low_bytes, 0);
    take_small(0, 100);
    give_large(large, large_bytes);
    minimize();
    large = take_large(large_bytes);
    give_small(0, 100);
    minimize();
    give_large(large, large_bytes);
}

// Likewise with small blocks that stay, so that both ends keep a part.
static void a_table_whose_low_end_drew_back_keeps_what_both_ends_need(void **state)
{
    (void)state;
    const size_t large_bytes = 100 * MIB;
    take_small(0, SPAN_BLOCKS);
    give_small(10, SPAN_BLOCKS);
    void *large = take_large(large_bytes);
    assert_true(ends_have_met());
    minimize();
    take_small(10, 20);
    give_large(large, large_bytes);
    minimize();
    give_small(0, 20);
}

// The high end has come down to the first page of the bitmap, and the low end uses the page that it
// committed.
static void a_table_whose_high_end_went_far_serves_the_low_end(void **state)
{
    (void)state;
    const size_t large_bytes = 200 * MIB;
    void *top = take_large(4 * MIB);
    void *large = take_large(large_bytes);
    give_large(large, large_bytes);
    take_small(0, SPAN_BLOCKS);
    assert_true(ends_have_met());
    minimize();
    watch_assert_whole(&watch, heap);
    give_small(100, SPAN_BLOCKS);
    minimize();
    assert_false(ends_have_met());
    large = take_large(large_bytes);
    give_small(0, 100);
    give_large(top, 4 * MIB);
    give_large(large, large_bytes);
}

// With no large block left, the high end gives all back while the low end lives on its pages.
static void a_table_whose_high_end_is_gone_keeps_what_the_low_end_needs(void **state)
{
    (void)state;
    const size_t large_bytes = 200 * MIB;
    give_large(take_large(large_bytes), large_bytes);
    take_small(0, SPAN_BLOCKS);
    assert_true(ends_have_met());
    minimize();
    assert_false(ends_have_met());
    give_small(4000, SPAN_BLOCKS);
    minimize();
    take_small(4000, SPAN_BLOCKS);
    give_small(0, SPAN_BLOCKS);
}

// Pages that stayed committed in the gap, idle, under the bits of either end.
static void idle_pages_of_the_gap_are_found_again_from_the_other_side(void **state)
{
    (void)state;
    size_t all_bytes = (size_t)heap->page_count * heap->page_bytes;
    take_small(0, 200);
    give_small(0, 200);
    assert_true(heap->committed_pages > 0);
    give_large(take_large(all_bytes), all_bytes);
    give_large(take_large(2 * MIB), 2 * MIB);
    assert_true(heap->committed_pages > 0);
    take_small(0, SPAN_BLOCKS);
    give_small(0, SPAN_BLOCKS);
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
        ON_HEAP(a_table_whose_low_end_went_far_serves_the_high_end),
        ON_HEAP(a_table_whose_low_end_drew_back_keeps_what_both_ends_need),
        ON_HEAP(a_table_whose_high_end_went_far_serves_the_low_end),
        ON_HEAP(a_table_whose_high_end_is_gone_keeps_what_the_low_end_needs),
        ON_HEAP(idle_pages_of_the_gap_are_found_again_from_the_other_side),
        ON_HEAP(minimize_twice_asks_the_world_for_nothing_more),
    };
    return cmocka_run_group_tests_name("tables", claims, NULL, NULL);
}
