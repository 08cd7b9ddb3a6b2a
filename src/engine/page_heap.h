// The page heap: page runs, which tile the pages. Each is free, a large block or a span.
#ifndef COMHEAP_ENGINE_PAGE_HEAP_H
#define COMHEAP_ENGINE_PAGE_HEAP_H

#include "engine/state.h"

/// Makes all pages one free page run. Returns false iff the world refuses.
bool ch_run_open_all(struct ch_heap *heap);

/// Takes `pages` pages for a large block: the last ones of a free page run that start at a multiple
/// of alignment_bytes. At least room_pages free pages follow them. Returns the first; CH_NONE iff
/// no free page run has that room, or the world refuses. The page run is busy: the caller says what
/// it is.
uint32_t ch_run_take(struct ch_heap *heap, uint32_t pages, size_t alignment_bytes,
                     uint32_t room_pages);

/// Takes the pages of a span, low among the free page runs. Returns the first; CH_NONE as above.
uint32_t ch_run_take_span(struct ch_heap *heap);

/// Makes a live page run free, and joins it with its free neighbors.
void ch_run_give(struct ch_heap *heap, uint32_t page);

/// Gives a live page run another length, at its end. Growing takes the first pages of a free page
/// run behind it. Returns false, and changes nothing, iff there is none that is long enough, or the
/// world refuses. Shrinking succeeds.
bool ch_run_resize(struct ch_heap *heap, uint32_t page, uint32_t pages);

/// Returns the length of the longest free page run, or somewhat less.
uint32_t ch_run_longest(const struct ch_heap *heap);

/// Decommits up to `most` pages of free page runs, the longest first.
void ch_run_decommit(struct ch_heap *heap, size_t most);

/// Decommits the parts of the tables that describe no page run, and no pages up to the last span.
void ch_run_trim(struct ch_heap *heap);

/// Put a page run at the front of a list, and take it out.
static inline void ch_list_add(struct ch_heap *heap, uint32_t *first, uint32_t page)
{
    CH_ASSERT(*first != page);
    heap->runs[page].previous = CH_NONE;
    heap->runs[page].next = *first;
    if (*first != CH_NONE) {
        heap->runs[*first].previous = page;
    }
    *first = page;
}

static inline void ch_list_remove(struct ch_heap *heap, uint32_t *first, uint32_t page)
{
    const struct ch_run *run = &heap->runs[page];
    CH_ASSERT((run->previous == CH_NONE) == (*first == page));
    if (run->next != CH_NONE) {
        heap->runs[run->next].previous = run->previous;
    }
    *(run->previous != CH_NONE ? &heap->runs[run->previous].next : first) = run->next;
}

/// Returns the list of free page runs of a length.
static inline unsigned ch_run_list(uint32_t pages)
{
    if (pages < CH_RUN_EXACT_PAGES) {
        return pages;
    }
    unsigned log2 = 31U - (unsigned)__builtin_clz(pages);
    return CH_RUN_EXACT_PAGES + (log2 - 5U) * 8U + ((pages >> (log2 - 3U)) & 7U);
}

#endif
