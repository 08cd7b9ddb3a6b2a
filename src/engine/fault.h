// Faults: the default handler.
#ifndef COMHEAP_ENGINE_FAULT_H
#define COMHEAP_ENGINE_FAULT_H

#include <comheap/heap.h>

/// Prints one sentence about the fault and aborts.
_Noreturn void ch_fault_abort(void *context, enum ch_fault fault, const void *block);

#endif
