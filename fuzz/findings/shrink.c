// Ways to make a program simpler, from the coarse to the fine. After a way that works, the coarse
// ones are tried again, until none works: then no op can be left out and no size lowered.
//
//     cut      leave out a stretch of ops: half of the program, a quarter, ... a single op
//     fold     one repeated op for many (shrink_slots.c)
//     plain    allocate for reallocate, the heap's own call for a COM one, fewer repeats
//     lower    sizes nearer to 0: all, one, or two of one block at once (shrink_sizes.c)
//     rename   slots b0, b1, ... in the order in which they come (shrink_slots.c)
//     gather   calls that do the same next to each other (shrink_slots.c)
//     search   another program of fewer ops (shrink_search.c)
//
// Each is only a guess: the trial decides. Deleting an op renumbers nothing, so most guesses are
// good, except those of the search, which makes thousands. At last sizes are written as the edges
// that they are next to.

#include "findings/shrink.h"

#include <stdio.h>
#include <stdlib.h>

#include "findings/shrink_search.h"
#include "findings/shrink_sizes.h"
#include "findings/shrink_slots.h"
#include "world/clock.h"
#include "world/os.h"

// A program may fail without an op: in a call of the harness's own to a new heap, or to an empty
// one. It gets an op, of which the subject hears as little as it can.
static void give_an_op(struct shrinker *shrinker)
{
    static const enum verb verbs[] = {VERB_WRITE, VERB_CHECK, VERB_SIZE, VERB_FREE, VERB_ALLOCATE};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0] && shrinker->program->count == 0; i++) {
        (void)shrinker_replace(shrinker, 0, 0, &(struct op){.verb = verbs[i]}, 1);
    }
}

static bool cut(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t length = (shrinker->program->count + 1) / 2; length > 0; length /= 2) {
        for (size_t end = shrinker->program->count; end >= length; end -= length) {
            is_simpler = shrinker_replace(shrinker, end - length, length, NULL, 0) || is_simpler;
        }
    }
    return is_simpler;
}

// Lowers a number: of repeats, pages, ...
static bool lower_number(struct shrinker *shrinker, size_t at)
{
    struct op op = shrinker->program->ops[at];
    uint16_t number = op.slot;
    bool is_simpler = false;
    op.slot = 0;
    if (number == 0 || shrinker_change(shrinker, at, op)) {
        return number > 0;
    }
    for (unsigned step = (number + 1U) / 2; step > 0; step /= 2) {
        op.slot = (uint16_t)(number - step);
        if (number > step && shrinker_change(shrinker, at, op)) {
            number = op.slot;
            is_simpler = true;
        }
    }
    return is_simpler;
}

static bool plain(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count; at++) {
        struct op op = shrinker->program->ops[at];
        op.verb = verb_plainer(op.verb);
        is_simpler = shrinker_change(shrinker, at, op) || is_simpler;
        if (!verb_takes_slot(shrinker->program->ops[at].verb)) {
            is_simpler = lower_number(shrinker, at) || is_simpler;
        }
    }
    return is_simpler;
}

size_t shrink(const struct plan *plan, const struct scope *scope, struct program *program,
              trial_verdict verdict, shrink_progress progress)
{
    static bool (*const ways[])(struct shrinker *) = {
        cut,           shrink_fold,   plain,        shrink_lower, shrink_lower_pairs,
        shrink_rename, shrink_gather, shrink_search};
    bool is_hung = verdict == TRIAL_TIMEOUT;
    struct shrinker shrinker = {.plan = plan,
                                .scope = scope,
                                .program = program,
                                .verdict = verdict,
                                .progress = progress,
                                .searched = os_share(sizeof *shrinker.searched),
                                .search_seconds = is_hung ? 0 : SEARCH_SECONDS,
                                .trials_most = SHRINK_TRIALS / 2,
                                .began = clock_seconds()};
    shrinker.ends = shrinker.began + (is_hung ? SHRINK_ALL_HUNG_SECONDS : SHRINK_SECONDS / 2);
    if (shrinker.searched == NULL) {
        fprintf(stderr, "heapfuzz: no memory to shrink a program\n");
        exit(2);
    }
    program_copy(&shrinker.guess, program);
    (void)shrinker_try(&shrinker); // As it is, to see how long it takes.
    give_an_op(&shrinker);
    for (size_t way = 0; way < sizeof ways / sizeof ways[0];) {
        way = ways[way](&shrinker) ? 0 : way + 1;
    }
    shrink_word(&shrinker);
    trial_may_take(TRIAL_SECONDS);
    program_close(&shrinker.guess);
    os_share_end(shrinker.searched, sizeof *shrinker.searched);
    return shrinker.trials;
}
