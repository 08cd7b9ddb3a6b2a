// The count of live blocks.
#ifndef COMHEAP_ENGINE_COUNT_H
#define COMHEAP_ENGINE_COUNT_H

#include "engine/state.h"

struct ch_live {
    size_t blocks, bytes;
};

/// Returns the number of live blocks, and the sum of their sizes. Needs the lock; other threads may
/// use thread caches meanwhile. Takes as long as the tags of all blocks take to be read.
struct ch_live ch_count_live(const struct ch_heap *heap);

#endif
