// Kept page runs: large blocks that wait in the thread cache after they were freed. Which are kept,
// which request each serves, and when they become free page runs again. The claims look at the page
// heap, which must not change as long as blocks come and go through the thread cache.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include <string.h>

#include "engine/cache.h"
#include "engine/state.h"
#include "world/asan.h"

#define PAGE ((size_t)4096)
#define ARENA_BYTES (16 * MIB)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct watch watch;
static struct ch_heap *heap;

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

static unsigned char *take(size_t size_bytes)
{
    unsigned char *block = ch_heap_alloc(heap, size_bytes);
    assert_non_null(block);
    assert_int_equal(ch_heap_size_bytes(heap, block), size_bytes);
    watch_assert_whole(&watch, heap);
    return block;
}

static void give(void *block)
{
    ch_heap_free(heap, block);
    assert_int_equal(watch.faults, 0);
    watch_assert_whole(&watch, heap);
}

static bool is_kept(const void *block)
{
    return heap->runs[ch_offset(heap, block) >> heap->page_log2].kind == CH_RUN_KEPT;
}

static size_t count_kept(void)
{
    size_t count = 0;
    for (uint32_t page = 0; page < heap->page_count; page += heap->runs[page].pages) {
        count += heap->runs[page].kind == CH_RUN_KEPT;
    }
    return count;
}

// The part of the page heap that changes when a page run is taken or given.
struct page_heap {
    uint32_t run_lists[CH_RUN_LISTS];
    size_t committed_pages, used_pages, freed_pages, requests;
};

static struct page_heap see(void)
{
    struct page_heap seen = {
        .committed_pages = heap->committed_pages,
        .used_pages = heap->used_pages,
        .freed_pages = heap->freed_pages,
        .requests = watch.requests,
    };
    memcpy(seen.run_lists, heap->run_lists, sizeof seen.run_lists);
    return seen;
}

static void assert_unchanged(const struct page_heap *before)
{
    struct page_heap now = see();
    assert_memory_equal(&now, before, sizeof now);
}

static void a_freed_block_comes_back_without_the_page_heap(void **state)
{
    (void)state;
    static const size_t sizes[] = {CH_SMALL_BYTES + 1, 64 * KIB, 100001, CH_KEPT_BYTES};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        unsigned char *block = take(sizes[i]);
        struct page_heap before = see();
        for (unsigned turn = 0; turn < 3; turn++) {
            give(block);
            assert_true(is_kept(block));
            assert_ptr_equal(take(sizes[i]), block);
        }
        assert_unchanged(&before);
        give(block);
        ch_heap_minimize(heap);
    }
}

static void the_last_one_of_a_length_comes_back_first_and_a_fifth_is_not_kept(void **state)
{
    (void)state;
    unsigned char *blocks[CH_KEPT_EACH + 1];
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = take(20 * KIB);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        give(blocks[i]);
        assert_int_equal(is_kept(blocks[i]), i < CH_KEPT_EACH);
    }
    for (size_t i = CH_KEPT_EACH; i-- > 0;) {
        assert_ptr_equal(take(20 * KIB), blocks[i]);
    }
    assert_int_equal(count_kept(), 0);
    for (size_t i = 0; i < CH_KEPT_EACH; i++) {
        give(blocks[i]);
    }
}

static void a_thread_keeps_512_KiB_in_all_and_the_room_comes_back(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 3; turn++) {
        unsigned char *first = take(CH_KEPT_BYTES);
        unsigned char *second = take(CH_KEPT_BYTES - 3 * PAGE);
        unsigned char *third = take(20 * KIB);
        give(first);
        give(second);
        give(third); // 3 pages are left, and it has 5.
        assert_true(is_kept(first) && is_kept(second));
        assert_false(is_kept(third));
        third = take(20 * KIB);
        assert_ptr_equal(take(CH_KEPT_BYTES), first);
        give(third);
        assert_true(is_kept(third));
        give(first); // Now for this one there is no room.
        assert_false(is_kept(first));
        ch_heap_minimize(heap);
        assert_int_equal(count_kept(), 0);
    }
}

static void a_block_of_more_than_256_KiB_is_not_kept(void **state)
{
    (void)state;
    give(take(20 * KIB));
    unsigned char *block = take(CH_KEPT_BYTES + 1);
    give(block);
    assert_false(is_kept(block));
    ch_heap_minimize(heap);
}

static void it_serves_each_size_of_its_length_and_no_other(void **state)
{
    (void)state;
    unsigned char *block = take(16 * PAGE);
    give(block);
    unsigned char *shorter = take(15 * PAGE);
    unsigned char *longer = take(16 * PAGE + 1);
    assert_true(is_kept(block));
    assert_ptr_equal(take(15 * PAGE + 1), block);
    give(block);
    assert_ptr_equal(take(16 * PAGE), block);
    give(shorter);
    give(longer);
    give(block);
    ch_heap_minimize(heap);
}

// Its length is that of its page run, which changes when it is resized. A roomy one is not kept.
static void it_is_kept_by_the_length_that_it_has_when_it_is_freed(void **state)
{
    (void)state;
    unsigned char *block = take(16 * PAGE);
    assert_ptr_equal(ch_heap_realloc(heap, block, 10 * PAGE), block);
    give(block);
    assert_ptr_equal(take(10 * PAGE), block);
    assert_true(ch_heap_resize(heap, block, 6 * PAGE));
    give(block);
    assert_false(is_kept(block));
    ch_heap_minimize(heap);
}

static void zeroed_memory_that_was_kept_is_zeros(void **state)
{
    (void)state;
    unsigned char *block = take(16 * PAGE);
    memset(block, 0xa5, 16 * PAGE);
    give(block);
    unsigned char *zeroed = ch_heap_alloc_zeroed(heap, 16 * PAGE - 9);
    assert_ptr_equal(zeroed, block);
    for (size_t i = 0; i < 16 * PAGE - 9; i++) {
        assert_int_equal(zeroed[i], 0);
    }
    give(zeroed);
    ch_heap_minimize(heap);
}

static void a_pointer_to_one_is_stale(void **state)
{
    (void)state;
    unsigned char *block = take(64 * KIB);
    give(block);
    assert_true(is_kept(block));
    struct page_heap before = see();
    assert_true(ch_heap_size_bytes(heap, block) == SIZE_MAX);
    assert_false(ch_heap_owns(heap, block));
    ch_heap_free(heap, block);
    watch_expect_fault(&watch, CH_FAULT_FREE_TWICE, block);
    ch_heap_free(heap, block + 100); // Inside of no block.
    watch_expect_fault(&watch, CH_FAULT_FREE_TWICE, block + 100);
    assert_null(ch_heap_realloc(heap, block, 100));
    watch_expect_fault(&watch, CH_FAULT_REALLOC_STALE, block);
    assert_false(ch_heap_resize(heap, block, 60 * KIB));
    watch_expect_fault(&watch, CH_FAULT_REALLOC_STALE, block);
    assert_unchanged(&before);
    assert_ptr_equal(take(64 * KIB), block);
    give(block);
    ch_heap_minimize(heap);
}

static void one_counts_for_no_live_block(void **state)
{
    (void)state;
    unsigned char *other = take(30 * KIB);
    struct ch_stats before = ch_heap_stats(heap);
    unsigned char *block = take(64 * KIB);
    assert_int_equal(ch_heap_stats(heap).live_blocks, before.live_blocks + 1);
    give(block);
    assert_true(is_kept(block));
    assert_int_equal(ch_heap_stats(heap).live_blocks, before.live_blocks);
    assert_int_equal(ch_heap_stats(heap).live_bytes, 30 * KIB);
    give(other);
    ch_heap_minimize(heap);
}

static void keep_some(void)
{
    unsigned char *blocks[] = {take(20 * KIB), take(20 * KIB), take(200 * KIB), take(64 * KIB)};
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        give(blocks[i]);
    }
    assert_int_equal(count_kept(), COUNT_OF(blocks));
}

static void a_minimized_heap_keeps_none(void **state)
{
    (void)state;
    keep_some();
    ch_heap_minimize(heap);
    assert_int_equal(count_kept(), 0);
    assert_int_equal(heap->runs[0].pages, heap->page_count);
    keep_some();
    ch_heap_minimize(heap);
}

static void a_request_without_room_gets_theirs(void **state)
{
    (void)state;
    size_t largest = watch_largest(heap);
    keep_some();
    give(take(largest));
    ch_heap_minimize(heap);
}

static void a_request_that_is_refused_pages_gets_theirs(void **state)
{
    (void)state;
    keep_some();
    watch.refuse_at = 0; // The next one.
    unsigned char *block = take(MIB);
    assert_true(watch.refusals > 0);
    assert_int_equal(count_kept(), 0);
    give(block);
    ch_heap_minimize(heap);
}

// Each thread cache hands out what it keeps. One that no thread has gives its page runs up.
static void another_cache_has_no_use_of_them(void **state)
{
    (void)state;
    unsigned mine = ch_thread_number;
    unsigned char *block = take(64 * KIB);
    give(block);
    assert_true(ch_thread_cache_select(mine + 1));
    unsigned char *other = take(64 * KIB);
    assert_ptr_not_equal(other, block);
    assert_true(is_kept(block));
    give(other);
    assert_true(is_kept(other));
    ch_heap_minimize(heap);
    assert_int_equal(count_kept(), 0);
    assert_true(ch_thread_cache_select(mine));
}

static struct ch_heap *make_bounded(size_t live_bytes, size_t block_bytes)
{
    struct ch_heap *bounded = ch_heap_create(&(struct ch_config){
        .arena_bytes = ARENA_BYTES, .live_bytes = live_bytes, .block_bytes = block_bytes});
    assert_non_null(bounded);
    return bounded;
}

static void a_heap_with_a_bound_on_the_sum_keeps_none(void **state)
{
    (void)state;
    heap = make_bounded(MIB, 0);
    ch_heap_free(heap, ch_heap_alloc(heap, 64 * KIB));
    ch_heap_free(heap, ch_heap_alloc(heap, 64 * KIB));
    assert_int_equal(count_kept(), 0);
    ch_heap_destroy(heap);
}

static void none_serves_a_request_above_the_bound_of_a_block(void **state)
{
    (void)state;
    const size_t bound = 25 * PAGE - 100;
    heap = make_bounded(0, bound);
    void *block = ch_heap_alloc(heap, bound);
    assert_non_null(block);
    ch_heap_free(heap, block);
    assert_null(ch_heap_alloc(heap, bound + 1)); // A block of as many pages.
    assert_null(ch_heap_alloc_zeroed(heap, bound + 1));
    block = ch_heap_alloc(heap, 24 * PAGE);
    ch_heap_free(heap, block);
    assert_true(is_kept(block));
    assert_int_equal(ch_heap_check(heap).invariant, CH_INVARIANTS);
    ch_heap_destroy(heap);
}

static void on_longer_pages_the_bytes_are_bounded_too(void **state)
{
    (void)state;
    for (size_t page_bytes = 4 * PAGE; page_bytes <= 16 * PAGE; page_bytes *= 4) {
        watch = watch_open();
        watch.page_bytes = page_bytes;
        heap = watch_heap(&watch, 4 * ARENA_BYTES);
        unsigned char *fits = take(CH_KEPT_BYTES);
        unsigned char *longer = take(CH_KEPT_BYTES + 1);
        give(longer);
        give(fits);
        assert_false(is_kept(longer));
        assert_true(is_kept(fits));
        assert_ptr_equal(take(CH_KEPT_BYTES - 1), fits);
        give(fits);
        watch_end_empty(&watch, heap);
    }
}

#ifdef HAS_ASAN
static void every_byte_of_one_is_poisoned(void **state)
{
    (void)state;
    unsigned char *block = take(16 * PAGE - 50);
    give(block);
    assert_true(is_kept(block));
    for (size_t i = 0; i < 16 * PAGE; i++) {
        assert_true(__asan_address_is_poisoned(block + i));
    }
    assert_ptr_equal(take(15 * PAGE + 5), block);
    for (size_t i = 0; i < 16 * PAGE; i++) {
        assert_int_equal(__asan_address_is_poisoned(block + i) != 0, i >= 15 * PAGE + 5);
    }
    give(block);
    ch_heap_minimize(heap);
    for (size_t i = 0; i < 16 * PAGE; i++) {
        assert_true(__asan_address_is_poisoned(block + i));
    }
}
#endif

#define ON_HEAP(claim) cmocka_unit_test_setup_teardown(claim, make_heap, end_heap)

int run_kept_claims(void)
{
    const struct CMUnitTest claims[] = {
        ON_HEAP(a_freed_block_comes_back_without_the_page_heap),
        ON_HEAP(the_last_one_of_a_length_comes_back_first_and_a_fifth_is_not_kept),
        ON_HEAP(a_thread_keeps_512_KiB_in_all_and_the_room_comes_back),
        ON_HEAP(a_block_of_more_than_256_KiB_is_not_kept),
        ON_HEAP(it_serves_each_size_of_its_length_and_no_other),
        ON_HEAP(it_is_kept_by_the_length_that_it_has_when_it_is_freed),
        ON_HEAP(zeroed_memory_that_was_kept_is_zeros),
        ON_HEAP(a_pointer_to_one_is_stale),
        ON_HEAP(one_counts_for_no_live_block),
        ON_HEAP(a_minimized_heap_keeps_none),
        ON_HEAP(a_request_without_room_gets_theirs),
        ON_HEAP(a_request_that_is_refused_pages_gets_theirs),
        ON_HEAP(another_cache_has_no_use_of_them),
        cmocka_unit_test(a_heap_with_a_bound_on_the_sum_keeps_none),
        cmocka_unit_test(none_serves_a_request_above_the_bound_of_a_block),
        cmocka_unit_test(on_longer_pages_the_bytes_are_bounded_too),
#ifdef HAS_ASAN
        ON_HEAP(every_byte_of_one_is_poisoned),
#endif
    };
    return cmocka_run_group_tests_name("kept page runs", claims, NULL, NULL);
}
