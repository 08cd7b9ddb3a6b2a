// Kept page runs: giving them up. kept.h draws them, and has the paths without the lock.
//
// This file does not know when a thread cache gives up what it keeps.

#include "engine/kept.h"

#include "engine/page_heap.h"

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

// A kept page run is handed out without a look at the heap's bound. So none is kept whose length is
// above it.
void ch_kept_open(const struct ch_heap *heap, struct ch_cache *cache)
{
    size_t bound = heap->config.block_bytes;
    cache->kept_bytes = lesser(CH_KEPT_BYTES, CH_KEPT_PAGES * heap->page_bytes);
    cache->kept_bytes = bound == 0 ? cache->kept_bytes : lesser(cache->kept_bytes, bound);
    cache->kept_room_pages = ch_kept_room_pages(heap);
    for (unsigned i = 0; i <= CH_KEPT_PAGES; i++) {
        atomic_init(&cache->kept_counts[i], 0);
    }
}

bool ch_kept_flush(struct ch_heap *heap, struct ch_cache *cache)
{
    bool had_one = false;
    for (uint32_t pages = 0; pages <= CH_KEPT_PAGES; pages++) {
        unsigned count = cache->kept_counts[pages];
        for (unsigned i = 0; i < count; i++) {
            uint32_t page = cache->kept[pages][i];
            ch_shadow_close(heap, page, pages);
            ch_run_give(heap, page);
        }
        cache->kept_room_pages += count * pages;
        cache->kept_counts[pages] = 0;
        had_one = had_one || count > 0;
    }
    return had_one;
}
