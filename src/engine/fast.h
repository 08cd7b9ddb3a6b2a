// The paths of small blocks that take no lock. They are inlined into ch_heap_alloc and
// ch_heap_free, and into the drop-in's malloc and free. There they are most of a call, so they save
// no registers and call nothing.
//
//     take   class 6 -> my cache's magazine -> tag of the block = 101
//     give   tag of the block -> tag = 0 -> my cache's magazine
//
// Everything else is done under the lock, by block.c. A path that can't do a call changes nothing.
#ifndef COMHEAP_ENGINE_FAST_H
#define COMHEAP_ENGINE_FAST_H

#include "engine/lookup.h"
#include "engine/magazine.h"
#include "engine/shadow.h"

/// Makes a block of a thread cache live.
static inline void ch_fast_start(const struct ch_cache *cache, void *block, size_t size_bytes)
{
    CH_ASSERT((uintptr_t)block % CH_GRANULE_BYTES == 0 && size_bytes <= CH_SMALL_BYTES);
    uintptr_t at = cache->tags_bias + (uintptr_t)block / CH_TAG_GRANULES_BYTES;
    atomic_store_explicit((_Atomic uint16_t *)at, (uint16_t)(size_bytes + 1), memory_order_release);
    ch_shadow_unpoison(block, size_bytes);
}

/// Ends a small block with that tag. Returns false, and changes nothing, iff another thread has
/// ended or resized it.
static inline bool ch_fast_end(_Atomic uint16_t *at, unsigned tag, void *block)
{
    if (!ch_tag_replace(at, tag, 0)) {
        return false;
    }
    ch_shadow_poison(block, ch_tag_bytes(tag));
    return true;
}

/// Returns a live block out of a cache of the calling thread. Returns NULL iff the cache has none,
/// or the size is not small.
static inline void *ch_fast_take(struct ch_cache *cache, size_t size_bytes)
{
    if (size_bytes > CH_SMALL_BYTES) {
        return NULL;
    }
    void *block = ch_cache_pop(cache, ch_class_of(size_bytes));
    if (block != NULL) {
        ch_fast_start(cache, block, size_bytes);
    }
    return block;
}

/// Ends a block, which may be any pointer, and puts it into the calling thread's cache of the heap.
/// Returns false, and changes nothing, iff it is no live small block, its class is not that of its
/// size, or the magazine is full.
static inline bool ch_fast_give(struct ch_heap *heap, struct ch_cache *cache, void *block)
{
    size_t granule = ch_lookup_granule(heap, block);
    if (granule == CH_GRANULE_NONE) {
        return false;
    }
    _Atomic uint16_t *at = &heap->tags[granule];
    unsigned tag = atomic_load_explicit(at, memory_order_relaxed);
    if (!ch_tag_is_plain(tag)) {
        return false;
    }
    unsigned class_index = ch_class_of(tag - 1U);
    void **top = ch_cache_top(cache, class_index);
    if (top == cache->ends[class_index] || !ch_fast_end(at, tag, block)) {
        return false;
    }
    ch_cache_push(cache, class_index, top, block);
    return true;
}

#endif
