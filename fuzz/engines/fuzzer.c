// The program of a target, which an engine hands bytes. The build compiles it once for each target.
//
// FUZZER_TARGET is the target's name. FUZZER_SUBJECT is the subject unless the environment names
// another. Some engines pass on no environment, so each subject has a program.

#include "engines/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static const struct target *target;
    if (target == NULL) {
        target = target_find(FUZZER_TARGET);
    }
    return target_run(target, FUZZER_SUBJECT, data, size_bytes);
}
