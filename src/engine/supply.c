// The supply of blocks: the choice between a span and a page run, and the second and third try.
// Blocks that wait in thread caches hold on to spans. Idle pages count where the world has few
// pages.
//
//     try -> no room      -> flush the caches -> try
//         -> pages refused -> flush the caches, decommit idle pages -> try
//
// This file does not know how a span or a page run is found.

#include "engine/supply.h"

#include "engine/cache.h"
#include "engine/commit.h"
#include "engine/large.h"
#include "engine/page_heap.h"

// Bounds the retries. A request may find no room, and with room be refused pages. A third reclaim
// would only give back the pages of the last try.
#define RECLAIM_TRIES 2U

bool ch_supply_is_possible(const struct ch_heap *heap, size_t old_bytes, size_t size_bytes)
{
    const struct ch_config *config = &heap->config;
    if (config->block_bytes != 0 && size_bytes > config->block_bytes) {
        return false;
    }
    if (config->live_bytes != 0) { // No thread caches: the heap itself counts every block.
        size_t others_bytes = heap->live_bytes - old_bytes;
        if (size_bytes > config->live_bytes - others_bytes) {
            return false;
        }
    }
    return size_bytes <= (size_t)heap->page_count << heap->page_log2;
}

// A block whose alignment is above that of a page is a large one.
static void *take_once(struct ch_heap *heap, size_t size_bytes, size_t alignment_bytes)
{
    bool is_large = size_bytes > CH_SMALL_BYTES || alignment_bytes > 1;
    return is_large ? ch_large_take(heap, size_bytes, alignment_bytes)
                    : ch_cache_take(heap, ch_class_of(size_bytes));
}

static void *take(struct ch_heap *heap, size_t size_bytes, size_t alignment_bytes, bool grows)
{
    CH_ASSERT(!grows || size_bytes > CH_SMALL_BYTES);
    heap->was_refused = false;
    if (!ch_supply_is_possible(heap, 0, size_bytes)) {
        return NULL;
    }
    unsigned tries = 0;
    void *block = grows ? ch_large_take_with_room(heap, size_bytes) : NULL;
    if (block == NULL) {
        block = take_once(heap, size_bytes, alignment_bytes);
    }
    for (; block == NULL && tries < RECLAIM_TRIES && ch_supply_reclaim(heap); tries++) {
        block = take_once(heap, size_bytes, alignment_bytes);
    }
    if (block == NULL && heap->was_refused) {
        ch_supply_drop_idle(heap); // Pages that the last try got before the refusal.
    } else if (tries > 0 || heap->was_refused) {
        ch_supply_drop_excess(heap); // Of thread caches, or of a try for room that was refused.
    }
    ch_supply_add_live(heap, block != NULL ? size_bytes : 0);
    return block;
}

void *ch_supply_take(struct ch_heap *heap, size_t size_bytes, size_t alignment_bytes)
{
    return take(heap, size_bytes, alignment_bytes, false);
}

void *ch_supply_take_to_grow(struct ch_heap *heap, size_t size_bytes)
{
    return take(heap, size_bytes, 1, true);
}

void ch_supply_drop_excess(struct ch_heap *heap)
{
    size_t excess = ch_commit_excess_pages(heap);
    if (excess > 0) {
        ch_run_decommit(heap, excess);
    }
}

void ch_supply_drop_idle(struct ch_heap *heap)
{
    ch_run_decommit(heap, SIZE_MAX);
    ch_run_trim(heap);
    ch_large_forget_rooms(heap);
}

bool ch_supply_reclaim(struct ch_heap *heap)
{
    bool had_blocks = ch_cache_flush(heap);
    if (!heap->was_refused) {
        return had_blocks;
    }
    size_t before_pages = heap->committed_pages;
    ch_supply_drop_idle(heap);
    heap->was_refused = false;
    return had_blocks || heap->committed_pages < before_pages;
}
