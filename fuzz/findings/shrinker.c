// Guesses tried within the limits of trials and time.

#include "findings/shrinker.h"

#include "world/clock.h"

#define MUCH_LONGER 20

// Lets the next trial take no longer than there is time, nor much longer than the program takes: a
// guess that hangs would cost many others. A program that should hang has its own limit.
static void limit_trial(const struct shrinker *shrinker)
{
    double left = shrinker->ends - clock_seconds();
    double most = shrinker->took * MUCH_LONGER;
    most = shrinker->took == 0 || most > TRIAL_SECONDS - 1 ? TRIAL_SECONDS - 1 : most;
    most = most < left ? most : left;
    trial_may_take(shrinker->verdict == TRIAL_TIMEOUT ? SHRINK_HUNG_SECONDS : (unsigned)most + 1);
}

void shrinker_tell(const struct shrinker *shrinker)
{
    if (shrinker->progress != NULL) {
        shrinker->progress(shrinker->program->count, shrinker->trials + *shrinker->searched);
    }
}

bool shrinker_has_trials(const struct shrinker *shrinker)
{
    return shrinker->trials < shrinker->trials_most && clock_seconds() < shrinker->ends;
}

bool shrinker_try(struct shrinker *shrinker)
{
    // No program without ops can be replayed.
    if (shrinker->guess.count == 0 || !shrinker_has_trials(shrinker)) {
        return false;
    }
    shrinker->trials++;
    limit_trial(shrinker);
    double began = clock_seconds();
    if (trial_run(shrinker->plan, &shrinker->guess) != shrinker->verdict) {
        return false;
    }
    shrinker->took = clock_seconds() - began;
    struct program former = *shrinker->program;
    *shrinker->program = shrinker->guess;
    shrinker->guess = former;
    shrinker_tell(shrinker);
    return true;
}

bool shrinker_replace(struct shrinker *shrinker, size_t at, size_t count, const struct op *ops,
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
    return shrinker_try(shrinker);
}

bool shrinker_change(struct shrinker *shrinker, size_t at, struct op op)
{
    struct op old = shrinker->program->ops[at];
    op = op_canonical(op);
    bool is_same = op.verb == old.verb && op.slot == old.slot && op.size_code == old.size_code;
    return !is_same && shrinker_replace(shrinker, at, 1, &op, 1);
}
