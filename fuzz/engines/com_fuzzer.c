// CComHeap, CoTaskMemAlloc and its kin, and IMalloc are one heap: a block from any of them may be
// given to any other, and each keeps the laws that it documents.

#include "engines/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    return target_run(&target_com, FUZZER_SUBJECT, data, size_bytes);
}
