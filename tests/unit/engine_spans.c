// Spans: where they lie, how they are cut, filled and emptied, and that their pages then serve
// other classes and large blocks. Also which blocks the thread cache keeps and when, and that small
// and large blocks share all of the room.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/cache.h"
#include "engine/class.h"
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
    assert_int_equal(ch_span_end(heap), 0);
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
        assert_int_equal(ch_span_end(heap), 1);
        watch_assert_whole(&watch, heap);
        take(class_index, count, count + 1);
        assert_int_equal(ch_span_end(heap), 2);
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
            assert_int_equal(ch_span_end(heap), 1);
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
    assert_int_equal(ch_span_end(heap), 3);
    assert_int_equal(span_of(blocks[count]), 1);
    give(count, 2 * count);
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_end(heap), 3);
    watch_assert_whole(&watch, heap);
    void *other = ch_heap_alloc(heap, 100);
    assert_int_equal(span_of(other), 1);
    assert_int_equal(ch_span_end(heap), 3);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, other);
    give(0, count);
    give(2 * count, 3 * count);
}

static void the_tags_end_with_the_last_span(void **state)
{
    (void)state;
    unsigned count = fitting(35);
    take(35, 0, 6 * count);
    assert_int_equal(ch_span_end(heap), 6);
    give(2 * count, 3 * count);
    give(4 * count, 5 * count);
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_end(heap), 6);
    watch_assert_whole(&watch, heap);
    give(5 * count,
         6 * count); // The last, and the free one below it; the third has a live one above.
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_end(heap), 4);
    watch_assert_whole(&watch, heap);
    give(3 * count, 4 * count);
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_end(heap), 2);
    give(0, 2 * count);
}

// A block of the largest class for each quarter of a span.
static void take_spans(unsigned spans)
{
    take(CH_CLASS_COUNT - 1, 0, spans * 4);
    for (unsigned i = 0; i < spans * 4; i++) {
        assert_int_equal(span_of(blocks[i]), i / 4);
    }
}

static void give_span(unsigned span)
{
    give(span * 4, span * 4 + 4);
}

// Tags reach to the last span, so any place below it costs nothing more. The longer hole is kept
// for large blocks until the short ones are gone.
static void a_span_takes_the_lowest_of_the_shortest_holes_below_the_last_one(void **state)
{
    (void)state;
    take_spans(12);
    give_span(9);
    give_span(2);
    give_span(6);
    give_span(7);
    ch_heap_minimize(heap);
    static const unsigned places[] = {2, 9, 6, 7, 12};
    void *others[COUNT_OF(places)];
    for (unsigned i = 0; i < COUNT_OF(places); i++) {
        others[i] = ch_heap_alloc(heap, ch_class_bytes(i)); // Each of a class of its own.
        assert_int_equal(span_of(others[i]), places[i]);
        watch_assert_whole(&watch, heap);
    }
    for (unsigned i = 0; i < COUNT_OF(places); i++) {
        ch_heap_free(heap, others[i]);
    }
    for (unsigned span = 0; span < 12; span++) {
        if (span != 9 && span != 2 && span != 6 && span != 7) {
            give_span(span);
        }
    }
}

static int make_long_heap(void **state)
{
    (void)state;
    watch = watch_open();
    heap = watch_heap(&watch, 64 * MIB);
    return 0;
}

// Holes between spans are for the next spans. But a heap that keeps more idle pages than it should
// commits no fresh ones: the hole of some 10 MiB serves a large block, and then a span again.
static void a_large_block_takes_free_pages_of_spans_where_many_are_idle(void **state)
{
    (void)state;
    void *wall = ch_heap_alloc(heap, 5 * heap->page_bytes); // Commits the last records, too.
    take_spans(180);
    for (unsigned span = 2; span < 20; span++) {
        give_span(span);
    }
    (void)ch_cache_flush(heap);
    void *fresh = ch_heap_alloc(heap, CH_SPAN_BYTES); // Few are idle: it leaves the hole alone.
    assert_ptr_equal(fresh, (unsigned char *)wall - CH_SPAN_BYTES);
    for (unsigned span = 20; span < 178; span++) {
        give_span(span);
    }
    (void)ch_cache_flush(heap);
    assert_int_equal(watch.decommits, 0);
    size_t requests = watch.requests;
    void *high = ch_heap_alloc(heap, 90 * CH_SPAN_BYTES);
    assert_ptr_equal(high, heap->pages + 88 * CH_SPAN_BYTES);
    assert_int_equal(watch.requests, requests);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, high);
    void *small = ch_heap_alloc(heap, 100);
    assert_int_equal(span_of(small), 2);
    assert_int_equal(watch.requests, requests);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, small);
    give(0, 2 * 4);
    give(178 * 4, 180 * 4);
    ch_heap_free(heap, fresh);
    ch_heap_free(heap, wall);
}

#define CACHE_CLASSES 6U
#define CACHE_SPANS CH_MAGAZINE_BLOCKS

// Returns one block of each of so many spans of a class: the only live one.
static void take_one_of_each(unsigned class_index, void **firsts)
{
    static void *all[CACHE_SPANS * 600];
    unsigned in_span = fitting(class_index);
    for (unsigned i = 0; i < CACHE_SPANS * in_span; i++) {
        all[i] = ch_heap_alloc(heap, ch_class_bytes(class_index));
        assert_non_null(all[i]);
    }
    for (unsigned i = 0; i < CACHE_SPANS * in_span; i++) {
        if (i % in_span == 0) {
            firsts[i / in_span] = all[i];
        } else {
            ch_heap_free(heap, all[i]);
        }
    }
    ch_heap_minimize(heap);
}

// A thread cache gives up more spans than a heap may keep idle, as each of its blocks was the last
// one of its span. The request that has no room for all that keeps to the bound.
static void a_heap_that_empties_its_caches_keeps_no_more_idle_pages_than_it_may(void **state)
{
    (void)state;
    static void *firsts[CACHE_CLASSES][CACHE_SPANS];
    size_t page = heap->page_bytes;
    void *wall = ch_heap_alloc(heap, 5 * page);
    for (unsigned i = 0; i < CACHE_CLASSES; i++) {
        take_one_of_each(ch_class_of(256) - i, firsts[i]);
    }
    for (unsigned i = 0; i < CACHE_CLASSES; i++) {
        for (unsigned j = 0; j < CACHE_SPANS; j++) {
            ch_heap_free(heap, firsts[i][j]);
        }
    }
    assert_true(heap->used_pages > 40 * MIB / page);
    assert_null(ch_heap_alloc(heap, heap->page_count * page));
    size_t idle = heap->committed_pages - heap->used_pages;
    assert_true(idle > 16 * MIB / page);
    assert_true(idle <= heap->used_pages / 4 + 32 * MIB / page);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, wall);
}

// The hole is the only place that is left for them.
static void a_large_block_takes_free_pages_of_spans_where_there_are_no_others(void **state)
{
    (void)state;
    take_spans(9);
    for (unsigned span = 2; span < 8; span++) {
        give_span(span);
    }
    (void)ch_cache_flush(heap);
    size_t behind_bytes = (size_t)heap->page_count * heap->page_bytes - 9 * CH_SPAN_BYTES;
    void *rest = ch_heap_alloc(heap, behind_bytes);
    assert_ptr_equal(rest, heap->pages + 9 * CH_SPAN_BYTES);
    void *high = ch_heap_alloc(heap, 4 * CH_SPAN_BYTES);
    assert_ptr_equal(high, heap->pages + 4 * CH_SPAN_BYTES);
    void *low = ch_heap_alloc(heap, 2 * CH_SPAN_BYTES);
    assert_ptr_equal(low, heap->pages + 2 * CH_SPAN_BYTES);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, high);
    void *small = ch_heap_alloc(heap, 100); // And the other way.
    assert_int_equal(span_of(small), 4);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, small);
    ch_heap_free(heap, low);
    ch_heap_free(heap, rest);
    give(0, 2 * 4);
    give(8 * 4, 9 * 4);
}

// Large blocks may lie below a span. Their pointers are looked up there like any other.
static void the_tags_below_a_span_are_there_without_spans(void **state)
{
    (void)state;
    size_t page = heap->page_bytes;
    void *top = ch_heap_alloc(heap, 40 * page);
    void *middle = ch_heap_alloc(heap, (heap->page_count - 40 - 100) * page);
    unsigned char *low = ch_heap_alloc(heap, 100 * page);
    assert_ptr_equal(low, heap->pages);
    assert_int_equal(ch_span_end(heap), 0);
    ch_heap_free(heap, middle);
    void *small = ch_heap_alloc(heap, 100);
    assert_int_equal(span_of(small), 7); // The first multiple of 16 pages from 100 on.
    assert_int_equal(ch_span_end(heap), 8);
    watch_assert_whole(&watch, heap);
    for (size_t offset = 0; offset < 8 * CH_SPAN_BYTES; offset += 8) {
        bool is_start = low + offset == low || low + offset == small;
        assert_int_equal(ch_heap_owns(heap, low + offset), is_start);
    }
    ch_heap_free(heap, low);
    watch_assert_whole(&watch, heap);
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_end(heap), 8);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, small);
    ch_heap_free(heap, top);
}

static void the_cache_is_bounded_and_minimize_empties_it(void **state)
{
    (void)state;
    for (unsigned class_index = 0; class_index < CH_CLASS_COUNT; class_index++) {
        unsigned count = fitting(class_index);
        take(class_index, 0, count);
        for (unsigned i = 0; i < count; i++) {
            give(i, i + 1);
            size_t in_cache = ch_cache_count(ch_cache_mine(heap), class_index);
            assert_true(in_cache >= 1 && in_cache <= CH_MAGAZINE_BLOCKS);
            assert_true(in_cache * ch_class_bytes(class_index) <= CH_MAGAZINE_BYTES);
        }
        watch_assert_whole(&watch, heap);
        ch_heap_minimize(heap);
        assert_false(ch_cache_is_open(ch_cache_mine(heap)));
        assert_int_equal(ch_span_end(heap), 0);
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

// Blocks of one kind have taken all pages. After everything is freed, the heap grants the largest
// block of a fresh heap again, without a call to minimize.
static void all_room_comes_back_when_all_is_freed(void **state)
{
    (void)state;
    static const size_t sizes[] = {1000, 16384, 20000, 100000, 3000, 200};
    static void *taken[70000];
    size_t fresh = watch_largest(heap);
    assert_int_equal(fresh, (size_t)heap->page_count * heap->page_bytes);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        unsigned count = fill_up(heap, sizes[i], taken, COUNT_OF(taken));
        for (unsigned j = count / 2; j < count; j++) { // Those taken last.
            ch_heap_free(heap, taken[j]);
        }
        watch_assert_whole(&watch, heap);
        // Blocks of another size take their room.
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

// The thread cache gives up its blocks when another request has no room.
static void blocks_in_the_cache_do_not_stand_in_the_way_of_others(void **state)
{
    (void)state;
    void *kept = ch_heap_alloc(heap, ch_class_bytes(0));
    size_t beside = watch_largest(heap);
    for (unsigned class_index = 1; class_index < CH_CLASS_COUNT; class_index++) {
        take(class_index, class_index, class_index + 1);
    }
    give(1, CH_CLASS_COUNT);
    assert_int_equal(ch_span_end(heap), CH_CLASS_COUNT);
    void *largest = ch_heap_alloc(heap, beside);
    assert_non_null(largest);
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, largest);
    ch_heap_free(heap, kept);
}

// Otherwise the next block from the thread cache could lie in a span high up, with the free ones
// below it lost to the large blocks. Freeing the last block alone does not see to that.
static void an_empty_heap_has_no_span_high_up_once_it_is_minimized(void **state)
{
    (void)state;
    for (unsigned class_index = 0; class_index < CH_CLASS_COUNT; class_index++) {
        take(class_index, class_index, class_index + 1);
    }
    give(0, CH_CLASS_COUNT);
    assert_int_equal(ch_span_end(heap), CH_CLASS_COUNT);
    ch_heap_minimize(heap);
    assert_int_equal(ch_span_end(heap), 0);
    for (unsigned i = 0; i < 2; i++) {
        take(0, 0, 1);
        give(0, 1);
        assert_int_equal(ch_span_end(heap), 1);
    }
    watch_assert_whole(&watch, heap);
}

static void a_large_block_takes_all_pages_that_are_no_span(void **state)
{
    (void)state;
    void *small = ch_heap_alloc(heap, 16);
    void *large = ch_heap_alloc(heap, watch_largest(heap));
    assert_non_null(large);
    assert_int_equal(ch_offset(heap, large), CH_SPAN_BYTES);
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
#define ON_LONG_HEAP(claim) cmocka_unit_test_setup_teardown(claim, make_long_heap, end_heap)

int run_span_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(each_size_is_of_the_smallest_class_that_holds_it),
        ON_HEAP(a_span_holds_as_many_blocks_as_fit_and_not_one_more),
        ON_HEAP(a_span_gives_again_whatever_came_back),
        ON_HEAP(the_block_that_was_freed_last_is_given_first),
        ON_HEAP(a_free_span_serves_another_class),
        ON_HEAP(the_tags_end_with_the_last_span),
        ON_HEAP(a_span_takes_the_lowest_of_the_shortest_holes_below_the_last_one),
        ON_LONG_HEAP(a_large_block_takes_free_pages_of_spans_where_many_are_idle),
        ON_HEAP(a_large_block_takes_free_pages_of_spans_where_there_are_no_others),
        ON_LONG_HEAP(a_heap_that_empties_its_caches_keeps_no_more_idle_pages_than_it_may),
        ON_HEAP(the_tags_below_a_span_are_there_without_spans),
        ON_HEAP(the_cache_is_bounded_and_minimize_empties_it),
        ON_HEAP(all_room_comes_back_when_all_is_freed),
        ON_HEAP(blocks_in_the_cache_do_not_stand_in_the_way_of_others),
        ON_HEAP(an_empty_heap_has_no_span_high_up_once_it_is_minimized),
        ON_HEAP(a_large_block_takes_all_pages_that_are_no_span),
    };
    return cmocka_run_group_tests_name("spans", claims, NULL, NULL);
}
