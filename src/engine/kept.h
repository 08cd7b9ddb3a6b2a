// Kept page runs: large blocks of up to CH_KEPT_BYTES that a thread cache keeps after they were
// freed, and hands out again without the lock.
//
//     cache   5 pages: run run | 6 pages: | 7 pages: run | ... | 64 pages:
//
// A kept page run is neither free nor a live block. Its record says so, and is replaced as a size
// tag is: the first thread to end the block replaces it. This file does not know how page runs are
// found.
#ifndef COMHEAP_ENGINE_KEPT_H
#define COMHEAP_ENGINE_KEPT_H

#include "engine/large.h"
#include "engine/shadow.h"

/// Returns a large block that the thread cache has kept; NULL iff it has none of that length.
static inline void *ch_kept_take(struct ch_heap *heap, struct ch_cache *cache, size_t size_bytes)
{
    uint32_t pages = size_bytes <= cache->kept_bytes ? ch_large_pages(heap, size_bytes) : 0;
    unsigned count = atomic_load_explicit(&cache->kept_counts[pages], memory_order_relaxed);
    if (count == 0) {
        return NULL;
    }
    uint32_t page = cache->kept[pages][count - 1];
    atomic_store_explicit(&cache->kept_counts[pages], (uint8_t)(count - 1), memory_order_relaxed);
    cache->kept_room_pages += pages;
    struct ch_run *run = &heap->runs[page];
    atomic_store_explicit(&run->size_bytes, size_bytes, memory_order_relaxed);
    atomic_store_explicit(&run->kind, CH_RUN_BLOCK, memory_order_release);
    ch_shadow_unpoison(ch_page_start(heap, page), size_bytes);
    return ch_page_start(heap, page);
}

/// Keeps a live block. Returns false, and changes nothing, iff the thread cache has no room for it,
/// or the pointer is no live block that may be kept.
static inline bool ch_kept_give(struct ch_heap *heap, struct ch_cache *cache, void *block)
{
    size_t offset = ch_offset(heap, block);
    size_t page = offset >> heap->page_log2;
    if ((offset & (heap->page_bytes - 1)) != 0 || page >= heap->page_count ||
        !ch_start_get(heap, (uint32_t)page)) {
        return false;
    }
    struct ch_run *run = &heap->runs[page];
    uint32_t kind = atomic_load_explicit(&run->kind, memory_order_acquire);
    uint32_t pages = atomic_load_explicit(&run->pages, memory_order_relaxed);
    if (kind != CH_RUN_BLOCK || pages > cache->kept_room_pages ||
        (size_t)pages << heap->page_log2 > cache->kept_bytes) {
        return false;
    }
    unsigned count = atomic_load_explicit(&cache->kept_counts[pages], memory_order_relaxed);
    if (count == CH_KEPT_EACH || !ch_large_claim(run, CH_RUN_BLOCK, CH_RUN_KEPT)) {
        return false;
    }
    if (atomic_load_explicit(&run->pages, memory_order_relaxed) != pages) {
        atomic_store_explicit(&run->kind, CH_RUN_BLOCK, memory_order_release);
        return false; // In between, another thread has resized it.
    }
    CH_ASSERT(pages > 0 && pages <= CH_KEPT_PAGES);
    ch_shadow_poison(block, (size_t)pages << heap->page_log2);
    cache->kept[pages][count] = (uint32_t)page;
    cache->kept_room_pages -= pages;
    atomic_store_explicit(&cache->kept_counts[pages], (uint8_t)(count + 1), memory_order_release);
    return true;
}

/// Returns how many pages a thread cache may keep in all.
static inline uint32_t ch_kept_room_pages(const struct ch_heap *heap)
{
    return (uint32_t)(CH_KEPT_ROOM_BYTES >> heap->page_log2);
}

#endif
