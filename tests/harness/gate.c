// The seeds reach everything that a run counts: gate SUBJECT[,OTHER] TARGET FILE...
//
// Runs the .ops files, then looks at every counter: each verb with each outcome, each law, and the
// totals. A counter at zero fails the gate, unless a line here gives the reason. So does a counter
// above zero although a line says that it must be zero: that reason is no longer true.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "com/com.h"
#include "com/com_calls.h"
#include "engines/target.h"
#include "findings/report.h"
#include "language/text.h"
#include "laws/counters.h"
#include "laws/fill.h"
#include "runner/pair.h"
#include "subjects/subjects.h"

static struct plan plan;
static unsigned families; // Of the target's programs.
static unsigned wrong;

// The effects of a verb that decide its outcomes.
static bool allocates(enum verb verb)
{
    return verb == VERB_ALLOCATE || verb == VERB_TASK_ALLOCATE || verb == VERB_IMALLOC_ALLOCATE ||
           verb == VERB_ALLOCATE_ZEROED;
}

static bool reallocates(enum verb verb)
{
    return verb == VERB_REALLOCATE || verb == VERB_TASK_REALLOCATE ||
           verb == VERB_IMALLOC_REALLOCATE;
}

// Returns whether either subject of a pair, or the only one, has something.
static bool any_has(bool (*has)(const struct subject *subject))
{
    return has(plan.subject) || (plan.other != NULL && has(plan.other));
}

static bool all_have(bool (*has)(const struct subject *subject))
{
    return has(plan.subject) && (plan.other == NULL || has(plan.other));
}

static bool has_owner(const struct subject *subject)
{
    return subject->port.owns != NULL;
}

static bool has_zeroed(const struct subject *subject)
{
    return subject->port.allocate_zeroed != NULL;
}

static bool has_minimize(const struct subject *subject)
{
    return subject->port.minimize != NULL;
}

static bool has_counts(const struct subject *subject)
{
    return subject->port.count != NULL;
}

static bool has_check(const struct subject *subject)
{
    return subject->port.check != NULL;
}

static bool has_fault(const struct subject *subject)
{
    return subject->port.fault != NULL;
}

static bool has_largest(const struct subject *subject)
{
    return subject->promises.largest != NULL;
}

static bool has_bound(const struct subject *subject)
{
    return subject->promises.most_committed != NULL;
}

static bool has_pages(const struct subject *subject)
{
    return !subject_ignores_world(subject);
}

static bool hides_slack(const struct subject *subject)
{
    return subject->promises.hides_slack;
}

static bool hides_freed(const struct subject *subject)
{
    return subject->promises.hides_freed_bytes > 0;
}

static bool stays_in_place(const struct subject *subject)
{
    return subject_stays_in_place(subject);
}

static bool has_limit(const struct subject *subject)
{
    return subject->port.policies.limit_bytes < SIZE_MAX;
}

static bool survives_misuse(const struct subject *subject)
{
    return subject->port.faults != NULL;
}

static bool can_be_emptied(const struct subject *subject)
{
    return has_counts(subject) || has_minimize(subject);
}

static bool has_com(void)
{
    return plan.extension != NULL && all_have(com_has_faces);
}

static bool has_spies(const struct subject *subject)
{
    return plan.extension == &com_faces_and_spies && com_has_spies(subject);
}

// Returns whether no subject takes pages from the world. Our seeds then can't decide where blocks
// lie, nor whether memory is ever refused.
static bool is_foreign(void)
{
    return !any_has(has_pages);
}

static bool has_family(enum family family)
{
    return (families >> family & 1) != 0;
}

// Returns why a verb can't have this outcome; NULL iff it can.
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
    if (outcome == OUTCOME_OVER_LIMIT && !any_has(has_limit)) {
        return "the subject has no limit";
    }
    if (outcome == OUTCOME_MOVED && all_have(stays_in_place)) {
        return "its blocks stay in place";
    }
    if (asks_com && !has_com()) {
        return "the COM calls are not mixed in, or there are none";
    }
    if ((verb == VERB_SPY || verb == VERB_REVOKE || outcome == OUTCOME_EXTENSION) &&
        !any_has(has_spies)) {
        return "the target's programs have no spy, or the subject";
    }
    if (verb == VERB_LANE && !has_family(FAMILY_LANES)) {
        return "the target's programs stay on one lane";
    }
    if ((asks_owner && !any_has(has_owner)) || (verb == VERB_MINIMIZE && !any_has(has_minimize))) {
        return "the subject has no such call";
    }
    return NULL;
}

// Returns why a state can't be reached; NULL iff it can.
static const char *why_not_reached(enum reach reach)
{
    if (reach_family(reach) == FAMILY_SPY && !any_has(has_spies)) {
        return "the target's programs have no spy, or the subject";
    }
    if (reach == REACH_OVER_MOST && !any_has(has_limit)) {
        return "the subject has no limit";
    }
    bool needs_moves = reach == REACH_MOVES_LARGE || reach == REACH_STARVED_MOVE ||
                       reach == REACH_STARVED_SHRINK || reach == REACH_MOVES_ELSEWHERE;
    if (needs_moves && all_have(stays_in_place)) {
        return "its blocks stay in place";
    }
    return has_family(reach_family(reach)) ? NULL : "the target's programs have no such verb";
}

static bool may_be_zero(enum outcome outcome)
{
    return is_foreign() && (outcome == OUTCOME_IN_PLACE || outcome == OUTCOME_MOVED ||
                            outcome == OUTCOME_NO_ROOM || outcome == OUTCOME_NO_PAGES);
}

// Returns why a law can't be checked; NULL iff it can.
static const char *why_law_never(enum law law)
{
    static const struct {
        enum law law;
        bool (*has)(const struct subject *subject);
    } needs[] = {
        {LAW_PAST_END, hides_slack},
        {LAW_FREED, hides_freed},
        {LAW_MEMBER, has_owner},
        {LAW_COUNTS, has_counts},
        {LAW_EMPTY, can_be_emptied},
        {LAW_INVARIANT, has_check},
        {LAW_FAULTLESS, has_fault},
        {LAW_CAPACITY, has_largest},
        {LAW_FOOTPRINT, has_bound},
        {LAW_IN_PLACE, stays_in_place},
        {LAW_SPY, has_spies},
        {LAW_INSIDE, has_pages},
        {LAW_PAGES, has_pages},
        {LAW_AT_MOST, subject_bounds_blocks},
        {LAW_ROOM, subject_fills_holes},
        {LAW_SLACK, subject_gives_slack},
        {LAW_OVER_READ, subject_shows_over_reads},
    };
    bool needs_asan = law == LAW_WRITABLE || law == LAW_PAST_END || law == LAW_FREED;
    if (needs_asan && !fill_sees_poison()) {
        return "only AddressSanitizer knows";
    }
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        if (needs[i].law == law && !any_has(needs[i].has)) {
            return "the subject can't be held to it";
        }
    }
    if (law == LAW_ZEROED && !all_have(has_zeroed)) {
        return "the subject has no such call, or not both have";
    }
    if (law == LAW_MISUSE && (!plan.misuses || !any_has(survives_misuse))) {
        return "nothing is misused, or misuse ends the subject";
    }
    if (law == LAW_COM && !has_com()) {
        return "the COM calls are not mixed in, or there are none";
    }
    if (law == LAW_PAIR && plan.other == NULL) {
        return "there is one subject";
    }
    return NULL;
}

static bool law_may_be_zero(enum law law)
{
    return is_foreign() && law == LAW_REASON; // Nothing is refused for want of memory.
}

// Returns why no two answers of a verb are compared; NULL iff they are.
static const char *why_not_compared(enum verb verb)
{
    bool asks_size = verb == VERB_SIZE || verb == VERB_IMALLOC_SIZE;
    bool asks_com = verb == VERB_GET_MALLOC || verb == VERB_QUERY;
    bool asks_owner = verb == VERB_OWNS || verb == VERB_OWNS_ADDRESS;
    if (plan.other == NULL) {
        return "there is one subject";
    }
    if (!allocates(verb) && !reallocates(verb) && !asks_size && !asks_com && !asks_owner) {
        return "it has no answer";
    }
    if ((asks_com && !has_com()) || (asks_owner && !all_have(has_owner))) {
        return "not both can be asked";
    }
    return NULL;
}

// Returns why no two answers differ for a reason; NULL iff they do.
static const char *why_no_difference(enum difference difference)
{
    if (plan.other == NULL) {
        return "there is one subject";
    }
    const struct heapfuzz_policies *first = &plan.subject->port.policies;
    const struct heapfuzz_policies *second = &plan.other->port.policies;
    bool can_differ[DIFFERENCES] = {
        [DIFFERENCE_LIMIT] = first->limit_bytes != second->limit_bytes,
        [DIFFERENCE_ROOM] = any_has(has_pages),
        [DIFFERENCE_PAGES] = any_has(has_pages),
        [DIFFERENCE_INEXACT] = !subject_is_exact(plan.subject) || !subject_is_exact(plan.other),
        [DIFFERENCE_NULL_SIZE] = first->null_size_bytes != second->null_size_bytes,
    };
    return can_differ[difference] ? NULL : "the two do not differ in that";
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
    for (unsigned reach = 0; reach < REACHES; reach++) {
        // They are the heap's, whatever the face: the seeds of one target are enough.
        hold(counters->reached[reach], why_not_reached((enum reach)reach),
             is_foreign() ||
                 (plan.extension != NULL && reach_family((enum reach)reach) != FAMILY_SPY),
             "state ", reach_name((enum reach)reach));
    }
    for (unsigned verb = 0; verb < VERBS; verb++) {
        hold(counters->compared_by[verb], why_not_compared((enum verb)verb), false,
             "compared: ", verb_name((enum verb)verb));
    }
    for (unsigned i = 0; i < DIFFERENCES; i++) {
        // Two over one kind of heap find room, and are refused pages, at the same requests.
        bool is_of_world = i == DIFFERENCE_ROOM || i == DIFFERENCE_PAGES;
        hold(counters->differed_by[i], why_no_difference((enum difference)i),
             is_of_world && all_have(has_pages),
             "difference: ", difference_name((enum difference)i));
    }
    hold(counters->given_up, plan.other == NULL ? "there is one subject" : NULL, false, "given up",
         "");
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
    pair_run(&plan, &program);
    program_close(&program);
}

static bool choose_subjects(char *names, bool are_two)
{
    char *comma = strchr(names, ',');
    if (comma != NULL) {
        *comma = '\0';
        plan.other = subject_find(comma + 1);
    }
    plan.subject = subject_find(names);
    return plan.subject != NULL && are_two == (plan.other != NULL) && are_two == (comma != NULL);
}

int main(int argc, char **argv)
{
    const struct target *target = argc < 4 ? NULL : target_find(argv[2]);
    plan = target != NULL ? target->plan : plan;
    if (target == NULL || !choose_subjects(argv[1], target->compares)) {
        printf("usage: gate SUBJECT[,OTHER] TARGET FILE...\n");
        return 2;
    }
    families = target->families;
    plan.runs_twice = true;
    report_findings(FINDING_EXITS);
    for (int i = 3; i < argc; i++) {
        run_file(argv[i]);
    }
    hold_all();
    if (wrong > 0) {
        counters_print(counters, false);
    }
    return wrong > 0;
}
