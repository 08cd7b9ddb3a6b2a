// Any bytes are refused as a text, or read as a program that is printed and read again; and as
// bytes they are a program that text gives back: parsing and printing are inverses.

#include "engines/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    return target_run(&target_text, FUZZER_SUBJECT, data, size_bytes);
}
