// Lanes: the thread caches of a heap. For each class a lane has a magazine of blocks, between the
// callers and the spans. So most allocations and frees touch neither a span nor a bitmap, and take
// no lock. A block in a lane is not live. A block may go to another lane than it came from.
//
//     thread 1 --- lane 1 | class 0: o o o | class 1: o | ... | class 35 |      o a block
//     thread 2 --- lane 2 | class 0: o     | class 1:   | ... | class 35 |
//     others   --- ch_lane_closed: every magazine empty, with a capacity of 0
//
// A lane belongs to the thread that has its number. When that thread ends, the lane is an orphan,
// with its blocks. It stays one until a thread gets the number or the heap wants the blocks.
#ifndef COMHEAP_ENGINE_LANE_H
#define COMHEAP_ENGINE_LANE_H

#include "engine/state.h"

/// Bound a magazine, in blocks and in bytes: it holds fewer blocks of the large classes.
#define CH_MAGAZINE_BLOCKS 128U
#define CH_MAGAZINE_BYTES ((size_t)64 * 1024)

/// Stands for every lane that is not open: it is empty and accepts no block.
extern struct ch_lane ch_lane_closed;

/// Returns how many blocks the magazine of a class may hold.
static inline unsigned ch_lane_capacity(unsigned class_index)
{
    size_t blocks = CH_MAGAZINE_BYTES / ch_class_bytes(class_index);
    return blocks < CH_MAGAZINE_BLOCKS ? (unsigned)blocks : CH_MAGAZINE_BLOCKS;
}

static inline bool ch_lane_is_open(const struct ch_lane *lane)
{
    return lane != &ch_lane_closed;
}

/// Returns the size of a lane, with the blocks of its magazines.
size_t ch_lane_size_bytes(void);

/// Returns the calling thread's lane. Needs no lock, as the next three functions.
static inline struct ch_lane *ch_lane_mine(const struct ch_heap *heap)
{
    return heap->lanes[ch_thread_number];
}

// A child that is forked meanwhile sees these writes in their order. There a block may be in no
// lane. It is never in a lane and live, nor in a lane twice.

/// Takes a block out of a magazine. Returns NULL iff the magazine is empty.
static inline void *ch_lane_pop(struct ch_lane *lane, unsigned class_index)
{
    struct ch_magazine *magazine = &lane->magazines[class_index];
    uint32_t count = atomic_load_explicit(&magazine->count, memory_order_relaxed);
    if (count == 0) {
        return NULL;
    }
    atomic_store_explicit(&magazine->count, count - 1, memory_order_relaxed);
    return magazine->blocks[count - 1];
}

/// Puts a block into a magazine that holds `count` blocks, fewer than its capacity.
static inline void ch_lane_push(struct ch_magazine *magazine, uint32_t count, void *block)
{
    magazine->blocks[count] = block;
    atomic_store_explicit(&magazine->count, count + 1, memory_order_release);
}

/// Counts `blocks` more live blocks and `bytes` more live bytes; the differences may be "negative".
/// Returns how many more blocks the lane's thread has allocated than ended.
static inline size_t ch_lane_count(struct ch_lane *lane, size_t blocks, size_t bytes)
{
    blocks += atomic_load_explicit(&lane->live_blocks, memory_order_relaxed);
    bytes += atomic_load_explicit(&lane->live_bytes, memory_order_relaxed);
    atomic_store_explicit(&lane->live_blocks, blocks, memory_order_relaxed);
    atomic_store_explicit(&lane->live_bytes, bytes, memory_order_relaxed);
    return blocks;
}

// The functions below need the lock.

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

/// Sums up the counts of all lanes and of the heap itself.
struct ch_live {
    size_t blocks, bytes;
};
struct ch_live ch_lane_live(const struct ch_heap *heap);

/// Returns the next open lane after *number, and sets *number to its number; NULL iff there is
/// none. Start with 0.
const struct ch_lane *ch_lane_next(const struct ch_heap *heap, unsigned *number);

#endif
