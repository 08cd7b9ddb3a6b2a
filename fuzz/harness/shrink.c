// Ways to make a program simpler, from the coarse to the fine; whatever works, the coarse ones are
// tried again, until none works any more, so that in the end no single op can be left out and no
// size lowered:
//
//     cut      leave out a stretch of ops, of half the program, a quarter, ... a single op
//     drop     leave out everything that one slot does, or one lifetime of a block in it
//     fold     one repeated op for many, one large block for many small ones
//     plain    allocate for reallocate, the interface's own call for a COM one, fewer repeats
//     lower    a size nearer to 0 (shrink_sizes.c)
//     rename   slots b0, b1, ... in the order in which they come
//
// Each is only a guess: the trial decides. Deleting an op renumbers nothing, which is what makes
// most guesses good. At last sizes are written as what they are near to.

#include "harness/shrink.h"

#include <string.h>
#include <time.h>

#include "harness/shrink_parts.h"
#include "harness/size.h"

// What hangs is given this long in a trial: much more than any program takes that ends.
#define HUNG_SECONDS 2U

// So many calls in a row are not worth a repeat, and longer rows are.
#define ROW_CALLS 4U

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void begin_guess(struct shrinker *shrinker)
{
    program_clear(&shrinker->guess);
    for (size_t i = 0; i < shrinker->program->count; i++) {
        program_add(&shrinker->guess, shrinker->program->ops[i]);
    }
}

// Tries the guess. If it fails the same way it is the program from now on. A program without ops is
// none that can be replayed.
static bool accept(struct shrinker *shrinker)
{
    if (shrinker->guess.count == 0 || shrinker->trials >= SHRINK_TRIALS ||
        now() >= shrinker->ends) {
        return false;
    }
    shrinker->trials++;
    if (trial_run(shrinker->plan, &shrinker->guess) != shrinker->verdict) {
        return false;
    }
    struct program former = *shrinker->program;
    *shrinker->program = shrinker->guess;
    shrinker->guess = former;
    if (shrinker->progress != NULL) {
        shrinker->progress(shrinker->program->count, shrinker->trials);
    }
    return true;
}

static bool cut(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t length = (shrinker->program->count + 1) / 2; length > 0; length /= 2) {
        for (size_t end = shrinker->program->count; end >= length;) {
            size_t begin = end - length;
            program_clear(&shrinker->guess);
            for (size_t i = 0; i < shrinker->program->count; i++) {
                if (i < begin || i >= end) {
                    program_add(&shrinker->guess, shrinker->program->ops[i]);
                }
            }
            is_simpler = accept(shrinker) || is_simpler;
            end = begin;
        }
    }
    return is_simpler;
}

static bool has_slot(struct op op)
{
    return verb_operands(op.verb)[0] == 's';
}

// Tries the program without what its ops from begin to end do with a slot.
static bool drop_slot(struct shrinker *shrinker, uint16_t slot, size_t begin, size_t end)
{
    program_clear(&shrinker->guess);
    for (size_t i = 0; i < shrinker->program->count; i++) {
        struct op op = shrinker->program->ops[i];
        if (i < begin || i >= end || !has_slot(op) || op.slot != slot) {
            program_add(&shrinker->guess, op);
        }
    }
    return accept(shrinker);
}

// The end of the lifetime that an op may begin: behind the op that frees, or at the next that
// allocates.
static size_t end_of_life(const struct program *program, size_t begin)
{
    for (size_t i = begin + 1; i < program->count; i++) {
        enum verb verb = program->ops[i].verb;
        if (has_slot(program->ops[i]) && program->ops[i].slot == program->ops[begin].slot) {
            if (verb_frees(verb)) {
                return i + 1;
            }
            if (verb_allocates(verb)) {
                return i;
            }
        }
    }
    return program->count;
}

static bool drop(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count; at++) {
        struct op first = shrinker->program->ops[at];
        size_t end = end_of_life(shrinker->program, at);
        if (has_slot(first) && (drop_slot(shrinker, first.slot, 0, shrinker->program->count) ||
                                (end > at + 1 && drop_slot(shrinker, first.slot, at, end)))) {
            is_simpler = true;
        }
    }
    return is_simpler;
}

// How many ops from here on differ only in their slot.
static size_t row_at(const struct program *program, size_t at)
{
    size_t count = 0;
    struct op first = program->ops[at];
    while (at + count < program->count && has_slot(first) &&
           program->ops[at + count].verb == first.verb &&
           program->ops[at + count].size_code == first.size_code) {
        count++;
    }
    return count;
}

// Tries other ops in the place of some.
static bool replace_ops(struct shrinker *shrinker, size_t at, size_t count, const struct op *ops,
                        size_t ops_count)
{
    program_clear(&shrinker->guess);
    for (size_t i = 0; i < at; i++) {
        program_add(&shrinker->guess, shrinker->program->ops[i]);
    }
    for (size_t i = 0; i < ops_count; i++) {
        program_add(&shrinker->guess, ops[i]);
    }
    for (size_t i = at + count; i < shrinker->program->count; i++) {
        program_add(&shrinker->guess, shrinker->program->ops[i]);
    }
    return accept(shrinker);
}

// A row of calls as a repeated one, from the first slot in the row, or the lowest, on.
static bool fold_row(struct shrinker *shrinker, size_t at, size_t count)
{
    const struct op *row = &shrinker->program->ops[at];
    struct op ops[2] = {{.verb = VERB_REPEAT, .slot = (uint16_t)(count - 1)}, row[0]};
    uint16_t lowest = row[0].slot;
    for (size_t i = 1; i < count; i++) {
        lowest = row[i].slot < lowest ? row[i].slot : lowest;
    }
    if (replace_ops(shrinker, at, count, ops, 2)) {
        return true;
    }
    ops[1].slot = lowest;
    return replace_ops(shrinker, at, count, ops, 2);
}

// A repeated allocation as one of as many bytes; a few repeats as so many ops, to be looked at one
// by one.
static bool unfold(struct shrinker *shrinker, size_t at)
{
    struct op ops[ROW_CALLS];
    size_t calls = 1U + shrinker->program->ops[at].slot;
    struct op op = shrinker->program->ops[at + 1];
    size_t size_bytes = shrink_size_at(shrinker->program, at + 1);
    if (!has_slot(op)) {
        return false;
    }
    if (verb_allocates(op.verb) && size_bytes > 0 && size_bytes <= SIZE_LITERAL_MAX / calls) {
        ops[0] = op;
        ops[0].size_code = size_literal((uint32_t)(size_bytes * calls));
        if (replace_ops(shrinker, at, 2, ops, 1)) {
            return true;
        }
    }
    for (size_t i = 0; i < calls && i < ROW_CALLS; i++) {
        ops[i] = op;
        ops[i].slot = (uint16_t)(op.slot + i);
    }
    return calls <= ROW_CALLS && replace_ops(shrinker, at, 2, ops, calls);
}

static bool fold(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count; at++) {
        bool is_repeat = shrinker->program->ops[at].verb == VERB_REPEAT;
        bool is_repeated = at > 0 && shrinker->program->ops[at - 1].verb == VERB_REPEAT;
        size_t row = row_at(shrinker->program, at);
        if (is_repeat && at + 1 < shrinker->program->count) {
            is_simpler = unfold(shrinker, at) || is_simpler;
        } else if (!is_repeated && row > ROW_CALLS) {
            is_simpler = fold_row(shrinker, at, row) || is_simpler;
            at += shrinker->program->ops[at].verb == VERB_REPEAT ? 1 : row - 1;
        }
    }
    return is_simpler;
}

bool shrink_replace(struct shrinker *shrinker, size_t at, struct op op)
{
    struct op old = shrinker->program->ops[at];
    op = op_canonical(op);
    if (op.verb == old.verb && op.slot == old.slot && op.size_code == old.size_code) {
        return false;
    }
    begin_guess(shrinker);
    shrinker->guess.ops[at] = op;
    return accept(shrinker);
}

bool shrink_replace_two(struct shrinker *shrinker, size_t at, struct op op, size_t other_at,
                        struct op other)
{
    begin_guess(shrinker);
    shrinker->guess.ops[at] = op;
    shrinker->guess.ops[other_at] = other;
    return accept(shrinker);
}

static enum verb plainer(enum verb verb)
{
    switch (verb) {
    case VERB_REALLOCATE:
    case VERB_TASK_ALLOCATE:
    case VERB_IMALLOC_ALLOCATE:
        return VERB_ALLOCATE;
    case VERB_TASK_REALLOCATE:
    case VERB_IMALLOC_REALLOCATE:
        return VERB_REALLOCATE;
    case VERB_TASK_FREE:
    case VERB_IMALLOC_FREE:
        return VERB_FREE;
    case VERB_IMALLOC_SIZE:
        return VERB_SIZE;
    default:
        return verb;
    }
}

static bool plain(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count; at++) {
        struct op op = shrinker->program->ops[at];
        op.verb = plainer(op.verb);
        is_simpler = shrink_replace(shrinker, at, op) || is_simpler;
        op = shrinker->program->ops[at];
        if (has_slot(op)) {
            continue;
        }
        uint32_t number = op.slot; // How many repeats, pages, ...: as few as do.
        op.slot = 0;
        if (number > 0 && shrink_replace(shrinker, at, op)) {
            is_simpler = true;
            continue;
        }
        for (uint32_t step = (number + 1) / 2; step > 0; step /= 2) {
            if (number > step &&
                (op.slot = (uint16_t)(number - step), shrink_replace(shrinker, at, op))) {
                number -= step;
                is_simpler = true;
            }
        }
    }
    return is_simpler;
}

static bool rename_slots(struct shrinker *shrinker)
{
    static uint32_t names[SLOTS];
    uint32_t count = 0;
    bool differs = false;
    begin_guess(shrinker);
    memset(names, 0xff, sizeof names);
    for (size_t i = 0; i < shrinker->guess.count; i++) {
        struct op *op = &shrinker->guess.ops[i];
        if (has_slot(*op)) {
            uint32_t *name = &names[op->slot];
            *name = *name == UINT32_MAX ? count++ : *name;
            differs = differs || op->slot != *name;
            op->slot = (uint16_t)*name;
        }
    }
    return differs && accept(shrinker);
}

size_t shrink(const struct plan *plan, struct program *program, trial_verdict verdict,
              shrink_progress progress)
{
    static bool (*const ways[])(struct shrinker *) = {
        cut, drop, fold, plain, shrink_lower, shrink_lower_pairs, rename_slots};
    struct shrinker shrinker = {.plan = plan,
                                .program = program,
                                .verdict = verdict,
                                .progress = progress,
                                .ends = now() + SHRINK_SECONDS};
    trial_may_take(verdict == TRIAL_TIMEOUT ? HUNG_SECONDS : TRIAL_SECONDS);
    for (size_t way = 0; way < sizeof ways / sizeof ways[0];) {
        way = ways[way](&shrinker) ? 0 : way + 1;
    }
    shrink_word(&shrinker);
    trial_may_take(TRIAL_SECONDS);
    program_close(&shrinker.guess);
    return shrinker.trials;
}
