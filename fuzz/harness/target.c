// The targets, and the way from an engine's bytes to a run.

#include "harness/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/asan.h"
#include "harness/counters.h"
#include "harness/run.h"
#include "harness/stop.h"

const struct target target_heap = {
    .name = "heap",
    .sentence = "the four calls of any subject keep every law of a heap",
    .mixes_faces = false,
};
const struct target target_com = {
    .name = "com",
    .sentence = "CComHeap, CoTaskMem* and IMalloc are one heap",
    .mixes_faces = true,
};

const struct target *const targets[] = {&target_heap, &target_com, NULL};

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
// refuse.
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=16:allocator_may_return_null=1";
}
#endif

static void read_environment(struct plan *plan, const struct target *target)
{
    const char *name = getenv("HEAPFUZZ_SUBJECT");
    const char *path = getenv("HEAPFUZZ_COUNTERS");
    stop_watch(false);
    plan->mixes_faces = target->mixes_faces;
    plan->subject = name == NULL ? subjects[0] : subject_find(name);
    if (plan->subject == NULL) {
        fprintf(stderr, "%s_fuzzer: HEAPFUZZ_SUBJECT: there is no subject '%s'\n", target->name,
                name);
        exit(2);
    }
    if (path != NULL && !counters_share(path)) {
        fprintf(stderr, "%s_fuzzer: HEAPFUZZ_COUNTERS: can't write %s\n", target->name, path);
        exit(2);
    }
}

int target_run(const struct target *target, const uint8_t *bytes, size_t size_bytes)
{
    static struct plan plan;
    static struct program program; // Its memory serves every run.
    if (plan.subject == NULL) {
        read_environment(&plan, target);
    }
    program_decode(&program, bytes, size_bytes);
    run_program(&plan, &program);
    return 0;
}
