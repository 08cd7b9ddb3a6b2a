// The fourth principle: the same calls on the same pages give the same answers. That holds for the
// offset of each block and for each request for pages, wherever the arena lies and whatever garbage
// fresh pages hold.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "world/asan.h"

static uintptr_t offset_of(const struct watch *watch, const void *block)
{
    return block == NULL ? 0 : (uintptr_t)block - (uintptr_t)watch->start;
}

static void assert_alike(const struct watch watches[2], const struct churn churns[2])
{
    for (unsigned i = 0; i < CHURN_SLOTS; i++) {
        if (offset_of(&watches[0], churns[0].slots[i].block) !=
            offset_of(&watches[1], churns[1].slots[i].block)) {
            fail_msg("two heaps gave different blocks for the same calls");
        }
    }
    assert_int_equal(watches[0].requests, watches[1].requests);
    assert_int_equal(watches[0].decommits, watches[1].decommits);
    assert_int_equal(watches[0].refusals, watches[1].refusals);
    assert_true(watch_is_same(ch_heap_stats(churns[0].heap), ch_heap_stats(churns[1].heap)));
}

// Large arenas, arenas so small that calls are refused, and requests for pages that are refused.
static void same_calls_same_answers(size_t arena_bytes, unsigned refuse_every)
{
    struct watch watches[2];
    struct churn churns[2];
    for (unsigned i = 0; i < 2; i++) {
        watches[i] = watch_open();
        watches[i].garbage += i;
        churns[i] = (struct churn){.random = 7, .most_bytes = 200 * KIB};
        churns[i].heap = watch_heap(&watches[i], arena_bytes);
    }
    for (unsigned step = 0; step < 20000; step++) {
        for (unsigned i = 0; i < 2; i++) {
            if (refuse_every != 0 && step % refuse_every == 0) {
                watches[i].refuse_at = step / refuse_every % 4;
            }
            churn_step(&churns[i]);
            if (step % 3000 == 0) {
                ch_heap_minimize(churns[i].heap);
            }
        }
        if (step % 100 == 0) {
            assert_alike(watches, churns);
        }
    }
    assert_true(churns[0].refusals > 0 || arena_bytes > MIB);
    assert_int_equal(watches[0].refusals > 0, refuse_every != 0);
    for (unsigned i = 0; i < 2; i++) {
        churn_end(&churns[i]);
        assert_null(churns[i].wrong);
        watch_end(&watches[i], churns[i].heap);
    }
}

static void the_same_calls_give_the_same_blocks(void **state)
{
    (void)state;
    same_calls_same_answers(64 * MIB, 0);
}

static void the_same_calls_give_the_same_blocks_where_there_is_no_room(void **state)
{
    (void)state;
    same_calls_same_answers(CH_ARENA_BYTES_MIN, 0);
}

static void the_same_calls_give_the_same_blocks_when_pages_are_refused(void **state)
{
    (void)state;
    same_calls_same_answers(64 * MIB, 100);
}

int run_same_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(the_same_calls_give_the_same_blocks),
        cmocka_unit_test(the_same_calls_give_the_same_blocks_where_there_is_no_room),
        cmocka_unit_test(the_same_calls_give_the_same_blocks_when_pages_are_refused),
    };
    return cmocka_run_group_tests_name("same calls", claims, NULL, NULL);
}
