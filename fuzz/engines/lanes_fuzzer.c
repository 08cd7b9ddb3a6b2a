// Whichever lane of the heap each call comes from, and from none: every law holds, also for blocks
// that are freed and reallocated on another lane than they came from, and for lanes that were left.

#include "engines/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    return target_run(&target_lanes, FUZZER_SUBJECT, data, size_bytes);
}
