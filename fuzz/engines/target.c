// The targets, and the way from an engine's bytes to a run.

#include "engines/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "com/com.h"
#include "engines/probed.h"
#include "findings/report.h"
#include "laws/counters.h"
#include "laws/language.h"
#include "runner/runner.h"
#include "runner/stop.h"
#include "runner/sweep.h"
#include "subjects/subjects.h"
#include "world/asan.h"

#define OF(family) (1U << FAMILY_##family)
#define TARGET_DEF(id, property, folders, ...) {.name = #id, .sentence = property, __VA_ARGS__},
const struct target targets[] = {
#include "engines/targets.def"
    {.name = NULL},
};
#undef TARGET_DEF
#undef OF

const struct target *target_find(const char *name)
{
    for (const struct target *target = targets; target->name != NULL; target++) {
        if (strcmp(target->name, name) == 0) {
            return target;
        }
    }
    return NULL;
}

#ifdef HAS_ASAN
// Sets AddressSanitizer's defaults, which $ASAN_OPTIONS overrides. Its quarantine of freed blocks
// would take 256 MiB, most of them the engine's own inputs. malloc may refuse, as it can be the
// subject. The sanitizer reports the trap of a broken law: its stack begins with the law,
// libFuzzer's with its own handler.
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=16:allocator_may_return_null=1:handle_sigill=1";
}
#endif

static const struct target *running;
static struct plan running_plan;

struct scope target_scope_of(const struct target *target, const struct subject *subject)
{
    struct scope scope = {target->families, RUN_ARENA_BYTES, subject->port.policies.limit_bytes,
                          false};
    if (subject_takes_range(subject)) {
        scope.arena_bytes = subject->port.policies.range_usual_bytes;
        scope.is_range = true;
    }
    if (subject->port.add_range != NULL) {
        scope.families |= 1U << FAMILY_RANGES;
    }
    if (target->plan.extension == NULL) { // The verbs of other faces would be those of its own.
        scope.families &= ~((1U << FAMILY_COM) | (1U << FAMILY_SPY));
    }
    return scope;
}

struct scope target_scope(void)
{
    return running != NULL ? target_scope_of(running, running_plan.subject)
                           : (struct scope){~0U, RUN_ARENA_BYTES, SIZE_MAX, false};
}

// Ends the process after a sentence. An engine would take `exit` for a finding.
static _Noreturn void end_refused(void)
{
    (void)fflush(NULL);
    _Exit(2);
}

// Returns the subject that a variable names, or a default. Ends the process iff there is no such
// subject.
static const struct subject *read_subject(const struct target *target, const char *variable,
                                          const char *default_subject)
{
    const char *value = getenv(variable);
    const char *name = value == NULL ? default_subject : value;
    const struct subject *subject = subject_find(name);
    if (subject == NULL) {
        fprintf(stderr, "%s_fuzzer: %s: there is no subject '%s'\n", target->name, variable, name);
        end_refused();
    }
    return subject;
}

static void print_probed(const struct subject *subject)
{
    const struct probed *probed = subject_probe(subject);
    for (size_t i = 0; probed != NULL && i < probed->notes; i++) {
        fprintf(stderr, "INFO: %s: maybe a bug: %s\n", subject->name, probed->note[i]);
    }
}

static void read_environment(struct plan *plan, const struct target *target,
                             const char *default_subject)
{
    const char *path = getenv("HEAPFUZZ_COUNTERS");
    report_findings(FINDING_ABORTS);
    stop_watch(false);
    *plan = target->plan;
    plan->subject = read_subject(target, "HEAPFUZZ_SUBJECT", default_subject);
    if (target->compares) {
        const struct subject *beside = subject_beside(plan->subject);
        plan->other = read_subject(target, "HEAPFUZZ_OTHER",
                                   beside == NULL ? plan->subject->name : beside->name);
    }
    if (plan->other == plan->subject) {
        fprintf(stderr, "%s_fuzzer: HEAPFUZZ_OTHER: a pair is two subjects, and both are '%s'\n",
                target->name, plan->subject->name);
        end_refused();
    }
    if (path != NULL && !counters_share(path)) {
        fprintf(stderr, "%s_fuzzer: HEAPFUZZ_COUNTERS: can't write %s: %s\n", target->name, path,
                strerror(errno));
        end_refused();
    }
    if (!target->reads_texts) {
        print_probed(plan->subject);
        if (plan->other != NULL) {
            print_probed(plan->other);
        }
        fprintf(stderr, "INFO: target %s on subject %s%s%s\n", target->name, plan->subject->name,
                plan->other == NULL ? "" : " and ", plan->other == NULL ? "" : plan->other->name);
    }
}

static void keep_input(const uint8_t *bytes, size_t size_bytes)
{
    if (size_bytes > 0) { // An engine has no bytes for an empty input.
        memcpy(counters->input.bytes, bytes, size_bytes);
    }
    counters->input.size_bytes = (uint32_t)size_bytes;
    counters->input.is_running = true;
}

// Replaces verbs of faces that no extension makes by those of the heap's own calls, which they are.
static void make_plain(struct program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        struct op *op = &program->ops[i];
        if (verb_family(op->verb) == FAMILY_COM && verb_action(op->verb) < ACTION_MISUSE) {
            op->verb = verb_plainer(op->verb);
        }
    }
}

int target_run(const struct target *target, const char *subject, const uint8_t *bytes,
               size_t size_bytes)
{
    static struct program program; // Its memory serves every run.
    if (running == NULL) {
        read_environment(&running_plan, target, subject);
        running = target;
    }
    size_bytes = size_bytes < TARGET_MOST_BYTES ? size_bytes : TARGET_MOST_BYTES;
    if (target->reads_texts) {
        language_hold(bytes, size_bytes);
        return 0;
    }
    keep_input(bytes, size_bytes);
    program_decode(&program, bytes, size_bytes);
    if (target->plan.extension == NULL) {
        make_plain(&program);
    }
    sweep_run(&running_plan, &program);
    counters->input.is_running = false;
    return 0;
}
