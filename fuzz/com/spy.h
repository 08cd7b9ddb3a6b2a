// The harness's own spy: an IMallocSpy that does one of many things to the calls that it is told
// of, the same all the time that it is registered. What it ought to hear is heard.h's.
#ifndef COM_SPY_H
#define COM_SPY_H

#include <comheap/mallocspy.h>

#include "runner/run.h"

/// What a spy does, as the bits of a VERB_SPY's number say.
enum spy_way {
    SPY_ENLARGES = 1,  ///< It asks for more bytes than the caller does,
    SPY_CORRECTS = 2,  ///< and hides that they are there.
    SPY_REFUSES = 4,   ///< It refuses one size in seven.
    SPY_SHIFTS = 8,    ///< It keeps bytes of its own in front of each block.
    SPY_REENTERS = 16, ///< It makes calls of its own in each of its Pre and Post methods.
    SPY_REVOKES = 32,  ///< It revokes itself in those of Alloc, Free and Realloc.
};
#define SPY_WAYS 64U

/// What is registered, as the number divided by SPY_WAYS says: the first two are the spy.
enum spy_kind { SPY_GOOD, SPY_GOOD_TOO, SPY_UNFIT, SPY_NULL, SPY_KINDS };

/// What a caller sees of a block of this size that it was granted, and what the spy asks for.
size_t spy_held_bytes(size_t size_bytes);
size_t spy_asked_bytes(size_t size_bytes);

/// Runs a VERB_SPY, or a VERB_REVOKE: what the call answered, once it was held against the laws.
HRESULT spy_register(struct run *run, uint32_t number);
HRESULT spy_revoke(struct run *run);

/// A world ends, and everything in it has been freed: revokes what is registered.
void spy_close(struct run *run);

#endif
