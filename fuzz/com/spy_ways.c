// Sizes of blocks that a spy changes on their way to the heap.

#include "com/spy_ways.h"

#include "language/op.h"
#include "language/size.h"

#define EXTRA_BYTES 21U // So that real sizes are no multiples of anything.
#define FRONT_BYTES (4 * sizeof(void *))

_Static_assert(SPY_KINDS *SPY_WAYS == SPY_NUMBERS, "the mutator draws every kind and way");

size_t spy_tail_bytes(unsigned ways)
{
    return (ways & SPY_ENLARGES) != 0 && (ways & SPY_CORRECTS) != 0 ? EXTRA_BYTES : 0;
}

size_t spy_front_bytes(unsigned ways)
{
    return (ways & SPY_SHIFTS) != 0 ? FRONT_BYTES : 0;
}

size_t spy_held_bytes(unsigned ways, size_t size_bytes)
{
    bool is_seen = (ways & SPY_ENLARGES) != 0 && (ways & SPY_CORRECTS) == 0;
    return is_seen ? size_sum(size_bytes, EXTRA_BYTES) : size_bytes;
}

size_t spy_asked_bytes(unsigned ways, size_t size_bytes)
{
    return size_sum(spy_held_bytes(ways, size_bytes), spy_front_bytes(ways) + spy_tail_bytes(ways));
}
