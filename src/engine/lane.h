// Lanes: the thread caches of a heap. For each class a lane has a magazine of blocks, between the
// callers and the spans. So most allocations and frees touch neither a span nor a bitmap, and take
// no lock. A block in a lane is not live. A block may go to another lane than it came from.
//
//     thread 1 --- lane 1 | class 0: o o o | class 1: o | ... | class 35 |      o a block
//     thread 2 --- lane 2 | class 0: o     | class 1:   | ... | class 35 |
//     others   --- ch_lane_closed: every magazine is empty, and full
//
// magazine.h and fast.h have the paths without the lock; those here need it.
//
// A lane belongs to the thread that has its number. When that thread ends, the lane is an orphan,
// with its blocks. It stays one until a thread gets the number or the heap wants the blocks.
#ifndef COMHEAP_ENGINE_LANE_H
#define COMHEAP_ENGINE_LANE_H

#include "engine/magazine.h"

/// Opens the calling thread's lane, if the thread may have one and it is closed. The world may
/// refuse.
void ch_lane_open_mine(struct ch_heap *heap);

/// Returns a block of a class, for the caller alone; NULL iff ch_span_take gives none.
void *ch_lane_take(struct ch_heap *heap, unsigned class_index);

/// Keeps a block for the next request for its class.
void ch_lane_give(struct ch_heap *heap, unsigned class_index, void *block);

/// Puts every block of this thread's lane back into its span, and those of orphans, which it
/// closes. Returns whether there was such a block or an orphan.
bool ch_lane_flush(struct ch_heap *heap);

/// Closes this thread's lane, which is flushed. The next call that wants the lane opens it again.
void ch_lane_close_mine(struct ch_heap *heap);

/// Returns the next open lane after *number, and sets *number to its number; NULL iff there is
/// none. Start with 0.
const struct ch_lane *ch_lane_next(const struct ch_heap *heap, unsigned *number);

#endif
