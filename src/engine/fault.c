// The sentences of faults and invariants, and the default fault handler. The handler writes one
// line to standard error, without allocating, and ends the process.
//
// This file does not know how a fault is found.

#include "engine/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pages/print.h"

const char *ch_fault_sentence(enum ch_fault fault)
{
    switch (fault) {
#define CH_FAULT_DEF(id, sentence)                                                                 \
    case CH_FAULT_##id:                                                                            \
        return sentence;
#include <comheap/faults.def>
#undef CH_FAULT_DEF
    case CH_FAULTS:
        break;
    }
    return "";
}

const char *ch_invariant_sentence(enum ch_invariant invariant)
{
    switch (invariant) {
#define CH_INVARIANT_DEF(id, sentence)                                                             \
    case CH_INVARIANT_##id:                                                                        \
        return sentence;
#include <comheap/invariants.def>
#undef CH_INVARIANT_DEF
    case CH_INVARIANTS:
        break;
    }
    return "";
}

void ch_fault_abort(void *context, enum ch_fault fault, const void *block)
{
    (void)context;
    char line[256];
    int length = snprintf(line, sizeof line, "comheap: %s: 0x%" PRIxPTR "\n",
                          ch_fault_sentence(fault), (uintptr_t)block);
    ch_print_error(line, (size_t)length);
    abort();
}
