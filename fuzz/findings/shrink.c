// Ways to make a program simpler, from the coarse to the fine; whatever works, the coarse ones are
// tried again, until none works any more, so that in the end no single op can be left out and no
// size lowered:
//
//     cut      leave out a stretch of ops, of half the program, a quarter, ... a single op
//     drop     leave out everything that one slot does, or one lifetime of a block in it
//     fold     one repeated op for many, one large block for many small ones (shrink_slots.c)
//     plain    allocate for reallocate, the interface's own call for a COM one, fewer repeats
//     lower    a size nearer to 0 (shrink_sizes.c)
//     rename   slots b0, b1, ... in the order in which they come (shrink_slots.c)
//     gather   calls that do the same next to each other (shrink_slots.c)
//
// Each is only a guess: the trial decides. Deleting an op renumbers nothing, which is what makes
// most guesses good. At last sizes are written as what they are near to.

#include "findings/shrink.h"

#include <string.h>
#include <time.h>

#include "findings/shrink_parts.h"
#include "language/size.h"

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void shrink_guess(struct shrinker *shrinker)
{
    program_clear(&shrinker->guess);
    for (size_t i = 0; i < shrinker->program->count; i++) {
        program_add(&shrinker->guess, shrinker->program->ops[i]);
    }
}

// Lets the next trial take no longer than there is time. A program that should hang has its own
// limit.
static void limit_trial(const struct shrinker *shrinker)
{
    double left = shrinker->ends - now();
    unsigned most = shrinker->verdict == TRIAL_TIMEOUT ? SHRINK_HUNG_SECONDS
                    : left < TRIAL_SECONDS             ? (unsigned)left + 1
                                                       : TRIAL_SECONDS;
    trial_may_take(most);
}

// Tries the guess. If it fails the same way it is the program from now on. A program without ops is
// none that can be replayed.
bool shrink_accept(struct shrinker *shrinker)
{
    if (shrinker->guess.count == 0 || shrinker->trials >= SHRINK_TRIALS ||
        now() >= shrinker->ends) {
        return false;
    }
    shrinker->trials++;
    limit_trial(shrinker);
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

// A program may fail without an op: in what the harness asks of a new heap, or of an empty one. It
// is given one that a subject hears as little of as can be, as none without ops can be replayed.
static void give_an_op(struct shrinker *shrinker)
{
    static const enum verb verbs[] = {VERB_WRITE, VERB_CHECK, VERB_SIZE, VERB_FREE, VERB_ALLOCATE};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0] && shrinker->program->count == 0; i++) {
        program_clear(&shrinker->guess);
        program_add(&shrinker->guess, (struct op){verbs[i], 0, 0});
        (void)shrink_accept(shrinker);
    }
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
            is_simpler = shrink_accept(shrinker) || is_simpler;
            end = begin;
        }
    }
    return is_simpler;
}

// Tries the program without what its ops from begin to end do with a slot.
static bool drop_slot(struct shrinker *shrinker, uint16_t slot, size_t begin, size_t end)
{
    program_clear(&shrinker->guess);
    for (size_t i = 0; i < shrinker->program->count; i++) {
        struct op op = shrinker->program->ops[i];
        if (i < begin || i >= end || !verb_takes_slot(op.verb) || op.slot != slot) {
            program_add(&shrinker->guess, op);
        }
    }
    return shrink_accept(shrinker);
}

// The end of the lifetime that an op may begin: behind the op that frees, or at the next that
// allocates.
static size_t end_of_life(const struct program *program, size_t begin)
{
    for (size_t i = begin + 1; i < program->count; i++) {
        enum verb verb = program->ops[i].verb;
        if (verb_takes_slot(program->ops[i].verb) &&
            program->ops[i].slot == program->ops[begin].slot) {
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
        if (verb_takes_slot(first.verb) &&
            (drop_slot(shrinker, first.slot, 0, shrinker->program->count) ||
             (end > at + 1 && drop_slot(shrinker, first.slot, at, end)))) {
            is_simpler = true;
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
    shrink_guess(shrinker);
    shrinker->guess.ops[at] = op;
    return shrink_accept(shrinker);
}

bool shrink_replace_two(struct shrinker *shrinker, size_t at, struct op op, size_t other_at,
                        struct op other)
{
    shrink_guess(shrinker);
    shrinker->guess.ops[at] = op;
    shrinker->guess.ops[other_at] = other;
    return shrink_accept(shrinker);
}

static bool plain(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count; at++) {
        struct op op = shrinker->program->ops[at];
        op.verb = verb_plainer(op.verb);
        is_simpler = shrink_replace(shrinker, at, op) || is_simpler;
        op = shrinker->program->ops[at];
        if (verb_takes_slot(op.verb)) {
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

size_t shrink(const struct plan *plan, struct program *program, trial_verdict verdict,
              shrink_progress progress)
{
    static bool (*const ways[])(struct shrinker *) = {
        cut,           drop,         shrink_fold, plain, shrink_lower, shrink_lower_pairs,
        shrink_rename, shrink_gather};
    struct shrinker shrinker = {.plan = plan,
                                .program = program,
                                .verdict = verdict,
                                .progress = progress,
                                .ends = now() + SHRINK_SECONDS};
    give_an_op(&shrinker);
    for (size_t way = 0; way < sizeof ways / sizeof ways[0];) {
        way = ways[way](&shrinker) ? 0 : way + 1;
    }
    shrink_word(&shrinker);
    trial_may_take(TRIAL_SECONDS);
    program_close(&shrinker.guess);
    return shrinker.trials;
}
