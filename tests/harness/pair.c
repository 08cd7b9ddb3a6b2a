// The view of a comparison: subjects that keep every law that they state and still differ from
// another, and those that may differ.
//
// Each is the reference with one thing changed, and is compared with the reference.

#include "runner/pair.h"

#include <limits.h>
#include <string.h>

#include "../unit/cmocka_headers.h"
#include "findings/report.h"
#include "language/size.h"
#include "language/text.h"
#include "runner/trial.h"
#include "subjects/subjects.h"

#define LIMIT_BYTES 1000U // Of those that have a small one.

// The changed behaviour of the subject, over the reference.
static struct {
    size_t refused_bytes;   ///< Allocate and Reallocate refuse this size;
    bool refuses_same;      ///< Reallocate the size that a block has;
    size_t limit_bytes;     ///< and everything above.
    size_t null_size_bytes; ///< GetSize of NULL.
    size_t more_bytes;      ///< GetSize reports this many bytes too many.
    bool promises_nothing;  ///< It has no must_grant; otherwise
    size_t certain_bytes;   ///< It must grant so much since it was as good as new.
    enum lane lanes[8];     ///< Those that its calls came from,
    size_t lane_count;      ///< one after the other.
} change;

static const struct subject *reference;

static bool is_refused(size_t size_bytes)
{
    return size_bytes == change.refused_bytes || size_bytes > change.limit_bytes;
}

static void *allocate(size_t size_bytes)
{
    return is_refused(size_bytes) ? NULL : reference->port.allocate(size_bytes);
}

static void *reallocate(void *block, size_t size_bytes)
{
    bool is_same = block != NULL && size_bytes > 0 && reference->port.size(block) == size_bytes;
    return is_refused(size_bytes) || (is_same && change.refuses_same)
               ? NULL
               : reference->port.reallocate(block, size_bytes);
}

static size_t get_size(void *block)
{
    return block == NULL ? change.null_size_bytes : reference->port.size(block) + change.more_bytes;
}

static bool select_cache(unsigned cache)
{
    change.lanes[change.lane_count++] = (enum lane)cache;
    return true;
}

// No block waits in any.
static void minimize(void)
{
}

// It promises little, so that its own laws let it refuse anything.
static bool must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks)
{
    (void)arena_bytes, (void)since_empty_blocks;
    return since_empty_bytes <= change.certain_bytes;
}

static struct subject make_changed(void)
{
    struct subject changed = *reference;
    changed.name = "changed";
    changed.promises.must_grant = change.promises_nothing ? NULL : must_grant;
    changed.parts.com = NULL;
    changed.port.allocate = allocate;
    changed.port.reallocate = reallocate;
    changed.port.size = get_size;
    changed.port.select_cache = select_cache;
    changed.port.minimize = minimize;
    changed.port.policies.limit_bytes = change.limit_bytes;
    changed.port.policies.null_size_bytes = change.null_size_bytes;
    changed.port.policies.size =
        change.more_bytes == 0 ? HEAPFUZZ_SIZE_IS_EXACT : HEAPFUZZ_SIZE_IS_AT_LEAST;
    return changed;
}

static int set_up(void **state)
{
    (void)state;
    memset(&change, 0, sizeof change);
    memset(counters, 0, sizeof *counters);
    reference = subject_find("reference");
    change.refused_bytes = SIZE_MAX;
    change.limit_bytes = INT_MAX;
    change.null_size_bytes = SIZE_MAX;
    return 0;
}

static void read_program(const char *text, struct program *program)
{
    struct text_error error;
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "rb");
    assert_non_null(file);
    assert_true(text_read(file, program, &error));
    (void)fclose(file);
}

static trial_verdict verdict_of(const char *text)
{
    struct program program = {0};
    struct subject changed = make_changed();
    struct plan plan = {.subject = &changed, .other = reference, .runs_twice = true};
    read_program(text, &program);
    trial_verdict verdict = trial_run(&plan, &program);
    program_close(&program);
    return verdict;
}

// Runs a pair in this process. No law may be broken; the test can read the counters.
static void run_clean(const char *text, bool is_changed_first)
{
    struct program program = {0};
    struct subject changed = make_changed();
    struct plan plan = {.subject = is_changed_first ? &changed : reference,
                        .other = is_changed_first ? reference : &changed};
    read_program(text, &program);
    pair_run(&plan, &program);
    program_close(&program);
}

static const int pair_broken = FINDING_FIRST_STATUS + (int)LAW_PAIR;

static const char some_calls[] = "allocate b0 100\nreallocate b0 200\nsize b0\nsize b1\nfree b0\n"
                                 "reallocate b1 30\nowns b1 0\nowns b1 29\nreallocate b1 0\n";

static void two_that_do_the_same_do_not_differ(void **state)
{
    (void)state;
    run_clean(some_calls, true);
    assert_int_equal(counters->compared_by[VERB_ALLOCATE], 1);
    assert_int_equal(counters->compared_by[VERB_REALLOCATE], 3);
    assert_int_equal(counters->compared_by[VERB_SIZE], 2);
    assert_int_equal(counters->compared_by[VERB_OWNS], 2);
    for (unsigned i = 0; i < DIFFERENCES; i++) {
        assert_int_equal(counters->differed_by[i], 0);
    }
    assert_int_equal(counters->given_up, 0);
}

static void what_asks_for_nothing_may_not_be_refused(void **state)
{
    (void)state;
    change.refuses_same = true;
    assert_int_equal(verdict_of("allocate b0 100\nreallocate b0 100\n"), pair_broken);
    assert_int_equal(verdict_of("allocate b0 100\nreallocate b0 101\n"), TRIAL_CLEAN);
}

static void what_asks_for_something_may_be(void **state)
{
    (void)state;
    change.refused_bytes = 100;
    run_clean("allocate b0 100\nsize b0\nallocate b1 50\nreallocate b1 100\nsize b1\n", true);
    assert_int_equal(counters->differed_by[DIFFERENCE_ROOM], 2);
    assert_int_equal(counters->given_up, 2);
}

// b1 shows the difference to a program: its size is that of b0 plus one.
static void after_a_difference_the_slot_is_empty_in_both(void **state)
{
    (void)state;
    static const char text[] = "allocate b0 100\nallocate b1 size(b0)+1\nsize b1\n";
    change.refused_bytes = 100;
    run_clean(text, true);
    assert_int_equal(counters->most_live_bytes, 100); // For a moment, in the reference.
    assert_int_equal(counters->differed_by[DIFFERENCE_ROOM], 1);
    assert_int_equal(set_up(state), 0);
    change.refused_bytes = 100;
    run_clean(text, false);
    assert_int_equal(counters->differed_by[DIFFERENCE_ROOM], 1);
}

static void what_the_second_must_grant_is_kept(void **state)
{
    (void)state;
    change.certain_bytes = 1000;
    run_clean("allocate b0 600\nfree b0\nallocate b1 600\nreallocate b1 400\n", false);
    assert_int_equal(counters->given_up, 0);
    run_clean("allocate b0 600\nreallocate b0 401\n", false); // It may move, and take both.
    assert_int_equal(counters->given_up, 1);
    run_clean("allocate b0 600\nworld 0 0\nallocate b0 600\n", false);
    assert_int_equal(counters->given_up, 1);
}

static void blocks_of_a_second_that_promises_nothing_are_kept(void **state)
{
    (void)state;
    change.promises_nothing = true;
    run_clean("repeat 2\nallocate b0 100\nsize b2\n", false);
    assert_int_equal(counters->most_live_blocks, 3);
    assert_int_equal(counters->compared_by[VERB_SIZE], 1);
    assert_int_equal(counters->given_up, 0);
}

static void a_refusal_of_such_a_second_ends_the_comparison(void **state)
{
    (void)state;
    change.promises_nothing = true;
    change.refused_bytes = 13;
    run_clean("allocate b0 100\nallocate b1 13\nsize b0\nfree b0\n", false);
    assert_int_equal(counters->compared_by[VERB_ALLOCATE], 2);
    assert_int_equal(counters->compared_by[VERB_SIZE], 0);
    assert_int_equal(counters->given_up, 1);
}

static void a_limit_is_held_against_its_own_subject_only(void **state)
{
    (void)state;
    change.limit_bytes = LIMIT_BYTES;
    run_clean("allocate b0 1000\nallocate b1 1001\nreallocate b0 1001\nsize b0\n", true);
    assert_int_equal(counters->differed_by[DIFFERENCE_LIMIT], 2);
    assert_int_equal(counters->given_up, 2);
}

static void a_request_that_neither_may_grant_changes_nothing(void **state)
{
    (void)state;
    change.limit_bytes = LIMIT_BYTES;
    run_clean("allocate b0 1000\nreallocate b0 INT_MAX+1\nreallocate b0 size\nsize b0\n", true);
    const uint64_t *outcomes = counters->calls_by[VERB_REALLOCATE];
    assert_int_equal(outcomes[OUTCOME_OVER_LIMIT], 2);
    assert_int_equal(outcomes[OUTCOME_IN_PLACE] + outcomes[OUTCOME_MOVED], 2); // Of 1000 bytes.
    assert_int_equal(counters->differed_by[DIFFERENCE_LIMIT], 0);
}

static void sizes_of_null_are_compared_where_they_are_documented_alike(void **state)
{
    (void)state;
    change.null_size_bytes = 7;
    run_clean("size b0\n", true);
    assert_int_equal(counters->compared_by[VERB_SIZE], 1);
    assert_int_equal(counters->differed_by[DIFFERENCE_NULL_SIZE], 1);
}

static void a_size_that_is_not_exact_may_be_larger(void **state)
{
    (void)state;
    change.more_bytes = 5;
    run_clean("allocate b0 10\nsize b0\n", true);
    assert_int_equal(counters->differed_by[DIFFERENCE_INEXACT], 1);
}

static void each_of_a_pair_that_has_lanes_gets_them(void **state)
{
    (void)state;
    static const enum lane wanted[] = {LANE_FIRST, LANE_SECOND, LANE_NONE, LANE_FIRST};
    for (unsigned is_first = 0; is_first < 2; is_first++) {
        change.lane_count = 0;
        run_clean("lane 2\nallocate b0 10\nlane 4\nfree b0\nworld 0 0\n", is_first != 0);
        assert_int_equal(change.lane_count, 4);
        assert_memory_equal(change.lanes, wanted, sizeof wanted);
    }
    assert_int_equal(counters->calls_by[VERB_LANE][OUTCOME_DONE], 8);
}

static void after_several_lanes_only_minimizing_makes_a_heap_as_new(void **state)
{
    (void)state;
    change.certain_bytes = 1000;
    run_clean("lane 2\nallocate b0 600\nfree b0\nallocate b0 600\n", false);
    assert_int_equal(counters->given_up, 0);
    run_clean("allocate b0 600\nlane 2\nfree b0\nminimize\nallocate b0 600\n", false);
    assert_int_equal(counters->given_up, 0);
    run_clean("allocate b0 600\nlane 2\nfree b0\nallocate b0 600\n", false);
    assert_int_equal(counters->given_up, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(two_that_do_the_same_do_not_differ, set_up),
        cmocka_unit_test_setup(what_asks_for_nothing_may_not_be_refused, set_up),
        cmocka_unit_test_setup(what_asks_for_something_may_be, set_up),
        cmocka_unit_test_setup(after_a_difference_the_slot_is_empty_in_both, set_up),
        cmocka_unit_test_setup(what_the_second_must_grant_is_kept, set_up),
        cmocka_unit_test_setup(blocks_of_a_second_that_promises_nothing_are_kept, set_up),
        cmocka_unit_test_setup(a_refusal_of_such_a_second_ends_the_comparison, set_up),
        cmocka_unit_test_setup(a_limit_is_held_against_its_own_subject_only, set_up),
        cmocka_unit_test_setup(a_request_that_neither_may_grant_changes_nothing, set_up),
        cmocka_unit_test_setup(sizes_of_null_are_compared_where_they_are_documented_alike, set_up),
        cmocka_unit_test_setup(a_size_that_is_not_exact_may_be_larger, set_up),
        cmocka_unit_test_setup(each_of_a_pair_that_has_lanes_gets_them, set_up),
        cmocka_unit_test_setup(after_several_lanes_only_minimizing_makes_a_heap_as_new, set_up),
    };
    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
