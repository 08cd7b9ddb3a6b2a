// Magazines: the blocks that wait in a lane, and the paths to them that take no lock.
#ifndef COMHEAP_ENGINE_MAGAZINE_H
#define COMHEAP_ENGINE_MAGAZINE_H

#include "engine/state.h"

/// Bound a magazine, in blocks and in bytes: it holds fewer blocks of the large classes.
#define CH_MAGAZINE_BLOCKS 128U
#define CH_MAGAZINE_BYTES ((size_t)32 * 1024)

/// Stands for every lane that is not open: it is empty and accepts no block.
extern struct ch_lane ch_lane_closed;

/// Returns how many blocks the magazine of a class may hold.
static inline unsigned ch_lane_capacity(unsigned class_index)
{
    size_t blocks = CH_MAGAZINE_BYTES / ch_class_bytes(class_index);
    blocks = blocks > 2 ? blocks : 2;
    return blocks < CH_MAGAZINE_BLOCKS ? (unsigned)blocks : CH_MAGAZINE_BLOCKS;
}

static inline bool ch_lane_is_open(const struct ch_lane *lane)
{
    return lane != &ch_lane_closed;
}

/// Returns the size of a lane, with the blocks of its magazines.
size_t ch_lane_size_bytes(void);

/// Returns the calling thread's lane. Needs no lock, as the next two functions.
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

#endif
