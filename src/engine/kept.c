// Kept page runs: giving them up. kept.h draws them, and has the paths without the lock.
//
// This file does not know when a lane gives up what it keeps.

#include "engine/kept.h"

#include "engine/page_heap.h"

bool ch_kept_flush(struct ch_heap *heap, struct ch_lane *lane)
{
    bool had_one = false;
    for (uint32_t pages = 0; pages <= CH_KEPT_PAGES; pages++) {
        unsigned count = lane->kept_counts[pages];
        for (unsigned i = 0; i < count; i++) {
            uint32_t page = lane->kept[pages][i];
            ch_shadow_close(heap, page, pages);
            ch_run_give(heap, page);
        }
        lane->kept_room_pages += count * pages;
        lane->kept_counts[pages] = 0;
        had_one = had_one || count > 0;
    }
    return had_one;
}
