// The calling thread's cache of the heap of the process, which one load finds: it is open, and the
// thread's own, or it is the closed one.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/process.h"

static struct ch_heap *heap;

static int take_heap(void **state)
{
    (void)state;
    heap = ch_heap_of_process();
    return heap == NULL;
}

static void take_and_give(void)
{
    void *block = ch_heap_alloc(heap, 100);
    assert_non_null(block);
    ch_heap_free(heap, block);
    ch_process_find_cache(); // As the drop-in does, after a call that took long.
}

static void assert_closed(void)
{
    assert_ptr_equal(ch_process_cache, &ch_cache_closed);
}

static void assert_mine(void)
{
    assert_true(ch_cache_is_open(ch_process_cache));
    assert_ptr_equal(ch_process_cache, ch_cache_mine(heap));
}

static void the_heap_of_the_process_is_found_at_once(void **state)
{
    (void)state;
    assert_ptr_equal(atomic_load(&ch_process_heap), heap);
    assert_int_equal(ch_process_none.small_granules, 0);
}

static void a_cache_is_found_once_it_is_open(void **state)
{
    (void)state;
    take_and_give();
    assert_mine();
    ch_heap_minimize(heap);
    assert_closed();
    take_and_give();
    assert_mine();
}

static void a_thread_that_changes_its_number_changes_its_cache(void **state)
{
    (void)state;
    take_and_give();
    struct ch_cache *first = ch_process_cache;
    assert_true(ch_thread_cache_select(7));
    assert_closed();
    take_and_give();
    assert_mine();
    assert_ptr_not_equal(ch_process_cache, first);
    assert_true(ch_thread_cache_select(0));
    assert_closed();
    take_and_give();
    assert_closed();
    assert_true(ch_thread_cache_select(1));
    assert_closed();
    take_and_give(); // The thread cache is open already.
    assert_mine();
}

static void the_cache_of_another_heap_is_not_found(void **state)
{
    (void)state;
    ch_heap_minimize(heap);
    struct watch watch = watch_open();
    struct ch_heap *other = watch_heap(&watch, 8 * MIB);
    ch_heap_free(other, ch_heap_alloc(other, 100));
    ch_process_find_cache();
    assert_closed();
    take_and_give();
    assert_mine();
    ch_heap_minimize(other);
    ch_process_find_cache();
    assert_mine();
    watch_end_empty(&watch, other);
}

#define ON_HEAP(claim) cmocka_unit_test_setup(claim, take_heap)

int run_process_claims(void)
{
    const struct CMUnitTest claims[] = {
        ON_HEAP(the_heap_of_the_process_is_found_at_once),
        ON_HEAP(a_cache_is_found_once_it_is_open),
        ON_HEAP(a_thread_that_changes_its_number_changes_its_cache),
        ON_HEAP(the_cache_of_another_heap_is_not_found),
    };
    return cmocka_run_group_tests_name("the heap of the process", claims, NULL, NULL);
}
