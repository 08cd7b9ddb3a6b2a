// The records of a leak spy, by themselves. In a heap of the test's own they can be counted, and
// memory for more of them can run out. The blocks are none: only their addresses are noted.

#include "cmocka_headers.h"
#include "scratch.h"
#include "spy_groups.h"

#include "com/leaks.h"

#include <stdint.h>

#define BLOCKS 20000U

static const void *block_at(size_t i)
{
    return (const void *)(uintptr_t)(16 * (i + 1));
}

static struct ch_leaks open_in(struct ch_heap *heap)
{
    struct ch_leaks leaks;
    assert_true(ch_leaks_open(&leaks, heap));
    return leaks;
}

static void end_all(struct ch_leaks *leaks)
{
    while (leaks->oldest != NULL) {
        ch_leaks_end(leaks, leaks->oldest);
    }
}

// Only the chains are left of many, at their last length.
static void what_has_ended_needs_no_memory(const struct face *face)
{
    (void)face;
    struct ch_leaks leaks = open_in(scratch.heap);
    for (size_t i = 0; i < BLOCKS; i++) {
        ch_leaks_add(&leaks, block_at(i), i);
    }
    assert_int_equal(leaks.counts.lost, 0);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, BLOCKS + 1);
    size_t chains_bytes = ch_heap_size_bytes(scratch.heap, leaks.chains);
    assert_true(chains_bytes >= BLOCKS * sizeof(void *)); // They have grown.
    end_all(&leaks);
    assert_int_equal(leaks.counts.live_blocks, 0);
    assert_int_equal(leaks.counts.live_bytes, 0);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 1);
    assert_int_equal(ch_heap_stats(scratch.heap).live_bytes, chains_bytes);
    ch_heap_free(scratch.heap, leaks.chains);
}

static void what_can_not_be_noted_is_lost_and_has_a_number(const struct face *face)
{
    (void)face;
    scratch_restart(CH_ARENA_BYTES_MIN);
    struct ch_leaks leaks = open_in(scratch.heap);
    size_t noted = 0;
    for (; leaks.counts.lost == 0 && noted < BLOCKS; noted++) {
        ch_leaks_add(&leaks, block_at(noted), 10);
    }
    noted--; // The last one was not noted. Before it, memory for more chains may have run out, too.
    for (size_t i = 0; i < noted; i++) {
        assert_int_equal(ch_leaks_find(&leaks, block_at(i))->leak.number, i + 1);
    }
    assert_int_equal(leaks.counts.lost, 1);
    assert_int_equal(leaks.counts.allocations, noted + 1);
    assert_int_equal(leaks.counts.live_blocks, noted);
    assert_int_equal(leaks.counts.live_bytes, noted * 10);
    assert_null(ch_leaks_find(&leaks, block_at(noted)));
    ch_leaks_end(&leaks, ch_leaks_find(&leaks, block_at(7)));
    ch_leaks_add(&leaks, block_at(noted + 1), 5); // There is room for one again.
    assert_int_equal(leaks.counts.lost, 1);
    assert_ptr_equal(leaks.newest, ch_leaks_find(&leaks, block_at(noted + 1)));
    assert_int_equal(leaks.newest->leak.number, noted + 2);
    assert_int_equal(leaks.newest->older->leak.number, noted);
    end_all(&leaks);
    ch_heap_free(scratch.heap, leaks.chains);
}

static void where_there_is_no_memory_it_does_not_begin(const struct face *face)
{
    (void)face;
    scratch_restart(CH_ARENA_BYTES_MIN);
    struct ch_leaks leaks;
    void *all = NULL;
    for (size_t size_bytes = CH_ARENA_BYTES_MIN; all == NULL; size_bytes -= 4096) {
        all = ch_heap_alloc(scratch.heap, size_bytes);
    }
    scratch.refuses_pages = true;
    bool is_open = ch_leaks_open(&leaks, scratch.heap);
    scratch.refuses_pages = false;
    assert_false(is_open);
    ch_heap_free(scratch.heap, all);
}

int run_leaks_tests(void)
{
    const struct CMUnitTest tests[] = {
        ROW(what_has_ended_needs_no_memory),
        ROW(what_can_not_be_noted_is_lost_and_has_a_number),
        ROW(where_there_is_no_memory_it_does_not_begin),
    };
    return cmocka_run_group_tests_name("leaks", tests, NULL, NULL);
}
