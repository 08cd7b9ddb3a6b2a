// The small region: how spans are cut, filled, emptied, handed to another class and given back to
// the gap. Also which blocks the lane keeps and when, and that the two regions share all of the
// room.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/class.h"
#include "engine/lane.h"
#include "engine/state.h"

#define BLOCKS_MOST CH_SPAN_GRANULES
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct watch watch;
static struct ch_heap *heap;
static void *blocks[BLOCKS_MOST + 1];

static int make_heap(void **state)
{
    (void)state;
    watch = watch_open();
    heap = watch_heap(&watch, 8 * MIB);
    return 0;
}

static int end_heap(void **state)
{
    (void)state;
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_count(heap), 0);
    watch_end_empty(&watch, heap);
    return 0;
}

static unsigned fitting(unsigned class_index)
{
    return CH_SPAN_GRANULES / ch_class_granules(class_index);
}

static void take(unsigned class_index, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        blocks[i] = ch_heap_alloc(heap, ch_class_bytes(class_index));
        assert_non_null(blocks[i]);
    }
}

static void give(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        ch_heap_free(heap, blocks[i]);
    }
}

static size_t span_of(const void *block)
{
    return (size_t)((const unsigned char *)block - heap->pages) / CH_SPAN_BYTES;
}

// The classes are as class.h draws them: contiguous, each size in the smallest that holds it.
static void each_size_is_of_the_smallest_class_that_holds_it(void **state)
{
    (void)state;
    assert_int_equal(ch_class_of(0), 0);
    assert_int_equal(ch_class_of(CH_SMALL_BYTES), CH_CLASS_COUNT - 1);
    assert_int_equal(ch_class_bytes(CH_CLASS_COUNT - 1), CH_SMALL_BYTES);
    for (size_t size_bytes = 1; size_bytes <= CH_SMALL_BYTES; size_bytes++) {
        unsigned class_index = ch_class_of(size_bytes);
        assert_true(ch_class_bytes(class_index) >= size_bytes);
        assert_true(class_index == 0 || ch_class_bytes(class_index - 1) < size_bytes);
    }
}

static void a_span_holds_as_many_blocks_as_fit_and_not_one_more(void **state)
{
    (void)state;
    for (unsigned class_index = 0; class_index < CH_CLASS_COUNT; class_index++) {
        unsigned count = fitting(class_index);
        take(class_index, 0, count);
        assert_int_equal(ch_span_count(heap), 1);
        watch_assert_whole(&watch, heap);
        take(class_index, count, count + 1);
        assert_int_equal(ch_span_count(heap), 2);
        watch_assert_whole(&watch, heap);
        give(0, count + 1);
        watch_assert_whole(&watch, heap);
        ch_heap_minimize(heap);
        watch_assert_empty(&watch, heap);
    }
}

// Freed upward, downward and in strides: every block of a full span comes back, and is given again.
static void a_span_gives_again_whatever_came_back(void **state)
{
    (void)state;
    static const unsigned strides[] = {1, 3, 7, 64, 129};
    static const unsigned classes[] = {0, 3, 6, 9, 20};
    for (unsigned i = 0; i < COUNT_OF(classes); i++) {
        unsigned count = fitting(classes[i]);
        unsigned stride = strides[i];
        take(classes[i], 0, count);
        for (unsigned from = 0; from < stride; from++) {
            for (unsigned j = from; j < count; j += stride) {
                ch_heap_free(heap, blocks[j]);
                blocks[j] = NULL;
            }
            watch_assert_whole(&watch, heap);
            ch_heap_minimize(heap);
            watch_assert_whole(&watch, heap);
            for (unsigned j = from; j < count; j += stride) {
                blocks[j] = ch_heap_alloc(heap, ch_class_bytes(classes[i]));
                assert_int_equal(span_of(blocks[j]), 0);
            }
            assert_int_equal(ch_span_count(heap), 1);
            watch_assert_whole(&watch, heap);
        }
        give(0, count);
        ch_heap_minimize(heap);
    }
}

static void the_block_that_was_freed_last_is_given_first(void **state)
{
    (void)state;
    take(6, 0, 8);
    give(0, 8);
    for (unsigned i = 8; i > 0; i--) {
        assert_ptr_equal(ch_heap_alloc(heap, ch_class_bytes(6)), blocks[i - 1]);
    }
    give(0, 8);
}

// Three spans of a class. The middle one becomes free, and the next class takes its place.
static void a_free_span_serves_another_class(void **state)
{
    (void)state;
    unsigned count = fitting(30);
    take(30, 0, 3 * count);
    assert_int_equal(ch_span_count(heap), 3);
    assert_int_equal(span_of(blocks[count]), 1);
    give(count, 2 * count);
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_count(heap), 3);
    watch_assert_whole(&watch, heap);
    void *other = ch_heap_alloc(heap, 100);
    assert_int_equal(span_of(other), 1);
    assert_int_equal(ch_span_count(heap), 3);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, other);
    give(0, count);
    give(2 * count, 3 * count);
}

static void free_spans_at_the_end_are_the_gaps_again(void **state)
{
    (void)state;
    unsigned count = fitting(35);
    take(35, 0, 6 * count);
    assert_int_equal(ch_span_count(heap), 6);
    give(2 * count, 3 * count);
    give(4 * count, 5 * count);
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_count(heap), 6);
    watch_assert_whole(&watch, heap);
    give(5 * count,
         6 * count); // The last, and the free one below it; the third has a live one above.
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_count(heap), 4);
    watch_assert_whole(&watch, heap);
    give(3 * count, 4 * count);
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_count(heap), 2);
    give(0, 2 * count);
}

static void the_lane_is_bounded_and_minimize_empties_it(void **state)
{
    (void)state;
    for (unsigned class_index = 0; class_index < CH_CLASS_COUNT; class_index++) {
        unsigned count = fitting(class_index);
        take(class_index, 0, count);
        for (unsigned i = 0; i < count; i++) {
            give(i, i + 1);
            size_t in_lane = ch_lane_count(ch_lane_mine(heap), class_index);
            assert_true(in_lane >= 1 && in_lane <= CH_MAGAZINE_BLOCKS);
            assert_true(in_lane * ch_class_bytes(class_index) <= CH_MAGAZINE_BYTES);
        }
        watch_assert_whole(&watch, heap);
        ch_heap_minimize(heap);
        assert_false(ch_lane_is_open(ch_lane_mine(heap)));
        assert_int_equal(ch_span_count(heap), 0);
    }
}

// Fills a heap with blocks of a size until it has no room. Returns the number of blocks.
static unsigned fill_up(struct ch_heap *small_heap, size_t size_bytes, void **taken, unsigned most)
{
    unsigned count = 0;
    void *block = ch_heap_alloc(small_heap, size_bytes);
    while (block != NULL && count < most) {
        taken[count++] = block;
        block = ch_heap_alloc(small_heap, size_bytes);
    }
    assert_null(block);
    return count;
}

// One region has grown until it met the other. After everything is freed, the heap grants the
// largest block of a fresh heap again, without a call to minimize.
static void all_room_comes_back_when_all_is_freed(void **state)
{
    (void)state;
    static const size_t sizes[] = {1000, 16384, 20000, 100000, 3000, 200};
    static void *taken[70000];
    size_t fresh = watch_largest(heap);
    assert_int_equal(fresh, (size_t)heap->page_count * heap->page_bytes);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        unsigned count = fill_up(heap, sizes[i], taken, COUNT_OF(taken));
        for (unsigned j = count / 2; j < count; j++) { // Those at the edge of their region.
            ch_heap_free(heap, taken[j]);
        }
        watch_assert_whole(&watch, heap);
        // The other region takes the rest of one kind.
        static void *others[COUNT_OF(taken)];
        unsigned more = fill_up(heap, sizes[(i + 2) % COUNT_OF(sizes)], others, COUNT_OF(others));
        assert_true(more > 0);
        watch_assert_whole(&watch, heap);
        for (unsigned j = 0; j < more; j++) {
            ch_heap_free(heap, others[j]);
        }
        for (unsigned j = 0; j < count / 2; j++) {
            ch_heap_free(heap, taken[j]);
        }
        assert_int_equal(ch_heap_stats(heap).live_blocks, 0);
        watch_assert_whole(&watch, heap);
        void *largest = ch_heap_alloc(heap, fresh);
        assert_non_null(largest);
        ch_heap_free(heap, largest);
    }
    assert_int_equal(watch_largest(heap), fresh);
}

// The lane gives up its blocks when another request has no room.
static void blocks_in_the_lane_do_not_stand_in_the_way_of_others(void **state)
{
    (void)state;
    void *kept = ch_heap_alloc(heap, ch_class_bytes(0));
    size_t beside = watch_largest(heap);
    for (unsigned class_index = 1; class_index < CH_CLASS_COUNT; class_index++) {
        take(class_index, class_index, class_index + 1);
    }
    give(1, CH_CLASS_COUNT);
    assert_int_equal(ch_span_count(heap), CH_CLASS_COUNT);
    void *largest = ch_heap_alloc(heap, beside);
    assert_non_null(largest);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, largest);
    ch_heap_free(heap, kept);
}

// Otherwise the next block from the lane could lie in a span high up, with the free ones below it
// lost to the large region. Freeing the last block alone does not see to that.
static void an_empty_heap_has_no_span_high_up_once_it_is_minimized(void **state)
{
    (void)state;
    for (unsigned class_index = 0; class_index < CH_CLASS_COUNT; class_index++) {
        take(class_index, class_index, class_index + 1);
    }
    give(0, CH_CLASS_COUNT);
    assert_int_equal(ch_span_count(heap), CH_CLASS_COUNT);
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_count(heap), 0);
    for (unsigned i = 0; i < 2; i++) {
        take(0, 0, 1);
        give(0, 1);
        assert_int_equal(ch_span_count(heap), 1);
    }
    watch_assert_whole(&watch, heap);
}

// Half of a large block's pages lie under spans that stay: the regions meet at no multiple of a
// span.
static void the_regions_meet_to_the_page(void **state)
{
    (void)state;
    void *small = ch_heap_alloc(heap, 16);
    void *large = ch_heap_alloc(heap, watch_largest(heap));
    assert_non_null(large);
    assert_int_equal(heap->first_run, heap->span_pages);
    assert_null(ch_heap_alloc(heap, CH_SMALL_BYTES + 1));
    assert_null(ch_heap_alloc(heap, 100));
    void *same_class = ch_heap_alloc(heap, 15); // The present span has room.
    assert_non_null(same_class);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, large);
    ch_heap_free(heap, same_class);
    ch_heap_free(heap, small);
}

#define ON_HEAP(claim) cmocka_unit_test_setup_teardown(claim, make_heap, end_heap)

int run_span_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(each_size_is_of_the_smallest_class_that_holds_it),
        ON_HEAP(a_span_holds_as_many_blocks_as_fit_and_not_one_more),
        ON_HEAP(a_span_gives_again_whatever_came_back),
        ON_HEAP(the_block_that_was_freed_last_is_given_first),
        ON_HEAP(a_free_span_serves_another_class),
        ON_HEAP(free_spans_at_the_end_are_the_gaps_again),
        ON_HEAP(the_lane_is_bounded_and_minimize_empties_it),
        ON_HEAP(all_room_comes_back_when_all_is_freed),
        ON_HEAP(blocks_in_the_lane_do_not_stand_in_the_way_of_others),
        ON_HEAP(an_empty_heap_has_no_span_high_up_once_it_is_minimized),
        ON_HEAP(the_regions_meet_to_the_page),
    };
    return cmocka_run_group_tests_name("spans", claims, NULL, NULL);
}
