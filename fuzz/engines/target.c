// The targets, and the way from an engine's bytes to a run.

#include "engines/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "com/com.h"
#include "findings/report.h"
#include "laws/counters.h"
#include "laws/language.h"
#include "runner/run.h"
#include "runner/stop.h"
#include "runner/sweep.h"
#include "world/asan.h"

const struct target target_heap = {
    .name = "heap",
    .sentence = "the four calls of any subject keep every law of a heap",
    .families = 1U << FAMILY_HEAP,
    .mixes_faces = false,
};
const struct target target_com = {
    .name = "com",
    .sentence = "CComHeap, CoTaskMem* and IMalloc are one heap",
    .families = 1U << FAMILY_HEAP | 1U << FAMILY_COM | 1U << FAMILY_SPY,
    .mixes_faces = true,
    .spies = true,
};

const struct target target_oom = {
    .name = "oom",
    .sentence = "pages may be refused at any point: nothing is lost, and recovery is complete",
    .families = 1U << FAMILY_HEAP | 1U << FAMILY_LANES,
    .refusals_swept = 4,
};
const struct target target_misuse = {
    .name = "misuse",
    .sentence = "each misuse raises exactly its fault, and no write outside of a block does harm",
    .families = 1U << FAMILY_HEAP | 1U << FAMILY_COM | 1U << FAMILY_MISUSE,
    .mixes_faces = true,
    .misuses = true,
};
const struct target target_lanes = {
    .name = "lanes",
    .sentence = "every law holds whichever lane each call comes from",
    .families = 1U << FAMILY_HEAP | 1U << FAMILY_MISUSE | 1U << FAMILY_LANES,
    .misuses = true,
};
const struct target target_pair = {
    .name = "pair",
    .sentence = "two subjects give the same answers under their common policies",
    .families = 1U << FAMILY_HEAP | 1U << FAMILY_COM | 1U << FAMILY_LANES,
    .mixes_faces = true,
    .compares = true,
};
const struct target target_text = {
    .name = "text",
    .sentence = "parsing and printing a program are inverses, and no text is too odd to refuse",
    .reads_texts = true,
};

const struct target *const targets[] = {
    &target_heap,  &target_com,  &target_oom,  &target_misuse,
    &target_lanes, &target_pair, &target_text, NULL,
};

const struct target *target_find(const char *name)
{
    for (size_t i = 0; targets[i] != NULL; i++) {
        if (strcmp(targets[i]->name, name) == 0) {
            return targets[i];
        }
    }
    return NULL;
}

#ifdef HAS_ASAN
// What AddressSanitizer does unless $ASAN_OPTIONS says otherwise. Its quarantine of freed blocks
// would take 256 MiB, most of them the engine's own inputs; and malloc, when it is the subject, may
// refuse. The trap of a broken law is its to report: the stack then begins with the law, where
// libFuzzer's begins with its own handler.
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=16:allocator_may_return_null=1:handle_sigill=1";
}
#endif

const struct extension *target_extension(const struct target *target)
{
    return target->spies ? &com_faces_and_spies : target->mixes_faces ? &com_faces : NULL;
}

static const struct target *running;

unsigned target_families(void)
{
    return running != NULL ? running->families : ~0U;
}

// The subject that a variable names, or a default.
static const struct subject *read_subject(const struct target *target, const char *variable,
                                          const char *default_subject)
{
    const char *value = getenv(variable);
    const char *name = value == NULL ? default_subject : value;
    const struct subject *subject = subject_find(name);
    if (subject == NULL) {
        fprintf(stderr, "%s_fuzzer: %s: there is no subject '%s'\n", target->name, variable, name);
        exit(2);
    }
    return subject;
}

static void read_environment(struct plan *plan, const struct target *target,
                             const char *default_subject)
{
    const char *path = getenv("HEAPFUZZ_COUNTERS");
    report_findings(FINDING_ABORTS);
    stop_watch(false);
    plan->extension = target_extension(target);
    plan->misuses = target->misuses;
    plan->refusals_swept = target->refusals_swept;
    plan->subject = read_subject(target, "HEAPFUZZ_SUBJECT", default_subject);
    if (target->compares) {
        plan->other = read_subject(target, "HEAPFUZZ_OTHER", subject_beside(plan->subject)->name);
    }
    if (plan->other == plan->subject) {
        fprintf(stderr, "%s_fuzzer: HEAPFUZZ_OTHER: a pair is two subjects, and both are '%s'\n",
                target->name, plan->subject->name);
        exit(2);
    }
    if (path != NULL && !counters_share(path)) {
        fprintf(stderr, "%s_fuzzer: HEAPFUZZ_COUNTERS: can't write %s: %s\n", target->name, path,
                strerror(errno));
        exit(2);
    }
    if (!target->reads_texts) {
        fprintf(stderr, "INFO: target %s on subject %s%s%s\n", target->name, plan->subject->name,
                plan->other == NULL ? "" : " and ", plan->other == NULL ? "" : plan->other->name);
    }
}

int target_run(const struct target *target, const char *subject, const uint8_t *bytes,
               size_t size_bytes)
{
    static struct plan plan;
    static struct program program; // Its memory serves every run.
    if (plan.subject == NULL) {
        read_environment(&plan, target, subject);
        running = target;
    }
    size_bytes = size_bytes < TARGET_MOST_BYTES ? size_bytes : TARGET_MOST_BYTES;
    if (target->reads_texts) {
        language_hold(bytes, size_bytes);
        return 0;
    }
    program_decode(&program, bytes, size_bytes);
    sweep_run(&plan, &program);
    return 0;
}
