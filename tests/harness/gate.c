// The seeds reach everything that a run counts: gate SUBJECT TARGET FILE...
//
// Runs the .ops files, then looks at every counter: each verb with each way to come out, each law,
// and the totals. One that is zero fails the gate, unless a line here says why it must be; and so
// does one that is not zero although a line says that it must, for then the reason is no longer
// true.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/counters.h"
#include "harness/fill.h"
#include "harness/report.h"
#include "harness/run.h"
#include "harness/target.h"
#include "harness/text.h"

static struct plan plan;
static unsigned wrong;

// What a verb does, as far as it decides how the verb can come out.
static bool allocates(enum verb verb)
{
    return verb == VERB_ALLOCATE || verb == VERB_TASK_ALLOCATE || verb == VERB_IMALLOC_ALLOCATE;
}

static bool reallocates(enum verb verb)
{
    return verb == VERB_REALLOCATE || verb == VERB_TASK_REALLOCATE ||
           verb == VERB_IMALLOC_REALLOCATE;
}

static bool has_com(void)
{
    return plan.mixes_faces && plan.subject->com != NULL;
}

// An allocator that is not ours: where it puts a block, and whether it is ever refused memory, is
// not for our seeds to say.
static bool is_foreign(void)
{
    return plan.subject != subjects[0];
}

// Why a verb can't come out so; NULL iff it can.
static const char *why_never(enum verb verb, enum outcome outcome)
{
    bool asks_com = verb == VERB_GET_MALLOC || verb == VERB_QUERY;
    bool asks_owner = verb == VERB_OWNS || verb == VERB_OWNS_ADDRESS;
    bool is_task_memory = verb >= VERB_TASK_ALLOCATE && verb <= VERB_IMALLOC_SIZE;
    if (outcome != OUTCOME_DONE && !allocates(verb) && !reallocates(verb)) {
        return "it asks for no memory";
    }
    if ((outcome == OUTCOME_IN_PLACE || outcome == OUTCOME_MOVED) && allocates(verb)) {
        return "a new block was nowhere before";
    }
    if (outcome == OUTCOME_OVER_LIMIT && is_task_memory && has_com()) {
        return "COM task memory has no limit";
    }
    if (asks_com && !has_com()) {
        return "the COM calls are not mixed in, or there are none";
    }
    if ((asks_owner && plan.subject->owns == NULL) ||
        (verb == VERB_MINIMIZE && plan.subject->minimize == NULL)) {
        return "the subject has no such call";
    }
    return NULL;
}

static bool may_be_zero(enum outcome outcome)
{
    return is_foreign() && (outcome == OUTCOME_IN_PLACE || outcome == OUTCOME_MOVED ||
                            outcome == OUTCOME_NO_ROOM || outcome == OUTCOME_NO_PAGES);
}

// Why a law can't be checked; NULL iff it can.
static const char *why_law_never(enum law law)
{
    bool needs_asan = law == LAW_WRITABLE || law == LAW_PAST_END || law == LAW_FREED;
    bool asks_heap = law == LAW_MEMBER || law == LAW_COUNTS || law == LAW_EMPTY ||
                     law == LAW_INVARIANT || law == LAW_FAULTLESS || law == LAW_CAPACITY ||
                     law == LAW_FOOTPRINT;
    if (needs_asan && !fill_sees_poison()) {
        return "only AddressSanitizer knows";
    }
    if ((law == LAW_PAST_END || law == LAW_FREED) && is_foreign()) {
        return "a foreign allocator does not poison";
    }
    if (asks_heap && is_foreign()) {
        return "a foreign allocator can't be asked";
    }
    if (law == LAW_MISUSE && (!plan.misuses || is_foreign())) {
        return "nothing is misused, or misuse ends the subject";
    }
    if (law == LAW_COM && !has_com()) {
        return "the COM calls are not mixed in, or there are none";
    }
    return NULL;
}

static bool law_may_be_zero(enum law law)
{
    return is_foreign() && law == LAW_REASON; // Nothing is refused for want of memory.
}

static void hold(uint64_t count, const char *why, bool may_be_zero, const char *what,
                 const char *how)
{
    if (why == NULL && count == 0 && !may_be_zero) {
        printf("no seed reaches it: %s%s\n", what, how);
        wrong++;
    } else if (why != NULL && count != 0) {
        printf("counted, where it was said that %s: %s%s\n", why, what, how);
        wrong++;
    }
}

static void hold_all(void)
{
    char how[64];
    for (unsigned verb = 0; verb < VERBS; verb++) {
        for (unsigned outcome = 0; outcome < OUTCOMES; outcome++) {
            (void)snprintf(how, sizeof how, ", %s", outcome_name((enum outcome)outcome));
            hold(counters->calls_by[verb][outcome],
                 why_never((enum verb)verb, (enum outcome)outcome),
                 may_be_zero((enum outcome)outcome), verb_name((enum verb)verb), how);
        }
    }
    for (unsigned law = 0; law < LAWS; law++) {
        hold(counters->checks_by[law], why_law_never((enum law)law), law_may_be_zero((enum law)law),
             "law ", law_name((enum law)law));
    }
    hold(counters->programs, NULL, false, "programs", "");
    hold(counters->calls, NULL, false, "calls", "");
    hold(counters->most_live_blocks, NULL, false, "live blocks", "");
    hold(counters->most_live_bytes, NULL, false, "live bytes", "");
    hold(counters->most_committed_bytes, NULL, is_foreign(), "committed bytes", "");
}

static void run_file(const char *path)
{
    struct program program = {0};
    struct text_error error = {0};
    FILE *file = fopen(path, "rb");
    if (file == NULL || !text_read(file, &program, &error)) {
        printf("%s:%zu: %s\n", path, error.line, file == NULL ? "can't be read" : error.sentence);
        exit(2);
    }
    (void)fclose(file);
    if (program.count == 0) {
        printf("%s: a seed of no op\n", path);
        wrong++;
    }
    run_program(&plan, &program);
    program_close(&program);
}

int main(int argc, char **argv)
{
    const struct target *target = argc < 3 ? NULL : target_find(argv[2]);
    plan.subject = argc < 3 ? NULL : subject_find(argv[1]);
    if (target == NULL || plan.subject == NULL || argc == 3) {
        printf("usage: gate SUBJECT TARGET FILE...\n");
        return 2;
    }
    plan.mixes_faces = target->mixes_faces;
    plan.misuses = target->misuses;
    plan.runs_twice = true;
    report_ends(REPORT_EXITS);
    for (int i = 3; i < argc; i++) {
        run_file(argv[i]);
    }
    hold_all();
    if (wrong > 0) {
        counters_print(counters);
    }
    return wrong > 0;
}
