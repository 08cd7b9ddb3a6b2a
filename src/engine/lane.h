// The lanes: for each thread and class a magazine of blocks between the callers and the spans, so
// that most allocations and frees touch neither a span nor a bitmap, and take no lock. A block in a
// lane is not live. A block may go to another lane than it came from.
//
// A lane belongs to the thread that has its number. When that thread ends, the lane and what is in
// it are nobody's, until a thread gets the number or the heap wants the blocks.
#ifndef COMHEAP_ENGINE_LANE_H
#define COMHEAP_ENGINE_LANE_H

#include "engine/state.h"

/// What a magazine holds, in blocks and in bytes: fewer blocks of the large classes.
#define CH_MAGAZINE_BLOCKS 128U
#define CH_MAGAZINE_BYTES ((size_t)64 * 1024)

/// Stands for every lane that is not open: nothing is in it, and nothing fits.
extern struct ch_lane ch_lane_closed;

/// How many blocks a class's magazine holds.
static inline unsigned ch_lane_capacity(unsigned class_index)
{
    size_t blocks = CH_MAGAZINE_BYTES / ch_class_bytes(class_index);
    return blocks < CH_MAGAZINE_BLOCKS ? (unsigned)blocks : CH_MAGAZINE_BLOCKS;
}

static inline bool ch_lane_is_open(const struct ch_lane *lane)
{
    return lane != &ch_lane_closed;
}

/// What a lane takes, its magazines' blocks included.
size_t ch_lane_size_bytes(void);

/// The calling thread's lane. What needs no lock goes through here, and the two functions below.
static inline struct ch_lane *ch_lane_mine(const struct ch_heap *heap)
{
    return heap->lanes[ch_thread_number];
}

// A child that is forked meanwhile sees these writes in their order: there a block may be in no
// lane, but never in one and live, nor in one twice.

/// Takes a block out of a magazine; NULL iff it is empty.
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

/// Puts a block into a magazine, in which there are `count`, fewer than it may hold.
static inline void ch_lane_push(struct ch_magazine *magazine, uint32_t count, void *block)
{
    magazine->blocks[count] = block;
    atomic_store_explicit(&magazine->count, count + 1, memory_order_release);
}

/// Counts so many more live blocks and bytes; the differences may be "negative". Returns how many
/// more blocks the lane's thread has allocated than ended.
static inline size_t ch_lane_count(struct ch_lane *lane, size_t blocks, size_t bytes)
{
    blocks += atomic_load_explicit(&lane->live_blocks, memory_order_relaxed);
    bytes += atomic_load_explicit(&lane->live_bytes, memory_order_relaxed);
    atomic_store_explicit(&lane->live_blocks, blocks, memory_order_relaxed);
    atomic_store_explicit(&lane->live_bytes, bytes, memory_order_relaxed);
    return blocks;
}

// What follows needs the lock.

/// Opens the calling thread's lane if it may have one and has none. The world may refuse.
void ch_lane_open_mine(struct ch_heap *heap);

/// Returns a block of a class, which is no longer anyone else's; NULL iff ch_span_take gives none.
void *ch_lane_take(struct ch_heap *heap, unsigned class_index);

/// Keeps a block for the next who wants one of its class.
void ch_lane_give(struct ch_heap *heap, unsigned class_index, void *block);

/// Puts every block of this thread's lane back into its span, and of each lane that is nobody's;
/// those are closed. Returns whether there was a block or such a lane.
bool ch_lane_flush(struct ch_heap *heap);

/// Closes this thread's lane, which is flushed; it opens again with the next call that wants it.
void ch_lane_close_mine(struct ch_heap *heap);

/// What all lanes and the heap itself count, added up.
struct ch_live {
    size_t blocks, bytes;
};
struct ch_live ch_lane_live(const struct ch_heap *heap);

/// The next open lane after that number; NULL iff there is none. Begin with a number of 0.
const struct ch_lane *ch_lane_next(const struct ch_heap *heap, unsigned *number);

#endif
