// Shrinking finds the one op that matters among hundreds, fails the same way at the end, and works
// for a crash of the subject as for a law.
//
// The subject is the C library's malloc with a bug of each kind, each at a size of its own.

#include "findings/shrink.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/cmocka_headers.h"
#include "findings/shrink_slots.h"
#include "language/size.h"
#include "world/clock.h"

#define WRONG_SIZE 1001U // And larger sizes.
#define CRASH_SIZE 501U  // Half of it, so that shrinking comes by.
#define LIMIT_BYTES 100000U
#define CROWD_BLOCKS 40U // So many blocks of CROWD_SIZE up to CRASH_SIZE, and the next crashes.
#define CROWD_SIZE 450U
#define LANE_SIZE 701U // It crashes on the last lane.
#define HANG_SIZE 801U // It hangs, and no signal but one that can't be blocked ends it.

static unsigned crowd;
static enum lane entered;

static void *allocate(size_t size_bytes)
{
    if (size_bytes == HANG_SIZE) {
        sigset_t all;
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, NULL);
        for (;;) {
            (void)pause();
        }
    }
    if (size_bytes == CRASH_SIZE || (size_bytes == LANE_SIZE && entered == LANE_LAST) ||
        (size_bytes >= CROWD_SIZE && size_bytes < CRASH_SIZE && ++crowd > CROWD_BLOCKS)) {
        abort();
    }
    return size_bytes > LIMIT_BYTES ? NULL : malloc(size_bytes + 1);
}

static void free_block(void *block)
{
    free(block);
}

static void *reallocate(void *block, size_t size_bytes)
{
    if (size_bytes == CRASH_SIZE) {
        abort();
    }
    if (size_bytes == 0 && block != NULL) {
        free_block(block);
        return NULL;
    }
    return size_bytes > LIMIT_BYTES ? NULL : realloc(block, size_bytes + 1);
}

static size_t get_size(void *block)
{
    size_t size_bytes = block == NULL ? 0 : malloc_usable_size(block);
    return size_bytes >= WRONG_SIZE ? WRONG_SIZE - 1 : size_bytes;
}

static void reset(void)
{
    crowd = 0;
}

static bool select_cache(unsigned cache)
{
    entered = (enum lane)cache;
    return true;
}

// No block waits in any.
static void minimize(void)
{
}

#define POLICIES(most_bytes)                                                                       \
    {                                                                                              \
        .limit_bytes = (most_bytes), .alignment_bytes = 8, .zero = HEAPFUZZ_ZERO_IS_BLOCK,         \
        .reallocate_to_zero = HEAPFUZZ_TO_ZERO_FREES, .size = HEAPFUZZ_SIZE_IS_AT_LEAST            \
    }

static bool must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks)
{
    (void)arena_bytes, (void)since_empty_bytes, (void)since_empty_blocks;
    return false;
}

static const struct subject planted = {
    .name = "planted",
    .sentence = "malloc with bugs",
    .port =
        {
            .policies = POLICIES(LIMIT_BYTES),
            .reset = reset,
            .allocate = allocate,
            .free = free_block,
            .reallocate = reallocate,
            .size = get_size,
            .minimize = minimize,
            .select_cache = select_cache,
        },
    .promises = {.must_grant = must_grant},
};

static const struct plan plan = {.subject = &planted};
static const struct scope scope = {1U << FAMILY_HEAP, 65536, LIMIT_BYTES, false};

// Forgets how large a block is that takes more than sixteen pages.
static size_t get_size_of_pages(void *block)
{
    size_t size_bytes = block == NULL ? 0 : malloc_usable_size(block);
    return size_bytes > 65536 + 32 ? 65536 : SIZE_MAX;
}

static void *allocate_pages(size_t size_bytes)
{
    return size_bytes > LIMIT_BYTES ? NULL : malloc(size_bytes <= 65536 ? 1 : LIMIT_BYTES);
}

static bool open_nothing(const struct heapfuzz_pages *pages, size_t arena_bytes)
{
    (void)pages, (void)arena_bytes;
    return false;
}

static const struct subject of_pages = {
    .name = "planted",
    .sentence = "malloc that is wrong above 64 KiB",
    .port =
        {
            .policies = POLICIES(LIMIT_BYTES),
            .allocate = allocate_pages,
            .free = free_block,
            .reallocate = reallocate,
            .size = get_size_of_pages,
        },
    .promises = {.must_grant = must_grant},
};
static const struct subject that_opens_nothing = {
    .name = "planted",
    .sentence = "no heap at all",
    .port =
        {
            .policies = POLICIES(LIMIT_BYTES),
            .open_pages = open_nothing,
            .allocate = allocate,
            .free = free_block,
            .reallocate = reallocate,
            .size = get_size,
        },
    .promises = {.must_grant = must_grant},
};
static const struct plan plan_of_pages = {.subject = &of_pages};
static const struct plan plan_that_opens_nothing = {.subject = &that_opens_nothing};

// Crashes where a block of this size or a larger one grows. All its blocks are at one place.
#define LARGEST_SIZE (SIZE_LITERAL_MAX - 100U)

static size_t granted_bytes;

static void *allocate_large(size_t size_bytes)
{
    static void *room; // Of which hardly a page is ever touched.
    if (room == NULL) {
        room = mmap(NULL, SIZE_LITERAL_MAX, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        assert_ptr_not_equal(room, MAP_FAILED);
    }
    granted_bytes = size_bytes;
    return size_bytes <= SIZE_LITERAL_MAX ? room : NULL;
}

static void free_large(void *block)
{
    (void)block;
}

static void *reallocate_large(void *block, size_t size_bytes)
{
    if (block != NULL && granted_bytes >= LARGEST_SIZE && size_bytes > granted_bytes) {
        abort();
    }
    return NULL;
}

static size_t get_size_of_large(void *block)
{
    return block == NULL ? 0 : granted_bytes;
}

static const struct subject of_large = {
    .name = "planted",
    .sentence = "malloc that is wrong where a very large block grows",
    .port =
        {
            .policies = POLICIES(SIZE_MAX),
            .allocate = allocate_large,
            .free = free_large,
            .reallocate = reallocate_large,
            .size = get_size_of_large,
        },
    .promises = {.must_grant = must_grant},
};
static const struct plan plan_of_large = {.subject = &of_large};

static struct op op(enum verb verb, unsigned slot, unsigned size_bytes)
{
    return (struct op){verb, (uint16_t)slot, size_literal(size_bytes)};
}

// 300 ops that do no harm, the same each time, on 20 slots and sizes up to 400.
static void add_harmless(struct program *program)
{
    unsigned random = 1;
    for (unsigned i = 0; i < 300; i++) {
        random = random * 1103515245U + 12345U;
        static const enum verb verbs[] = {VERB_ALLOCATE, VERB_FREE, VERB_WRITE, VERB_SIZE};
        program_add(program, op_canonical(op(verbs[random >> 16 & 3], 30 + (random >> 20) % 20,
                                             (random >> 8) % 400)));
    }
}

// Crashes at a row of requests. All its blocks are at one place, and it grants none twice.
#define ROW_MOST 8U

static size_t row[ROW_MOST]; // The last requests, the newest first.
static size_t range_bytes, taken_bytes;
static bool has_minimized;
static bool (*is_row)(void);

static void *allocate_in_row(size_t size_bytes)
{
    memmove(&row[1], &row[0], sizeof row - sizeof row[0]);
    row[0] = size_bytes;
    taken_bytes += size_bytes + 16;
    if (is_row()) {
        abort();
    }
    return NULL;
}

static bool open_row(void *range, size_t bytes)
{
    (void)range;
    memset(row, 0, sizeof row);
    range_bytes = bytes;
    taken_bytes = 0;
    has_minimized = false;
    return true;
}

static void minimize_row(void)
{
    has_minimized = true;
}

static const struct subject of_row = {
    .name = "planted",
    .sentence = "a heap that grants nothing",
    .port =
        {
            .policies = {.limit_bytes = LIMIT_BYTES,
                         .alignment_bytes = 1,
                         .range_least_bytes = 512,
                         .range_most_bytes = 1U << 30,
                         .range_usual_bytes = 65536,
                         .range_alignment_bytes = 1},
            .open = open_row,
            .allocate = allocate_in_row,
            .free = free_large,
            .minimize = minimize_row,
        },
    .promises = {.must_grant = must_grant},
};
static const struct plan plan_of_row = {.subject = &of_row};
static const struct scope scope_of_row = {1U << FAMILY_HEAP, 65536, LIMIT_BYTES, true};

// Shrinks the allocations of such sizes. Returns how many trials it made.
static size_t shrink_row(struct program *program, bool (*fails)(void), const unsigned *sizes,
                         size_t count)
{
    is_row = fails;
    for (size_t i = 0; i < count; i++) {
        program_add(program, op(VERB_ALLOCATE, 0, sizes[i]));
    }
    trial_verdict crash = trial_run(&plan_of_row, program);
    assert_int_not_equal(crash, TRIAL_CLEAN);
    size_t trials = shrink(&plan_of_row, &scope_of_row, program, crash, NULL);
    assert_int_equal(trial_run(&plan_of_row, program), crash);
    return trials;
}

static bool is_twice(void)
{
    return row[0] >= 3000 && row[0] == 2 * row[1];
}

static bool is_next(void)
{
    return row[0] >= 30000 && row[1] >= 30000 && row[0] - row[1] + 1 <= 2;
}

static bool is_sum(void)
{
    return row[0] + row[1] + row[2] + row[3] + row[4] == 77777 && row[0] >= 10000;
}

// Small steps upwards are one way there, and a large one after a minimize is another.
static bool is_step(void)
{
    return (row[0] == 60 && row[1] == 51 && row[2] == 43 && row[3] == 32 && row[4] == 21) ||
           (row[0] >= 10000 && has_minimized);
}

// Half of the size hangs.
static bool is_large(void)
{
    while (row[0] == 500) {
        (void)pause();
    }
    return row[0] >= 1000;
}

static bool is_full(void)
{
    return taken_bytes == range_bytes || (row[0] < range_bytes && row[0] + 16 > range_bytes);
}

// The last three count in a range of the usual size only.
static bool is_small_or_long(void)
{
    size_t at = range_bytes < 30000 ? 0 : 3;
    return (at == 0 || (row[0] == 777 && row[1] == 666 && row[2] == 555)) && row[at] == 444 &&
           row[at + 1] == 333 && row[at + 2] == 222 && row[at + 3] == 111;
}

static void a_broken_law_shrinks_to_the_call_that_breaks_it(void **state)
{
    (void)state;
    struct program program = {0};
    add_harmless(&program);
    program_add(&program, op(VERB_REALLOCATE, 99, 64000));
    add_harmless(&program);
    trial_verdict verdict = trial_run(&plan, &program);
    assert_int_not_equal(verdict, TRIAL_CLEAN);
    assert_in_range(shrink(&plan, &scope, &program, verdict, NULL), 1, SHRINK_TRIALS);
    assert_int_equal(program.count, 1);
    assert_int_equal(program.ops[0].verb, VERB_ALLOCATE); // The plainer verb does as well.
    assert_int_equal(program.ops[0].slot, 0);
    assert_int_equal(program.ops[0].size_code, size_literal(WRONG_SIZE)); // And no size below.
    assert_int_equal(trial_run(&plan, &program), verdict);
    program_close(&program);
}

static void a_crash_of_the_subject_shrinks_as_a_law_does(void **state)
{
    (void)state;
    struct program program = {0};
    add_harmless(&program);
    program_add(&program, op(VERB_ALLOCATE, 5, 300));
    program_add(&program, op(VERB_REALLOCATE, 5, CRASH_SIZE));
    trial_verdict verdict = trial_run(&plan, &program);
    assert_int_not_equal(verdict, TRIAL_CLEAN);
    (void)shrink(&plan, &scope, &program, verdict, NULL);
    assert_int_equal(program.count, 1);
    assert_int_equal(program.ops[0].verb, VERB_ALLOCATE);
    assert_int_equal(program.ops[0].size_code, size_literal(CRASH_SIZE));
    assert_int_equal(trial_run(&plan, &program), verdict);
    program_close(&program);
}

// Half of the size that breaks the law crashes instead.
static void another_failure_is_not_taken_for_the_same(void **state)
{
    (void)state;
    struct program program = {0};
    program_add(&program, op(VERB_ALLOCATE, 1, CRASH_SIZE));
    trial_verdict crash = trial_run(&plan, &program);
    program_clear(&program);
    program_add(&program, op(VERB_ALLOCATE, 1, WRONG_SIZE));
    trial_verdict law = trial_run(&plan, &program);
    assert_int_not_equal(law, crash);
    (void)shrink(&plan, &scope, &program, law, NULL);
    assert_int_equal(program.count, 1);
    assert_int_equal(program.ops[0].size_code, size_literal(WRONG_SIZE));
    program_close(&program);
}

// None of them can be left out, and one repeated op is all of them.
static void many_like_calls_become_a_repeated_one(void **state)
{
    (void)state;
    struct program program = {0};
    for (unsigned i = 0; i < 2 * CROWD_BLOCKS; i++) {
        program_add(&program, op(VERB_ALLOCATE, 70 + i * 7 % 90, CROWD_SIZE + 40));
    }
    trial_verdict crash = trial_run(&plan, &program);
    (void)shrink(&plan, &scope, &program, crash, NULL);
    assert_int_equal(program.count, 2);
    assert_int_equal(program.ops[0].verb, VERB_REPEAT);
    assert_int_equal(program.ops[0].slot, CROWD_BLOCKS);
    assert_int_equal(program.ops[1].size_code, size_literal(CROWD_SIZE)); // And no size below.
    program_close(&program);
}

static void the_lane_that_matters_is_left(void **state)
{
    (void)state;
    struct program program = {0};
    for (uint16_t lane = 5; lane <= 7; lane++) {
        add_harmless(&program);
        program_add(&program, (struct op){VERB_LANE, lane, 0});
    }
    add_harmless(&program);
    program_add(&program, op(VERB_ALLOCATE, 5, LANE_SIZE));
    trial_verdict crash = trial_run(&plan, &program);
    assert_int_not_equal(crash, TRIAL_CLEAN);
    (void)shrink(&plan, &scope, &program, crash, NULL);
    assert_int_equal(program.count, 2);
    assert_int_equal(program.ops[0].verb, VERB_LANE);
    assert_int_equal(program.ops[0].slot, LANE_LAST);
    assert_int_equal(program.ops[1].size_code, size_literal(LANE_SIZE));
    program_close(&program);
}

static void a_size_is_written_as_the_edge_it_is_next_to(void **state)
{
    (void)state;
    struct program program = {0};
    char text[SIZE_TEXT_BYTES];
    program_add(&program, op(VERB_ALLOCATE, 1, LIMIT_BYTES));
    trial_verdict law = trial_run(&plan_of_pages, &program);
    assert_int_not_equal(law, TRIAL_CLEAN);
    (void)shrink(&plan_of_pages, &scope, &program, law, NULL);
    assert_int_equal(program.count, 1);
    size_print(program.ops[0].size_code, text);
    assert_string_equal(text, "page*16+1");
    program_close(&program);
}

// The two sizes are next to the largest number that can be written, and go no further up.
static void sizes_that_are_lowered_at_once_go_down_only(void **state)
{
    (void)state;
    struct program program = {0};
    char text[SIZE_TEXT_BYTES];
    program_add(&program, op(VERB_ALLOCATE, 1, SIZE_LITERAL_MAX - 3));
    program_add(&program, op(VERB_REALLOCATE, 1, SIZE_LITERAL_MAX));
    trial_verdict crash = trial_run(&plan_of_large, &program);
    assert_int_not_equal(crash, TRIAL_CLEAN);
    assert_in_range(shrink(&plan_of_large, &scope, &program, crash, NULL), 1, SHRINK_TRIALS / 10);
    assert_int_equal(program.count, 2);
    assert_int_equal(program.ops[0].size_code, size_literal(LARGEST_SIZE));
    size_print(program.ops[1].size_code, text);
    assert_string_equal(text, "size+1");
    program_close(&program);
}

// It would be no program that can be replayed.
static void an_op_is_left_where_none_is_needed(void **state)
{
    (void)state;
    struct program program = {0};
    program_add(&program, op(VERB_ALLOCATE, 1, 100));
    trial_verdict law = trial_run(&plan_that_opens_nothing, &program);
    assert_int_not_equal(law, TRIAL_CLEAN);
    (void)shrink(&plan_that_opens_nothing, &scope, &program, law, NULL);
    assert_int_equal(program.count, 1);
    program_close(&program);
}

static void a_program_that_fails_without_an_op_is_given_one(void **state)
{
    (void)state;
    struct program program = {0};
    trial_verdict law = trial_run(&plan_that_opens_nothing, &program);
    assert_int_not_equal(law, TRIAL_CLEAN);
    (void)shrink(&plan_that_opens_nothing, &scope, &program, law, NULL);
    assert_int_equal(program.count, 1);
    assert_int_equal(trial_run(&plan_that_opens_nothing, &program), law);
    program_close(&program);
}

static void a_trial_ends_that_no_alarm_ends(void **state)
{
    (void)state;
    struct program program = {0};
    program_add(&program, op(VERB_ALLOCATE, 1, HANG_SIZE));
    trial_may_take(1);
    assert_int_equal(trial_run(&plan, &program), TRIAL_TIMEOUT);
    trial_may_take(TRIAL_SECONDS);
    program_close(&program);
}

static void a_clean_program_has_a_clean_trial(void **state)
{
    (void)state;
    struct program program = {0};
    add_harmless(&program);
    assert_int_equal(trial_run(&plan, &program), TRIAL_CLEAN);
    program_close(&program);
}

// The crowd comes in parts: repeats and single calls, far from each other, with others between.
static void parts_of_a_row_are_gathered(void **state)
{
    (void)state;
    struct program program = {0};
    for (unsigned part = 0; part < 5; part++) {
        program_add(&program, op(VERB_ALLOCATE, 40 - part, 20 + part));
        program_add(&program, (struct op){VERB_REPEAT, 7, 0});
        program_add(&program, op(VERB_ALLOCATE, 900 - 100 * part, CROWD_SIZE));
        program_add(&program, op(VERB_ALLOCATE, 60 + part, CROWD_SIZE));
    }
    trial_verdict verdict = trial_run(&plan, &program);
    assert_int_not_equal(verdict, TRIAL_CLEAN);
    (void)shrink(&plan, &scope, &program, verdict, NULL);
    assert_int_equal(program.count, 2);
    assert_int_equal(program.ops[0].slot, CROWD_BLOCKS);
    assert_int_equal(program.ops[1].slot, 0);
    program_close(&program);
}

// A program whose first op crashes, whatever comes after it, and one way to make it simpler.
static void try_way(struct program *program, bool (*way)(struct shrinker *shrinker))
{
    struct shrinker shrinker = {.plan = &plan,
                                .program = program,
                                .verdict = trial_run(&plan, program),
                                .trials_most = SHRINK_TRIALS,
                                .ends = 1e18};
    assert_true(way(&shrinker));
    assert_false(way(&shrinker)); // Once and for all.
    program_close(&shrinker.guess);
}

static void slots_of_a_repeat_are_named_in_a_row(void **state)
{
    (void)state;
    static const uint16_t slots[] = {0, 3, 1, 3, 5, 1};
    struct program program = {0};
    program_add(&program, op(VERB_ALLOCATE, 900, CRASH_SIZE));
    program_add(&program, (struct op){VERB_REPEAT, 3, 0});
    program_add(&program, op(VERB_ALLOCATE, 500, 10));
    program_add(&program, op(VERB_FREE, 502, 0)); // In the middle of the four.
    program_add(&program, op(VERB_ALLOCATE, 300, 10));
    program_add(&program, op(VERB_FREE, 500, 0));
    try_way(&program, shrink_rename);
    for (size_t i = 0; i < program.count; i++) {
        assert_int_equal(program.ops[i].slot, slots[i]);
    }
    program_close(&program);
}

static void calls_that_do_the_same_are_gathered(void **state)
{
    (void)state;
    static const uint16_t slots[] = {0, 1, 3, 2, 4};
    struct program program = {0};
    program_add(&program, op(VERB_ALLOCATE, 0, CRASH_SIZE));
    program_add(&program, op(VERB_ALLOCATE, 1, 10));
    program_add(&program, op(VERB_ALLOCATE, 2, 20));
    program_add(&program, op(VERB_ALLOCATE, 3, 10));
    program_add(&program, op(VERB_ALLOCATE, 4, 30));
    try_way(&program, shrink_gather);
    for (size_t i = 0; i < program.count; i++) {
        assert_int_equal(program.ops[i].slot, slots[i]);
    }
    program_close(&program);
}

static void sizes_are_halved_all_at_once(void **state)
{
    (void)state;
    static const unsigned sizes[] = {40000, 80000};
    struct program program = {0};
    (void)shrink_row(&program, is_twice, sizes, 2);
    assert_int_equal(program.count, 2);
    assert_in_range(size_resolve(program.ops[1].size_code, 0, NULL, NULL), 3000, 6000);
    program_close(&program);
}

// Each can be lowered by a byte, and then the other.
static void sizes_do_not_go_down_by_turns(void **state)
{
    (void)state;
    static const unsigned sizes[] = {50000, 50000};
    struct program program = {0};
    assert_in_range(shrink_row(&program, is_next, sizes, 2), 1, 500);
    assert_int_equal(program.count, 2);
    program_close(&program);
}

static void a_guess_that_hangs_takes_little_time(void **state)
{
    (void)state;
    static const unsigned sizes[] = {1000};
    struct program program = {0};
    double began = clock_seconds();
    (void)shrink_row(&program, is_large, sizes, 1);
    assert_true(clock_seconds() - began < TRIAL_SECONDS);
    program_close(&program);
}

static void another_way_to_fail_is_found_anew(void **state)
{
    (void)state;
    static const unsigned sizes[] = {21, 32, 43, 51, 60};
    struct program program = {0};
    (void)shrink_row(&program, is_step, sizes, 5);
    assert_int_equal(program.count, 2);
    assert_int_equal(program.ops[0].verb, VERB_MINIMIZE);
    assert_int_equal(size_resolve(program.ops[1].size_code, 0, NULL, NULL),
                     10000); // Shrunk in its turn.
    program_close(&program);
}

static void one_block_takes_the_place_of_two(void **state)
{
    (void)state;
    static const unsigned sizes[] = {12345, 23456, 11111, 13579, 17286};
    struct program program = {0};
    (void)shrink_row(&program, is_sum, sizes, 5);
    assert_in_range(program.count, 1, SEARCH_ABOVE_OPS);
    program_close(&program);
}

static void one_block_takes_the_place_of_all_that_fill_a_range(void **state)
{
    (void)state;
    static const unsigned sizes[] = {12345, 12346, 12347, 12348, 65536 - 80 - 49386};
    struct program program = {0};
    (void)shrink_row(&program, is_full, sizes, 5);
    assert_int_equal(program.count, 1);
    program_close(&program);
}

// No op of so many can be left out, and no size lowered.
static void trials_are_left_for_a_search(void **state)
{
    (void)state;
    static unsigned sizes[500];
    struct program program = {0};
    unsigned left = 65536 - 16 * 500;
    for (unsigned i = 0; i < 499; i++) {
        sizes[i] = 65 + i * 7 % 90;
        left -= sizes[i];
    }
    sizes[499] = left;
    (void)shrink_row(&program, is_full, sizes, 500);
    assert_in_range(program.count, 1, SEARCH_ABOVE_OPS);
    program_close(&program);
}

static void a_smaller_range_takes_the_place_of_ops(void **state)
{
    (void)state;
    static const unsigned sizes[] = {111, 222, 333, 444, 555, 666, 777};
    struct program program = {0};
    (void)shrink_row(&program, is_small_or_long, sizes, 7);
    assert_int_equal(program.count, 5);
    assert_int_equal(program.ops[0].verb, VERB_WORLD);
    program_close(&program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_law_shrinks_to_the_call_that_breaks_it),
        cmocka_unit_test(a_crash_of_the_subject_shrinks_as_a_law_does),
        cmocka_unit_test(another_failure_is_not_taken_for_the_same),
        cmocka_unit_test(many_like_calls_become_a_repeated_one),
        cmocka_unit_test(the_lane_that_matters_is_left),
        cmocka_unit_test(a_size_is_written_as_the_edge_it_is_next_to),
        cmocka_unit_test(sizes_that_are_lowered_at_once_go_down_only),
        cmocka_unit_test(an_op_is_left_where_none_is_needed),
        cmocka_unit_test(a_program_that_fails_without_an_op_is_given_one),
        cmocka_unit_test(a_trial_ends_that_no_alarm_ends),
        cmocka_unit_test(a_clean_program_has_a_clean_trial),
        cmocka_unit_test(parts_of_a_row_are_gathered),
        cmocka_unit_test(slots_of_a_repeat_are_named_in_a_row),
        cmocka_unit_test(calls_that_do_the_same_are_gathered),
        cmocka_unit_test(sizes_are_halved_all_at_once),
        cmocka_unit_test(sizes_do_not_go_down_by_turns),
        cmocka_unit_test(a_guess_that_hangs_takes_little_time),
        cmocka_unit_test(another_way_to_fail_is_found_anew),
        cmocka_unit_test(one_block_takes_the_place_of_two),
        cmocka_unit_test(one_block_takes_the_place_of_all_that_fill_a_range),
        cmocka_unit_test(trials_are_left_for_a_search),
        cmocka_unit_test(a_smaller_range_takes_the_place_of_ops),
    };
    return cmocka_run_group_tests_name("shrinking", tests, NULL, NULL);
}
