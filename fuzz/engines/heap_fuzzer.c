// Any sequence of Allocate, Reallocate, Free and GetSize on any subject keeps every law of a heap,
// and the engine's own invariants.

#include "engines/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    return target_run(&target_heap, FUZZER_SUBJECT, data, size_bytes);
}
