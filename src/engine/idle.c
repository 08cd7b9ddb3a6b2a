// How many idle pages stay committed, and which go first.
//
// A page that is given back costs a call into the kernel, and a fault when it is used again; one
// that is kept costs memory that nobody uses. So a heap keeps about what it used lately, which is
// what it will use again. It has no clock: what it gives back is how it tells that time goes by.

#include "engine/idle.h"

#include "engine/arena.h"
#include "engine/run.h"
#include "engine/span.h"

// What was used lately fades with what is given back: FADE times as many pages as it counts take
// it most of the way down to what is used still. So a heap that is filled and emptied again and
// again keeps nearly all of its pages, and one that has shrunk lets them go while it works.
#define FADE 16U

void ch_idle_count(struct ch_heap *heap, uint32_t pages)
{
    if (heap->lately_pages < heap->used_pages) {
        heap->lately_pages = heap->used_pages;
    }
    heap->used_pages -= pages;
    uint64_t above = heap->lately_pages - heap->used_pages;
    uint64_t whole = FADE * (uint64_t)heap->lately_pages;
    heap->fade_rest += above * pages; // In pages of lately_pages, times `whole`.
    uint64_t step = heap->fade_rest / whole;
    heap->fade_rest %= whole;
    heap->lately_pages -= (size_t)(step < above ? step : above);
}

// How many pages have to go for the heap to hold what it may; 0 while it does.
static size_t excess_pages(const struct ch_heap *heap)
{
    size_t lately = heap->lately_pages > heap->used_pages ? heap->lately_pages : heap->used_pages;
    size_t most = 2 * lately + (CH_IDLE_BYTES >> heap->page_log2);
    size_t enough = lately + lately / 2; // Not to be back with the next block.
    return heap->committed_pages > most ? heap->committed_pages - enough : 0;
}

// What lies in long free runs goes first, as the next blocks are cut from the shortest that fit.
void ch_idle_keep_bound(struct ch_heap *heap)
{
    size_t excess = excess_pages(heap);
    if (excess > 0) {
        excess = ch_run_decommit_free(heap, excess);
        excess = ch_arena_decommit_gap(heap, excess);
        (void)ch_span_decommit_free(heap, excess);
    }
}

void ch_idle_give_back(struct ch_heap *heap)
{
    (void)ch_span_decommit_free(heap, SIZE_MAX);
    (void)ch_run_decommit_free(heap, SIZE_MAX);
    (void)ch_arena_decommit_gap(heap, SIZE_MAX);
    ch_arena_trim(heap);
    heap->lately_pages = heap->used_pages;
    heap->fade_rest = 0;
}
