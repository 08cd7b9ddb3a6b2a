// Another size in place: granted where the block is, or refused with nothing changed. A fault is
// that of a reallocate. The last claims are about a block whose place is larger than its size
// needs.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "laws/fill.h"

static struct watch watch;
static struct ch_heap *heap;

static int make_heap(void **state)
{
    (void)state;
    watch = watch_open();
    heap = watch_heap(&watch, 16 * MIB);
    return 0;
}

static int end_heap(void **state)
{
    (void)state;
    watch_end_empty(&watch, heap);
    return 0;
}

static void *filled(size_t size_bytes)
{
    void *block = ch_heap_alloc(heap, size_bytes);
    assert_non_null(block);
    fill_write(block, size_bytes, fill_of(size_bytes));
    return block;
}

// Returns whether the first bytes still have their fill.
static bool has_kept(const void *block, size_t filled_bytes, size_t kept_bytes)
{
    return fill_find_wrong(block, filled_bytes, fill_of(filled_bytes), kept_bytes) == SIZE_MAX;
}

static void a_block_is_resized_while_its_room_is_large_enough(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{97, 112},      {112, 97},      {1, 0},        {0, 8},
                                      {20001, 20480}, {20480, 16385}, {50000, 20000}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t old_bytes = sizes[i][0];
        size_t new_bytes = sizes[i][1];
        void *block = filled(old_bytes);
        assert_true(ch_heap_resize(heap, block, new_bytes));
        assert_int_equal(ch_heap_size_bytes(heap, block), new_bytes);
        assert_int_equal(ch_heap_stats(heap).live_bytes, new_bytes);
        assert_int_equal(ch_heap_stats(heap).live_blocks, 1);
        assert_true(has_kept(block, old_bytes, old_bytes < new_bytes ? old_bytes : new_bytes));
        watch_assert_whole(&watch, heap);
        ch_heap_free(heap, block);
    }
}

static void a_block_can_always_be_given_its_own_size(void **state)
{
    (void)state;
    for (size_t size_bytes = 0; size_bytes < 70000; size_bytes += 77) {
        void *block = ch_heap_alloc(heap, size_bytes);
        assert_true(ch_heap_resize(heap, block, size_bytes));
        assert_int_equal(ch_heap_size_bytes(heap, block), size_bytes);
        ch_heap_free(heap, block);
    }
}

static void what_would_have_to_move_is_refused_and_nothing_has_changed(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{100, 113},       {100, 20000},    {20000, 40000},
                                      {0, 1000},        {100, SIZE_MAX}, {20000, SIZE_MAX},
                                      {20000, 64 * MIB}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t old_bytes = sizes[i][0];
        void *behind = ch_heap_alloc(heap, 20000);
        void *block = filled(old_bytes);
        struct ch_stats before = ch_heap_stats(heap);
        assert_false(ch_heap_resize(heap, block, sizes[i][1]));
        assert_true(watch_is_same(ch_heap_stats(heap), before));
        assert_int_equal(ch_heap_size_bytes(heap, block), old_bytes);
        assert_true(has_kept(block, old_bytes, old_bytes));
        watch_assert_whole(&watch, heap);
        ch_heap_free(heap, block);
        ch_heap_free(heap, behind);
    }
}

static void a_large_block_grows_into_free_pages_behind_it(void **state)
{
    (void)state;
    void *behind = filled(400000); // Too long for a thread cache. The later block is the lower one.
    void *block = filled(20000);
    ch_heap_free(heap, behind);
    assert_true(ch_heap_resize(heap, block, 300000));
    assert_int_equal(ch_heap_size_bytes(heap, block), 300000);
    assert_true(has_kept(block, 20000, 20000));
    ch_heap_free(heap, block);
}

static void a_refused_page_refuses_and_nothing_has_changed(void **state)
{
    (void)state;
    void *last = filled(20000); // Keeps the pages below it from joining others.
    void *behind = filled(400000);
    void *block = filled(20000);
    ch_heap_free(heap, behind);
    ch_heap_minimize(heap);
    watch.refuse_at = 0;
    watch.refuses_after = true;
    assert_false(ch_heap_resize(heap, block, 400000));
    assert_true(watch.refusals > 0);
    assert_int_equal(ch_heap_size_bytes(heap, block), 20000);
    assert_true(has_kept(block, 20000, 20000));
    watch_relent(&watch);
    assert_true(ch_heap_resize(heap, block, 400000));
    ch_heap_free(heap, block);
    ch_heap_free(heap, last);
}

static void what_is_idle_elsewhere_makes_room_for_a_refused_page(void **state)
{
    (void)state;
    void *idle = filled(100000);
    void *last = filled(20000);
    void *behind = filled(400000);
    void *block = filled(20000);
    ch_heap_free(heap, behind);
    ch_heap_minimize(heap);
    ch_heap_free(heap, idle);
    watch.refuse_at = 0; // Once.
    assert_true(ch_heap_resize(heap, block, 400000));
    assert_int_equal(watch.refusals, 1);
    assert_int_equal(ch_heap_size_bytes(heap, block), 400000);
    assert_true(has_kept(block, 20000, 20000));
    watch_relent(&watch);
    ch_heap_free(heap, block);
    ch_heap_free(heap, last);
}

// Up to the last byte of the place that the block got at first, as class.h draws it.
static void every_shrink_is_granted_and_so_is_the_way_back(void **state)
{
    (void)state;
    static const size_t places[] = {1, 16, 112, 2048, 16384, 20480, 200704};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        void *block = filled(places[i]);
        void *behind = ch_heap_alloc(heap, places[i]);
        for (size_t size_bytes = places[i]; size_bytes > 0; size_bytes -= size_bytes / 7 + 1) {
            size_t twice_bytes = 2 * size_bytes < places[i] ? 2 * size_bytes : places[i];
            assert_true(ch_heap_resize(heap, block, size_bytes));
            assert_int_equal(ch_heap_size_bytes(heap, block), size_bytes);
            assert_true(has_kept(block, places[i], size_bytes));
            assert_true(ch_heap_resize(heap, block, twice_bytes));
            assert_true(ch_heap_resize(heap, block, 0));
            assert_int_equal(ch_heap_stats(heap).live_bytes, places[i]);
            watch_assert_whole(&watch, heap);
            ch_heap_free(heap, block);
            block = filled(places[i]);
            assert_true(ch_heap_resize(heap, block, size_bytes));
        }
        ch_heap_free(heap, block);
        ch_heap_free(heap, behind);
    }
}

static void a_roomy_block_goes_back_to_the_class_that_it_came_from(void **state)
{
    (void)state;
    void *block = ch_heap_alloc(heap, 1000);
    assert_true(ch_heap_resize(heap, block, 10));
    ch_heap_free(heap, block);
    watch_assert_whole(&watch, heap);
    void *small = ch_heap_alloc(heap, 10);
    void *same = ch_heap_alloc(heap, 1000);
    assert_ptr_not_equal(small, block);
    assert_ptr_equal(same, block);
    ch_heap_free(heap, small);
    ch_heap_free(heap, same);
}

static void a_large_block_that_shrinks_keeps_pages_for_twice_its_size(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{0, 1},    {1, 2},     {4096, 2},
                                      {4097, 4}, {MIB, 512}, {MIB - 1, 512}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct ch_stats before = ch_heap_stats(heap);
        void *block = ch_heap_alloc(heap, 4 * MIB);
        void *low = ch_heap_alloc(heap, 20000); // The block is not the first run.
        assert_true(ch_heap_resize(heap, block, sizes[i][0]));
        watch_assert_whole(&watch, heap);
        ch_heap_minimize(heap);
        size_t low_bytes = (size_t)5 * 4096;
        size_t tables_bytes = 16 * (size_t)4096;
        size_t committed_bytes = ch_heap_stats(heap).committed_bytes - before.committed_bytes;
        assert_in_range(committed_bytes - low_bytes, sizes[i][1] * 4096,
                        sizes[i][1] * 4096 + tables_bytes);
        ch_heap_free(heap, block);
        ch_heap_free(heap, low);
        ch_heap_minimize(heap);
    }
}

// A reallocate wants the place of the new size, unless the block grows where it has room.
static void a_roomy_block_is_reallocated(void **state)
{
    (void)state;
    static const struct {
        size_t place_bytes, old_bytes, size_bytes;
        bool moves;
    } cases[] = {
        {1000, 100, 100, false},    {1000, 100, 101, false},      {1000, 100, 1000, false},
        {1000, 100, 99, true},      {1000, 100, 2000, true},      {1000, 100, 40000, true},
        {1000, 900, 898, false},    {40000, 100, 100, false},     {40000, 100, 101, true},
        {40000, 100, 20000, false}, {40000, 18000, 17000, false}, {40000, 18000, 10, true},
        {40000, 0, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t old_bytes = cases[i].old_bytes;
        size_t size_bytes = cases[i].size_bytes;
        void *behind = ch_heap_alloc(heap, 20000);
        void *block = filled(cases[i].place_bytes);
        assert_true(ch_heap_resize(heap, block, old_bytes));
        void *other = ch_heap_realloc(heap, block, size_bytes);
        assert_int_equal(other != block, cases[i].moves);
        assert_int_equal(ch_heap_size_bytes(heap, other), size_bytes);
        assert_int_equal(ch_heap_stats(heap).live_bytes, 20000 + size_bytes);
        assert_true(
            has_kept(other, cases[i].place_bytes, size_bytes < old_bytes ? size_bytes : old_bytes));
        watch_assert_whole(&watch, heap);
        ch_heap_free(heap, other);
        ch_heap_free(heap, behind);
    }
}

static void what_lies_behind_a_roomy_block_is_no_part_of_it(void **state)
{
    (void)state;
    static const size_t places[] = {1000, 40000};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        unsigned char *block = filled(places[i]);
        assert_true(ch_heap_resize(heap, block, 100));
        ch_heap_free(heap, block + 99);
        watch_expect_fault(&watch, CH_FAULT_FREE_INTERIOR, block + 99);
        ch_heap_free(heap, block + 100);
        watch_expect_fault(&watch, CH_FAULT_FREE_TWICE, block + 100);
        assert_false(ch_heap_owns(heap, block + 112));
        if (fill_sees_poison()) {
            assert_false(fill_is_poisoned(block + 99));
            assert_true(fill_is_poisoned(block + 100));
            assert_true(fill_is_poisoned(block + 199));
        }
        ch_heap_free(heap, block);
        assert_false(ch_heap_owns(heap, block));
        ch_heap_free(heap, block);
        watch_expect_fault(&watch, CH_FAULT_FREE_TWICE, block);
    }
}

// A thread cache counts for its thread. Here no thread has one, so the heap counts resized blocks.
static void without_a_cache_a_block_is_resized_likewise(void **state)
{
    (void)state;
    assert_true(ch_thread_cache_select(0));
    unsigned char *block = filled(1000);
    assert_true(ch_heap_resize(heap, block, 10));
    assert_int_equal(ch_heap_stats(heap).live_bytes, 10);
    assert_true(ch_heap_resize(heap, block, 990));
    assert_int_equal(ch_heap_stats(heap).live_bytes, 990);
    assert_ptr_equal(ch_heap_realloc(heap, block, 980), block);
    assert_int_equal(ch_heap_stats(heap).live_bytes, 980);
    assert_true(has_kept(block, 1000, 10));
    watch_assert_whole(&watch, heap);
    ch_heap_free(heap, block);
    assert_true(ch_thread_cache_select(1));
}

static void null_is_refused_and_no_fault(void **state)
{
    (void)state;
    assert_false(ch_heap_resize(heap, NULL, 0));
    assert_false(ch_heap_resize(heap, NULL, 100));
    assert_int_equal(watch.faults, 0);
    assert_int_equal(ch_heap_stats(heap).live_blocks, 0);
}

static void what_is_no_block_raises_the_fault_of_a_reallocate(void **state)
{
    (void)state;
    char foreign = 0;
    unsigned char *small = filled(100);
    unsigned char *large = filled(20000);
    assert_false(ch_heap_resize(heap, &foreign, 1));
    watch_expect_fault(&watch, CH_FAULT_REALLOC_FOREIGN, &foreign);
    assert_false(ch_heap_resize(heap, small + 16, 100));
    watch_expect_fault(&watch, CH_FAULT_REALLOC_INTERIOR, small + 16);
    assert_false(ch_heap_resize(heap, large + 4096, 20000));
    watch_expect_fault(&watch, CH_FAULT_REALLOC_INTERIOR, large + 4096);
    ch_heap_free(heap, small);
    ch_heap_free(heap, large);
    assert_false(ch_heap_resize(heap, small, 100));
    watch_expect_fault(&watch, CH_FAULT_REALLOC_STALE, small);
    assert_false(ch_heap_resize(heap, large, 20000));
    watch_expect_fault(&watch, CH_FAULT_REALLOC_STALE, large);
}

#define ON_HEAP(claim) cmocka_unit_test_setup_teardown(claim, make_heap, end_heap)

int run_resize_claims(void)
{
    const struct CMUnitTest claims[] = {
        ON_HEAP(a_block_is_resized_while_its_room_is_large_enough),
        ON_HEAP(a_block_can_always_be_given_its_own_size),
        ON_HEAP(what_would_have_to_move_is_refused_and_nothing_has_changed),
        ON_HEAP(a_large_block_grows_into_free_pages_behind_it),
        ON_HEAP(a_refused_page_refuses_and_nothing_has_changed),
        ON_HEAP(what_is_idle_elsewhere_makes_room_for_a_refused_page),
        ON_HEAP(every_shrink_is_granted_and_so_is_the_way_back),
        ON_HEAP(a_roomy_block_goes_back_to_the_class_that_it_came_from),
        ON_HEAP(a_large_block_that_shrinks_keeps_pages_for_twice_its_size),
        ON_HEAP(a_roomy_block_is_reallocated),
        ON_HEAP(what_lies_behind_a_roomy_block_is_no_part_of_it),
        ON_HEAP(without_a_cache_a_block_is_resized_likewise),
        ON_HEAP(null_is_refused_and_no_fault),
        ON_HEAP(what_is_no_block_raises_the_fault_of_a_reallocate),
    };
    return cmocka_run_group_tests_name("another size in place", claims, NULL, NULL);
}
