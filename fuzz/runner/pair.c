// Runs a program twice: records the first run, and compares the second with the record, step by
// step. The first run decides which blocks both keep. Knows neither engines nor processes.

#include "runner/pair.h"

#include <stdlib.h>

#include "language/size.h"
#include "laws/model.h"
#include "laws/place.h"
#include "runner/answers.h"
#include "runner/calls.h"
#include "runner/runner.h"

// The first subject's results of a step.
struct step {
    uintptr_t answer; ///< For a pointer, whether there was one.
    enum outcome outcome;
    bool is_given_up;
    bool is_hoped; ///< Granted by the first; the second promises nothing, but may grant it, too.
    bool can_tell; ///< DidAlloc returns the same wherever blocks are.
    size_t live_blocks, live_bytes;
};

static struct {
    const struct subject *first, *second;
    const struct extension *extension; // NULL, or one that both have.
    struct step *steps;
    size_t capacity;

    // The slot's state before the step.
    bool was_live;
    size_t was_bytes;

    // An upper bound on the bytes and blocks that the second will have granted since it was as good
    // as new. It assumes that every request is granted, and every block moves.
    size_t since_empty_bytes, since_empty_blocks;
    bool is_scarce; ///< The world may refuse the second a page.
} pair;

static size_t limit_of(const struct subject *subject, enum verb verb)
{
    return heap_limit_bytes(subject, pair.extension, verb_face(verb));
}

static size_t null_size_of(const struct subject *subject, enum verb verb)
{
    return heap_null_size_bytes(subject, pair.extension, verb_face(verb));
}

static struct step *step_at(size_t index)
{
    if (index >= pair.capacity) {
        size_t capacity = index < 1024 ? 2048 : index * 2;
        struct step *steps = realloc(pair.steps, capacity * sizeof *steps);
        if (steps == NULL) {
            abort();
        }
        pair.steps = steps;
        pair.capacity = capacity;
    }
    return &pair.steps[index];
}

static void before_step(struct run *run, uint32_t slot)
{
    (void)run;
    pair.was_live = model.slots[slot].is_live;
    pair.was_bytes = model.slots[slot].size_bytes;
}

static bool frees(const struct run *run, size_t size_bytes)
{
    return run_reallocates(run) && pair.was_live && size_bytes == 0;
}

// Updates the account of the second subject for a step.
static void keep_account(const struct run *run, uint32_t number, size_t size_bytes)
{
    if (run->verb == VERB_WORLD || run->verb == VERB_REFUSE) {
        pair.is_scarce = run->verb == VERB_REFUSE || number > 0;
    }
    if ((verb_allocates(run->verb) || verb_reallocates(run->verb)) &&
        size_bytes <= limit_of(pair.second, run->verb)) {
        pair.since_empty_bytes = size_sum(pair.since_empty_bytes, size_bytes);
        pair.since_empty_bytes = size_sum(pair.since_empty_bytes, 2 * run->alignment_bytes);
        pair.since_empty_blocks++;
    }
}

// Returns whether the second one may refuse, whatever room it has.
static bool may_stay(const struct run *run)
{
    return subject_stays_in_place(pair.second) && run_reallocates(run) && pair.was_live;
}

// Returns whether a request for 0 bytes makes blocks of different sizes in the two.
static bool differs_in_size(size_t size_bytes)
{
    const struct heapfuzz_policies *first = &pair.first->port.policies;
    const struct heapfuzz_policies *second = &pair.second->port.policies;
    return size_bytes == 0 &&
           (first->zero_size_bytes != second->zero_size_bytes ||
            first->zero != HEAPFUZZ_ZERO_IS_BLOCK || second->zero != HEAPFUZZ_ZERO_IS_BLOCK);
}

static bool must_second_grant(const struct run *run, size_t size_bytes)
{
    return !may_stay(run) && size_bytes <= limit_of(pair.second, run->verb) &&
           (subject_ignores_world(pair.second) || !pair.is_scarce) &&
           subject_must_grant(pair.second, run->heap.arena_bytes, pair.since_empty_bytes,
                              pair.since_empty_blocks);
}

// Returns whether a reallocation to 0 may free the block in one of the two and keep it in the
// other.
static bool may_keep(const struct run *run, size_t size_bytes)
{
    const enum heapfuzz_to_zero frees_it = HEAPFUZZ_TO_ZERO_FREES;
    return frees(run, size_bytes) && (pair.first->port.policies.reallocate_to_zero != frees_it ||
                                      pair.second->port.policies.reallocate_to_zero != frees_it);
}

// Returns whether the second one, which promises nothing, may grant what the first one granted. If
// it refuses, the comparison ends there.
static bool is_hoped(const struct run *run, const struct step *step, size_t size_bytes)
{
    return step->answer != 0 && pair.second->promises.must_grant == NULL &&
           size_bytes <= limit_of(pair.second, run->verb);
}

// Returns whether the requested block may end up in only one of the two.
static bool is_in_doubt(const struct run *run, const struct step *step, size_t size_bytes)
{
    if ((!verb_allocates(run->verb) && !verb_reallocates(run->verb)) || frees(run, size_bytes)) {
        return may_keep(run, size_bytes);
    }
    if (differs_in_size(size_bytes)) {
        return true;
    }
    return step->answer != 0 ? !step->is_hoped && !must_second_grant(run, size_bytes)
                             : size_bytes <= limit_of(pair.second, run->verb);
}

static uintptr_t visible(const struct run *run)
{
    const struct answer *answer = &run->answers[run->op_index];
    return answer->kind == ANSWER_POINTER ? answer->value != 0 : answer->value;
}

static void record(struct run *run, uint32_t slot, size_t size_bytes)
{
    struct step *step = step_at(run->steps);
    if (run->steps == 0) { // A run begins, perhaps the second of the same program.
        pair.since_empty_bytes = 0;
        pair.since_empty_blocks = 0;
        pair.is_scarce = false;
    }
    *step = (struct step){
        .answer = visible(run),
        .outcome = run->outcome,
        .can_tell = run_is_anywhere(run, slot, size_bytes),
    };
    keep_account(run, slot, size_bytes);
    step->is_hoped = (verb_allocates(run->verb) || verb_reallocates(run->verb)) &&
                     is_hoped(run, step, size_bytes);
    if (is_in_doubt(run, step, size_bytes)) {
        step->is_given_up = true;
        counters->given_up++;
        run_give_up(run, slot);
    }
    step->live_blocks = model.live_blocks;
    step->live_bytes = model.live_bytes;
    if (model_is_as_new(pair.second->promises.stays_used)) {
        pair.since_empty_bytes = 0;
        pair.since_empty_blocks = 0;
    }
}

// Records that an answer was compared, and for two that differ the reason that allows it.
static void note(const struct run *run, bool differs, enum difference difference)
{
    counters->compared_by[run->verb]++;
    if (differs) {
        counters->differed_by[difference]++;
    }
}

static enum difference why_refused(enum outcome outcome)
{
    return outcome == OUTCOME_OVER_LIMIT ? DIFFERENCE_LIMIT
           : outcome == OUTCOME_NO_PAGES ? DIFFERENCE_PAGES
                                         : DIFFERENCE_ROOM;
}

static CHECK void compare_request(struct run *run, const struct step *step, size_t size_bytes)
{
    bool is_granted = visible(run) != 0;
    bool is_same_size = run_reallocates(run) && pair.was_live && run->alignment_bytes == 0 &&
                        size_bytes == pair.was_bytes;
    bool promises =
        pair.first->promises.must_grant != NULL && pair.second->promises.must_grant != NULL;
    bool is_asking = !is_same_size || !promises || may_keep(run, size_bytes);
    bool is_refused = step->is_hoped && !is_granted;
    bool may_differ = is_asking && (step->is_given_up || is_refused);
    LAW(PAIR, is_granted == (step->answer != 0) || may_differ,
        "%s bytes are %s here, where %s %s them%s", place_size(size_bytes),
        is_granted ? "granted" : "refused", pair.first->name, is_granted ? "refused" : "granted",
        is_asking ? "" : ", though the block already had that size");
    note(run, is_granted != (step->answer != 0),
         why_refused(is_granted ? step->outcome : run->outcome));
}

static CHECK void compare_size(struct run *run, const struct step *step)
{
    const struct heapfuzz_policies *first = &pair.first->port.policies;
    const struct heapfuzz_policies *second = &pair.second->port.policies;
    uintptr_t answer = visible(run);
    bool may_differ = !subject_is_exact(pair.first) || !subject_is_exact(pair.second);
    if (!pair.was_live) {
        if (first->size_takes_null != HEAPFUZZ_YES || second->size_takes_null != HEAPFUZZ_YES) {
            return;
        }
        may_differ = null_size_of(pair.first, run->verb) != null_size_of(pair.second, run->verb);
    }
    LAW(PAIR, answer == step->answer || may_differ, "GetSize is %s here, and %s of %s",
        place_size(answer), place_size(step->answer), pair.first->name);
    note(run, answer != step->answer, pair.was_live ? DIFFERENCE_INEXACT : DIFFERENCE_NULL_SIZE);
}

static CHECK void compare_number(struct run *run, const struct step *step, const char *what)
{
    LAW(PAIR, visible(run) == step->answer, "%s is 0x%08x here, and 0x%08x of %s", what,
        (unsigned)visible(run), (unsigned)step->answer, pair.first->name);
    note(run, false, DIFFERENCES);
}

static void compare_answer(struct run *run, const struct step *step, uint32_t slot,
                           size_t size_bytes)
{
    bool both_own = pair.first->port.owns != NULL && pair.second->port.owns != NULL;
    if (verb_allocates(run->verb) || verb_reallocates(run->verb)) {
        compare_request(run, step, size_bytes);
    } else if (verb_action(run->verb) == ACTION_SIZE) {
        compare_size(run, step);
    } else if (verb_action(run->verb) == ACTION_OWNS) {
        if (both_own && step->can_tell && run_is_anywhere(run, slot, size_bytes)) {
            compare_number(run, step, "DidAlloc");
        }
    } else if (verb_action(run->verb) == ACTION_EXTENSION) {
        if (run->answers[run->op_index].is_made) {
            compare_number(run, step, "the HRESULT");
        }
    }
}

static CHECK void compare_live(const struct step *step)
{
    LAW(PAIR, model.live_blocks == step->live_blocks && model.live_bytes == step->live_bytes,
        "%zu blocks of %zu bytes are live here, and %zu of %zu of %s", model.live_blocks,
        model.live_bytes, step->live_blocks, step->live_bytes, pair.first->name);
}

static void compare(struct run *run, uint32_t slot, size_t size_bytes)
{
    const struct step *step = step_at(run->steps);
    compare_answer(run, step, slot, size_bytes);
    if (step->is_hoped && visible(run) == 0) {
        run->is_over = true; // From here on they hold different blocks.
        counters->given_up++;
        return;
    }
    if (step->is_given_up) {
        run_give_up(run, slot);
    }
    compare_live(step);
}

void pair_run(const struct plan *plan, const struct program *program)
{
    if (plan->other == NULL) {
        run_program(plan, program);
        return;
    }
    struct plan one = *plan;
    pair.first = plan->subject;
    pair.second = plan->other;
    pair.extension = plan->extension != NULL && plan->extension->is_offered(pair.first) &&
                             plan->extension->is_offered(pair.second)
                         ? plan->extension
                         : NULL;
    one.other = NULL;
    one.beside = pair.second;
    one.extension = pair.extension;
    one.before_step = before_step;
    one.after_step = record;
    run_program(&one, program);
    one.subject = pair.second;
    one.beside = pair.first;
    one.after_step = compare;
    run_program(&one, program);
}
