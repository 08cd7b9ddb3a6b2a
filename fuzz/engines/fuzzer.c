// The program of a target, which an engine hands bytes. The build compiles it once for each target.
//
// FUZZER_TARGET is the target's name and FUZZER_SUBJECT the subject's, unless the environment names
// others. Some engines pass on no environment, so each target and each subject has a program.

#include "engines/target.h"

#include <stdio.h>
#include <stdlib.h>

// Ends the process with a sentence. An engine would take `exit` for a finding.
static _Noreturn void refuse_target(const char *name, const char *why)
{
    fprintf(stderr, "%s_fuzzer: HEAPFUZZ_TARGET: target '%s' %s\n", FUZZER_TARGET, name, why);
    _Exit(2);
}

static const struct target *read_target(void)
{
    const struct target *own = target_find(FUZZER_TARGET);
    const char *name = getenv("HEAPFUZZ_TARGET");
    const struct target *target = name == NULL ? own : target_find(name);
    if (target == NULL) {
        refuse_target(name, "does not exist");
    }
    if (target->reads_texts != own->reads_texts) { // Engines see other files, and mutate otherwise.
        refuse_target(name, "has a program of its own");
    }
    return target;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static const struct target *target;
    if (target == NULL) {
        target = read_target();
    }
    return target_run(target, FUZZER_SUBJECT, data, size_bytes);
}
