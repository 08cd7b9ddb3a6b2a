// The closed lane, and the size of an open one.

#include "engine/magazine.h"

struct ch_lane ch_lane_closed; // Never written: it accepts no block.

size_t ch_lane_size_bytes(void)
{
    size_t blocks = 0;
    for (unsigned i = 0; i < CH_CLASS_COUNT; i++) {
        blocks += ch_lane_capacity(i);
    }
    return sizeof(struct ch_lane) + blocks * sizeof(void *);
}
