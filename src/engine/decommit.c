// Which idle pages go first: those of free page runs, then of the gap, then of free spans. This
// file does not know how pages are committed, nor what they hold.

#include "engine/decommit.h"

#include "engine/arena.h"
#include "engine/idle.h"
#include "engine/run.h"
#include "engine/span.h"

// Pages of long free page runs go first, because the next blocks are cut from the shortest that
// fit.
void ch_decommit_excess(struct ch_heap *heap)
{
    size_t excess = ch_idle_excess_pages(heap);
    if (excess > 0) {
        excess = ch_run_decommit_free(heap, excess);
        excess = ch_arena_decommit_gap(heap, excess);
        (void)ch_span_decommit_free(heap, excess);
    }
}

void ch_decommit_idle(struct ch_heap *heap)
{
    (void)ch_span_decommit_free(heap, SIZE_MAX);
    (void)ch_run_decommit_free(heap, SIZE_MAX);
    (void)ch_arena_decommit_gap(heap, SIZE_MAX);
    ch_arena_trim(heap);
    ch_idle_forget(heap);
}
