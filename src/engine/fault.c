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
    static const char *const sentences[] = {
#define CH_FAULT_DEF(id, sentence) sentence,
#include <comheap/faults.def>
#undef CH_FAULT_DEF
    };
    return (unsigned)fault < CH_FAULTS ? sentences[fault] : "";
}

const char *ch_invariant_sentence(enum ch_invariant invariant)
{
    static const char *const sentences[] = {
#define CH_INVARIANT_DEF(id, sentence) sentence,
#include <comheap/invariants.def>
#undef CH_INVARIANT_DEF
    };
    return (unsigned)invariant < CH_INVARIANTS ? sentences[invariant] : "";
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
