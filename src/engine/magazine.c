// The closed thread cache, and the layout of an open one.

#include "engine/magazine.h"

static void *nothing[1]; // The NULL below the first block of every magazine.

// Never written: it accepts no block.
struct ch_cache ch_cache_closed = {
    .tops = {[0 ... CH_CLASS_COUNT - 1] = nothing + 1},
    .ends = {[0 ... CH_CLASS_COUNT - 1] = nothing + 1},
};

size_t ch_cache_place(unsigned class_index)
{
    size_t place = 1; // Behind a NULL.
    for (unsigned i = 0; i < class_index; i++) {
        place += ch_cache_capacity(i) + 1;
    }
    return place;
}

size_t ch_cache_size_bytes(void)
{
    return sizeof(struct ch_cache) + (ch_cache_place(CH_CLASS_COUNT) - 1) * sizeof(void *);
}
