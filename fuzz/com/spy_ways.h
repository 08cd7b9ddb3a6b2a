// Ways of the harness's spy: the meaning of a VERB_SPY's number, and the sizes that follow from it.
#ifndef COM_SPY_WAYS_H
#define COM_SPY_WAYS_H

#include <stddef.h>

/// Names the bits of the number: the spy's effects on calls, as long as it is registered.
enum spy_way {
    SPY_ENLARGES = 1,  ///< It requests more bytes than the caller does,
    SPY_CORRECTS = 2,  ///< and hides them.
    SPY_REFUSES = 4,   ///< It refuses one size in seven.
    SPY_SHIFTS = 8,    ///< It keeps bytes of its own in front of each block.
    SPY_REENTERS = 16, ///< It makes calls of its own in each of its Pre and Post methods.
    SPY_REVOKES = 32,  ///< It revokes itself in those of Alloc, Free and Realloc.
};
#define SPY_WAYS 64U

/// Names the object that is registered: the number divided by SPY_WAYS. The first two are the spy.
enum spy_kind { SPY_GOOD, SPY_GOOD_TOO, SPY_UNFIT, SPY_NULL, SPY_KINDS };

/// Return the bytes that a spy of these ways keeps in front of each block, and behind it.
size_t spy_front_bytes(unsigned ways);
size_t spy_tail_bytes(unsigned ways);

/// Return the size of a granted block as a caller sees it, and the size that the spy asks for.
size_t spy_held_bytes(unsigned ways, size_t size_bytes);
size_t spy_asked_bytes(unsigned ways, size_t size_bytes);

#endif
