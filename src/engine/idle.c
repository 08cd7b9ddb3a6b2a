// Idle pages: how many stay committed.
//
//     committed pages   |#### used ####|---- idle ----|
//                       |<- lately: most used, fading ->|
//                       |<------------- at most twice lately, and 4 MiB ------------->|
//
// A decommitted page costs a call into the kernel, and a page fault when it is used again. A kept
// page costs memory that no block uses. So a heap keeps about as many pages as it used lately,
// because it will use as many again. It has no clock: the pages that it gives back measure time.
//
// This file only counts; decommit.c gives pages back.

#include "engine/idle.h"

// Sets how slowly the count of lately used pages fades. Giving back FADE times the counted pages
// brings the count most of the way down to the pages still used. So a heap that is filled and
// emptied again and again keeps nearly all of its pages. A heap that has shrunk releases them while
// it works.
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

size_t ch_idle_excess_pages(const struct ch_heap *heap)
{
    size_t lately = heap->lately_pages > heap->used_pages ? heap->lately_pages : heap->used_pages;
    size_t most = 2 * lately + (CH_IDLE_BYTES >> heap->page_log2);
    size_t enough = lately + lately / 2; // So that the next block does not exceed it again.
    return heap->committed_pages > most ? heap->committed_pages - enough : 0;
}

void ch_idle_forget(struct ch_heap *heap)
{
    heap->lately_pages = heap->used_pages;
    heap->fade_rest = 0;
}
