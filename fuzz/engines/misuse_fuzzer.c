// Every misuse of a heap that survives it raises exactly its own fault, through each face, and
// changes nothing; and no write outside of a live block ever breaks one of its invariants.

#include "engines/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    return target_run(&target_misuse, FUZZER_SUBJECT, data, size_bytes);
}
