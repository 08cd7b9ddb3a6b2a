// The large region: runs of pages, each a live block or free.
#ifndef COMHEAP_ENGINE_RUN_H
#define COMHEAP_ENGINE_RUN_H

#include "engine/state.h"

/// Makes a live block of size_bytes, which is above CH_SMALL_BYTES and at most that of all pages.
/// Returns NULL iff no free run and not the gap either has room, or the world refuses.
void *ch_run_take(struct ch_heap *heap, size_t size_bytes);

/// As ch_run_take, for a block that grows and may grow again: puts as many free pages behind it, if
/// they are to be had. Returns NULL iff the arena has no such room to spare, or the world refuses.
void *ch_run_take_with_room(struct ch_heap *heap, size_t size_bytes);

/// Ends the live block that starts at the page.
void ch_run_give(struct ch_heap *heap, uint32_t page);

/// Gives the live block that starts at the page another size without moving it. Of the pages that
/// it has beyond these, it keeps as many as it needs to have most_pages. Returns false iff it needs
/// more than it has, and the run behind it is not free or too short, or the world refuses.
bool ch_run_resize(struct ch_heap *heap, uint32_t page, size_t size_bytes, uint32_t most_pages);

/// Makes the live block that starts at the page one of size_bytes that starts at the first multiple
/// of alignment_bytes in it, and frees the pages before and behind. It is long enough for that.
void *ch_run_cut(struct ch_heap *heap, uint32_t page, size_t size_bytes, size_t alignment_bytes);

/// Returns the page of the live block that starts at this offset; CH_NONE iff none does.
uint32_t ch_run_at(const struct ch_heap *heap, size_t offset);

/// Whether the offset lies in a live block.
bool ch_run_contains(const struct ch_heap *heap, size_t offset);

/// Decommits up to `most` pages of free runs, the longest ones first. Returns how many are still to
/// go.
size_t ch_run_decommit_free(struct ch_heap *heap, size_t most);

/// How many pages a block takes.
static inline uint32_t ch_run_pages(const struct ch_heap *heap, size_t size_bytes)
{
    return (uint32_t)((size_bytes + heap->page_bytes - 1) >> heap->page_log2);
}

/// How many pages a block may keep when it shrinks in place, and is to grow again: twice what it
/// takes, and no less than one.
static inline uint32_t ch_run_roomy_pages(const struct ch_heap *heap, size_t size_bytes)
{
    uint64_t pages = ch_run_pages(heap, size_bytes);
    return pages == 0 ? 1 : (uint32_t)(2 * pages < CH_NONE ? 2 * pages : CH_NONE - 1);
}

/// The list that free runs of a length are on.
static inline unsigned ch_run_list(uint32_t pages)
{
    if (pages < CH_RUN_EXACT_PAGES) {
        return pages;
    }
    unsigned log2 = 31U - (unsigned)__builtin_clz(pages);
    return CH_RUN_EXACT_PAGES + (log2 - 5U) * 8U + ((pages >> (log2 - 3U)) & 7U);
}

#endif
