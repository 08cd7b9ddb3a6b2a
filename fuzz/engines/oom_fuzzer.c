// The world may refuse pages at any point: a call that is refused changes nothing, nothing that is
// held is lost, and when there are pages again there is as much room as ever.

#include "engines/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    return target_run(&target_oom, FUZZER_SUBJECT, data, size_bytes);
}
