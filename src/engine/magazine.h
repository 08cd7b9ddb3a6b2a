// Magazines: the blocks that wait in a thread cache, and the paths to them that take no lock.
//
//     NULL | o | o | o |   |   |         o a block
//            first       top     end
//
// A thread cache has one for each class. The NULL below the first block tells that there is none.
#ifndef COMHEAP_ENGINE_MAGAZINE_H
#define COMHEAP_ENGINE_MAGAZINE_H

#include "engine/assert.h"
#include "engine/state.h"

/// Bound a magazine, in blocks and in bytes: it holds fewer blocks of the large classes.
#define CH_MAGAZINE_BLOCKS 128U
#define CH_MAGAZINE_BYTES ((size_t)32 * 1024)

/// Stands for every cache that is not open. Each of its magazines is empty and full at once. So no
/// path has to ask whether a cache is open.
extern struct ch_cache ch_cache_closed;

/// Returns how many blocks the magazine of a class may hold.
static inline unsigned ch_cache_capacity(unsigned class_index)
{
    size_t blocks = CH_MAGAZINE_BYTES / ch_class_bytes(class_index);
    blocks = blocks > 2 ? blocks : 2;
    return blocks < CH_MAGAZINE_BLOCKS ? (unsigned)blocks : CH_MAGAZINE_BLOCKS;
}

static inline bool ch_cache_is_open(const struct ch_cache *cache)
{
    return cache != &ch_cache_closed;
}

/// Returns how many pointers behind a thread cache the first block of a class lies.
size_t ch_cache_place(unsigned class_index);

/// Returns the size of a thread cache, with the blocks of its magazines.
size_t ch_cache_size_bytes(void);

/// Returns the calling thread's cache. Needs no lock, as the next three functions.
static inline struct ch_cache *ch_cache_mine(const struct ch_heap *heap)
{
    return heap->caches[ch_thread_number];
}

/// Returns the place behind the last block of a magazine.
static inline void **ch_cache_top(const struct ch_cache *cache, unsigned class_index)
{
    return atomic_load_explicit(&cache->tops[class_index], memory_order_relaxed);
}

// A child that is forked meanwhile sees these writes in their order. There a block may be in no
// cache. It is never in a cache and live, nor in a cache twice.

/// Takes a block out of a magazine. Returns NULL iff the magazine is empty.
static inline void *ch_cache_pop(struct ch_cache *cache, unsigned class_index)
{
    void **top = ch_cache_top(cache, class_index) - 1;
    void *block = *top;
    if (block != NULL) {
        atomic_store_explicit(&cache->tops[class_index], top, memory_order_relaxed);
    }
    return block;
}

/// Puts a block into a magazine, at its top, which is not its end.
static inline void ch_cache_push(struct ch_cache *cache, unsigned class_index, void **top,
                                 void *block)
{
    CH_ASSERT(top == ch_cache_top(cache, class_index) && top != cache->ends[class_index]);
    CH_ASSERT(block != NULL);
    *top = block;
    atomic_store_explicit(&cache->tops[class_index], top + 1, memory_order_release);
}

/// Return the place of the first block of an open thread cache's magazine, and how many blocks it
/// holds.
static inline void **ch_cache_first(const struct ch_cache *cache, unsigned class_index)
{
    CH_ASSERT(ch_cache_is_open(cache));
    return cache->ends[class_index] - ch_cache_capacity(class_index);
}

static inline size_t ch_cache_count(const struct ch_cache *cache, unsigned class_index)
{
    return (size_t)(ch_cache_top(cache, class_index) - ch_cache_first(cache, class_index));
}

#endif
