// The pointer that opens the short way to task memory. Does not choose the heap.

#include "com/direct.h"

#include <stddef.h>

_Atomic(struct ch_heap *) ch_direct_heap = NULL;
