// Faults: what a heap does with them by default.
#ifndef COMHEAP_ENGINE_FAULT_H
#define COMHEAP_ENGINE_FAULT_H

#include <comheap/heap.h>

/// The default fault handler: prints one sentence and aborts.
_Noreturn void ch_fault_abort(void *context, enum ch_fault fault, const void *block);

#endif
