// The lane: for each class a magazine of blocks between the callers and the spans, so that most
// allocations and frees touch neither a span nor a bitmap. A block in the lane is not live.
#ifndef COMHEAP_ENGINE_LANE_H
#define COMHEAP_ENGINE_LANE_H

#include "engine/state.h"

/// What waits in a magazine stays below this, so it holds fewer blocks of the large classes.
#define CH_MAGAZINE_BYTES ((size_t)32 * 1024)

/// How many blocks a class's magazine holds.
static inline unsigned ch_lane_capacity(unsigned class_index)
{
    size_t blocks = CH_MAGAZINE_BYTES / ch_class_bytes(class_index);
    return blocks < CH_MAGAZINE_BLOCKS ? (unsigned)blocks : CH_MAGAZINE_BLOCKS;
}

/// Returns a block of a class, which is no longer anyone else's; NULL iff ch_span_take gives none.
void *ch_lane_take(struct ch_heap *heap, unsigned class_index);

/// Keeps a block for the next who wants one of its class.
void ch_lane_give(struct ch_heap *heap, unsigned class_index, void *block);

/// Puts every block of the lane back into its span. Returns whether there was one.
bool ch_lane_empty(struct ch_heap *heap);

#endif
