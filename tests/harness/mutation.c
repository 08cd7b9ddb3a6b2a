// Mutation, the refusal sweep and reach marks. New programs stay within their bounds and have
// everything in reach, and every refusal put into a program happens.

#include <string.h>

#include "../unit/cmocka_headers.h"
#include "language/mix.h"
#include "language/mutate.h"
#include "language/size.h"
#include "laws/counters.h"
#include "runner/runner.h"
#include "runner/sweep.h"
#include "subjects/subjects.h"
#include "world/world.h"

#define SEEDS 20000U
static const struct scope heap_scope = {1U << FAMILY_HEAP, RUN_ARENA_BYTES, SIZE_MAX, false};
static const struct scope whole_scope = {~0U, RUN_ARENA_BYTES, SIZE_MAX, false};
#define LIVES 5U // Ops on one slot, with one on another slot behind each.
#define SLOT 100U
#define OTHER_SLOT 300U

static bool is_same_op(struct op one, struct op other)
{
    return one.verb == other.verb && one.slot == other.slot && one.size_code == other.size_code;
}

static bool are_equal(const struct program *a, const struct program *b)
{
    bool is_equal = a->count == b->count;
    for (size_t i = 0; is_equal && i < a->count; i++) {
        is_equal = is_same_op(a->ops[i], b->ops[i]);
    }
    return is_equal;
}

static void copy(struct program *to, const struct program *from)
{
    program_clear(to);
    for (size_t i = 0; i < from->count; i++) {
        program_add(to, from->ops[i]);
    }
}

static void equal_seeds_give_equal_programs(void **state)
{
    (void)state;
    struct program a = {0};
    struct program b = {0};
    unsigned differing = 0;
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct program before = {0};
        copy(&before, &a);
        mutate_program(&a, &heap_scope, 64, seed);
        mutate_program(&b, &heap_scope, 64, seed);
        assert_true(are_equal(&a, &b));
        differing += !are_equal(&a, &before);
        program_close(&before);
    }
    assert_true(differing > 450); // It mutates.
    program_close(&a);
    program_close(&b);
}

static void a_mutated_program_is_within_its_bounds(void **state)
{
    (void)state;
    struct program program = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        size_t most_ops = 1 + seed % 100;
        unsigned worlds = 0;
        mutate_program(&program, &heap_scope, most_ops, seed);
        assert_true(program.count >= 1 && program.count <= most_ops);
        for (size_t i = 0; i < program.count; i++) {
            struct op op = program.ops[i];
            struct op canonical = op_canonical(op);
            assert_memory_equal(&op, &canonical, sizeof op);
            assert_int_equal(verb_family(op.verb), FAMILY_HEAP);
            worlds += op.verb == VERB_WORLD;
        }
        assert_true(worlds <= 2);
    }
    program_close(&program);
}

static void every_verb_and_every_form_of_a_size_is_in_reach(void **state)
{
    (void)state;
    unsigned verbs[VERBS] = {0};
    unsigned forms[SIZE_MIB + 1] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct program program = {0};
        mutate_program(&program, &whole_scope, 8, seed);
        for (size_t i = 0; i < program.count; i++) {
            verbs[program.ops[i].verb]++;
            forms[size_form_of(program.ops[i].size_code)]++;
        }
        program_close(&program);
    }
    for (unsigned verb = 0; verb < VERBS; verb++) {
        assert_true(verbs[verb] > 0);
    }
    for (unsigned form = 0; form <= SIZE_MIB; form++) {
        assert_true(forms[form] > 0);
    }
}

static struct op life(unsigned index, unsigned slot)
{
    return (struct op){VERB_ALLOCATE, (uint16_t)slot, size_literal(index + 1)};
}

static void begin_lives(struct program *program)
{
    program_clear(program);
    for (unsigned i = 0; i < LIVES; i++) {
        program_add(program, life(i, SLOT));
        program_add(program, life(50 + i, OTHER_SLOT));
    }
}

// Returns whether a program is that of begin_lives with one slot's ops once more on another slot,
// and the number of former ops before each.
static bool is_laid_in(const struct program *program, size_t before[LIVES])
{
    size_t former = 0;
    unsigned copies = 0;
    for (size_t i = 0; i < program->count; i++) {
        struct op op = program->ops[i];
        unsigned wanted = former % 2 == 0 ? SLOT : OTHER_SLOT;
        unsigned index = (unsigned)former / 2 + (former % 2 == 0 ? 0 : 50);
        if (former < 2U * LIVES && is_same_op(op, life(index, wanted))) {
            former++;
        } else if (copies < LIVES && op.slot != SLOT && is_same_op(op, life(copies, op.slot))) {
            before[copies++] = former;
        } else {
            return false;
        }
    }
    return former == 2U * LIVES && copies == LIVES;
}

static void a_lifetime_is_laid_in_in_step(void **state)
{
    (void)state;
    struct program program = {0};
    size_t seen = 0;
    size_t in_step = 0;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        size_t before[LIVES];
        begin_lives(&program);
        mutate_program(&program, &whole_scope, 64, seed);
        if (is_laid_in(&program, before)) {
            bool is_in_step = before[0] >= 1 && before[0] <= 4;
            for (unsigned i = 1; i < LIVES; i++) {
                size_t at = before[0] + 2U * i;
                is_in_step = is_in_step && before[i] == (at < 2U * LIVES ? at : 2U * LIVES);
            }
            seen++;
            in_step += is_in_step;
        }
    }
    assert_in_range(seen, 50, SEEDS);
    assert_in_range(in_step, seen - seen / 10, seen); // Another edit may have moved an op since.
    program_close(&program);
}

static void a_magnitude_is_within_its_bound(void **state)
{
    (void)state;
    uint64_t random = 1;
    unsigned small = 0;
    for (unsigned i = 0; i < SEEDS; i++) {
        uint32_t number = draw_magnitude(&random, 1000);
        assert_true(number >= 1 && number <= 1000);
        small += number <= 31;
    }
    assert_true(small > SEEDS / 4 && small < SEEDS); // Half of the magnitudes.
}

static uint64_t refusals;

static void note_refusals(const struct run *run)
{
    if (run->op_index + 1 == run->program->count) {
        refusals += world_refusals();
    }
}

static void every_refusal_that_is_put_in_happens(void **state)
{
    (void)state;
    struct program program = {0};
    struct plan plan = {
        .subject = subject_at(0), .refusals_swept = 1000, .after_op = note_refusals};
    program_add(&program, (struct op){VERB_REPEAT, 3, 0});
    program_add(&program, (struct op){VERB_ALLOCATE, 0, size_make(SIZE_PAGES, 5, 1)});
    program_add(&program, (struct op){VERB_ALLOCATE, 10, 40});
    program_add(&program, (struct op){VERB_REALLOCATE, 0, size_make(SIZE_MIB, 1, 0)});
    uint64_t programs_before = counters->programs;
    uint64_t calls_before = counters->calls;
    refusals = 0;
    sweep_run(&plan, &program);
    uint64_t runs = counters->programs - programs_before;
    assert_int_equal(counters->calls - calls_before, runs * 6); // The repeat stays one.
    assert_true(runs > 8); // Once as it is, and at least a request each for pages and tables.
    assert_int_equal(refusals, runs - 1);
    program_close(&program);
}

static void a_limited_sweep_is_spread_over_the_program(void **state)
{
    (void)state;
    struct program program = {0};
    struct plan plan = {.subject = subject_at(0), .refusals_swept = 3};
    program_add(&program, (struct op){VERB_REPEAT, 50, 0});
    program_add(&program, (struct op){VERB_ALLOCATE, 0, size_make(SIZE_PAGES, 5, 0)});
    uint64_t programs_before = counters->programs;
    sweep_run(&plan, &program);
    assert_int_equal(counters->programs - programs_before, 4);
    program_close(&program);
}

static void a_swept_program_that_fails_nowhere_is_not_settled(void **state)
{
    (void)state;
    struct program program = {0};
    struct plan plan = {.subject = subject_at(0), .refusals_swept = 4};
    program_add(&program, (struct op){VERB_ALLOCATE, 0, 40});
    assert_int_equal(sweep_settle(&plan, &program), TRIAL_CLEAN);
    assert_int_equal(program.count, 1);
    program_close(&program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_seeds_give_equal_programs),
        cmocka_unit_test(a_mutated_program_is_within_its_bounds),
        cmocka_unit_test(every_verb_and_every_form_of_a_size_is_in_reach),
        cmocka_unit_test(a_lifetime_is_laid_in_in_step),
        cmocka_unit_test(a_magnitude_is_within_its_bound),
        cmocka_unit_test(every_refusal_that_is_put_in_happens),
        cmocka_unit_test(a_limited_sweep_is_spread_over_the_program),
        cmocka_unit_test(a_swept_program_that_fails_nowhere_is_not_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
