// The harness's own spy: an IMallocSpy that does one of many things to the calls it hears.
// spy_expect.h holds the sequence that it must hear.
#ifndef COM_SPY_H
#define COM_SPY_H

#include "com/com_calls.h"
#include "laws/heap.h"

/// Make the call of a VERB_SPY, or of a VERB_REVOKE, and hold it against the laws. Return its
/// answer.
HRESULT spy_register(struct heap *heap, uint32_t number);
HRESULT spy_revoke(struct heap *heap);

/// Revokes the registered spy, if there is one. Precondition: no block is live.
void spy_close(struct heap *heap);

#endif
