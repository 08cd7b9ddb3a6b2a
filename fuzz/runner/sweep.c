// Finds where a program requests pages of its worlds, and makes the programs in which one such
// request is refused.

#include "runner/sweep.h"

#include "runner/apart.h"
#include "runner/pair.h"
#include "runner/trial.h"
#include "world/world.h"

// The most requests of a program that are recorded. Later ones are never refused.
#define REQUESTS_MOST 65536U

// A page request: the op that its refusal stands before, and the number of requests granted until
// it.
struct page_request {
    size_t op_index;
    uint16_t granted_before;
};

static struct {
    struct page_request requests[REQUESTS_MOST];
    size_t count;
    size_t op_index;      ///< The op that the next refusal would stand before.
    uint64_t made_before; ///< The requests made when that op began.
    bool is_repeated;     ///< The last op is a repeat: it and the next stay together.
} watched;

static void watch_begin(const struct run *run)
{
    if (!watched.is_repeated) {
        watched.op_index = run->op_index;
        watched.made_before = world_requests();
    }
    watched.is_repeated = run->program->ops[run->op_index].verb == VERB_REPEAT;
}

// A new world forgets refusals, so a refusal can't hit the requests of its own beginning.
static void watch_end(const struct run *run)
{
    uint64_t made = world_requests() - watched.made_before;
    if (run->program->ops[run->op_index].verb == VERB_WORLD || watched.is_repeated) {
        return;
    }
    for (uint64_t i = 0; i < made && i <= UINT16_MAX && watched.count < REQUESTS_MOST; i++) {
        watched.requests[watched.count++] = (struct page_request){watched.op_index, (uint16_t)i};
    }
}

// Runs a program as it is and records its requests. Returns the number of them to refuse.
static size_t watch(const struct plan *plan, const struct program *program)
{
    struct plan watching = *plan;
    watching.refusals_swept = 0;
    watching.before_op = watch_begin;
    watching.after_op = watch_end;
    watched.count = 0;
    watched.is_repeated = false;
    pair_run(&watching, program);
    return watched.count < plan->refusals_swept ? watched.count : plan->refusals_swept;
}

// Copies the program, with the index-th of `count` refusals in it.
static void refuse(size_t index, size_t count, const struct program *program, struct program *swept)
{
    const struct page_request *request = &watched.requests[watched.count * index / count];
    program_clear(swept);
    for (size_t i = 0; i < program->count; i++) {
        if (i == request->op_index) {
            program_add(swept, (struct op){VERB_REFUSE, request->granted_before, 0});
        }
        program_add(swept, program->ops[i]);
    }
}

static struct plan plain_plan(const struct plan *plan)
{
    struct plan plain = *plan;
    plain.refusals_swept = 0;
    return plain;
}

void sweep_run(const struct plan *plan, const struct program *program)
{
    static struct program swept; // Its memory serves every run.
    struct plan plain = plain_plan(plan);
    if (apart_is_needed(plan)) { // There is no second run to see what the first one asked for.
        apart_run(pair_run, &plain, program);
        return;
    }
    if (plan->refusals_swept == 0) {
        pair_run(plan, program);
        return;
    }
    size_t count = watch(plan, program);
    for (size_t i = 0; i < count; i++) {
        refuse(i, count, program, &swept);
        pair_run(&plain, &swept);
    }
}

trial_verdict sweep_settle(const struct plan *plan, struct program *program)
{
    struct program swept = {0};
    struct plan plain = plain_plan(plan);
    trial_verdict verdict = trial_run(&plain, program);
    bool is_settled = verdict != TRIAL_CLEAN || plan->refusals_swept == 0 || apart_is_needed(plan);
    size_t count = is_settled ? 0 : watch(plan, program);
    for (size_t i = 0; i < count && verdict == TRIAL_CLEAN; i++) {
        refuse(i, count, program, &swept);
        verdict = trial_run(&plain, &swept);
    }
    if (verdict != TRIAL_CLEAN && swept.count > 0) {
        program_copy(program, &swept);
    }
    program_close(&swept);
    return verdict;
}
