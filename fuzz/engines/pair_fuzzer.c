// Two subjects give a program the same visible answers, as far as what both of them state goes.

#include "engines/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    return target_run(&target_pair, FUZZER_SUBJECT, data, size_bytes);
}
