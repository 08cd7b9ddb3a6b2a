// Which region a block comes from, and the second and third try: blocks that wait in lanes hold on
// to spans, and what is idle counts where the world has only so many pages.

#include "engine/supply.h"

#include "engine/arena.h"
#include "engine/idle.h"
#include "engine/lane.h"
#include "engine/run.h"
#include "engine/span.h"

// A request may find no room, and when there is room be refused pages. After that making room only
// gives back what the last try has taken.
#define RECLAIM_TRIES 2U

bool ch_supply_is_possible(const struct ch_heap *heap, size_t old_bytes, size_t size_bytes)
{
    const struct ch_config *config = &heap->config;
    if (config->block_bytes != 0 && size_bytes > config->block_bytes) {
        return false;
    }
    if (config->live_bytes != 0) { // There are no lanes, so the heap itself counts all of them.
        size_t others_bytes = heap->live_bytes - old_bytes;
        if (size_bytes > config->live_bytes - others_bytes) {
            return false;
        }
    }
    return size_bytes <= (size_t)heap->page_count << heap->page_log2;
}

static void *take_once(struct ch_heap *heap, size_t size_bytes)
{
    return size_bytes > CH_SMALL_BYTES ? ch_run_take(heap, size_bytes)
                                       : ch_lane_take(heap, ch_class_of(size_bytes));
}

void *ch_supply_take(struct ch_heap *heap, size_t size_bytes)
{
    if (!ch_supply_is_possible(heap, 0, size_bytes)) {
        return NULL;
    }
    void *block = take_once(heap, size_bytes);
    for (unsigned i = 0; block == NULL && i < RECLAIM_TRIES && ch_supply_reclaim(heap); i++) {
        block = take_once(heap, size_bytes);
    }
    if (block == NULL && heap->was_refused) {
        ch_idle_give_back(heap); // What the last try got before it was refused.
    }
    return block;
}

void *ch_supply_take_to_grow(struct ch_heap *heap, size_t size_bytes)
{
    bool has_room = ch_supply_is_possible(heap, 0, size_bytes);
    void *block = has_room ? ch_run_take_with_room(heap, size_bytes) : NULL;
    return block != NULL ? block : ch_supply_take(heap, size_bytes);
}

bool ch_supply_reclaim(struct ch_heap *heap)
{
    bool had_blocks = ch_lane_flush(heap);
    if (!heap->was_refused) {
        return had_blocks;
    }
    size_t before_bytes = ch_supply_committed_bytes(heap);
    ch_idle_give_back(heap);
    heap->was_refused = false;
    return had_blocks || ch_supply_committed_bytes(heap) < before_bytes;
}

size_t ch_supply_committed_bytes(const struct ch_heap *heap)
{
    return ch_arena_table_bytes(heap) + (heap->committed_pages << heap->page_log2);
}
