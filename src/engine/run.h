// The large region: page runs, each a live block or free.
#ifndef COMHEAP_ENGINE_RUN_H
#define COMHEAP_ENGINE_RUN_H

#include "engine/state.h"

/// Allocates a live block of size_bytes, which is above CH_SMALL_BYTES and at most the size of all
/// pages. Returns NULL iff neither a free page run nor the gap has room, or the world refuses.
void *ch_run_take(struct ch_heap *heap, size_t size_bytes);

/// Does the same for a block that grows and may grow again: leaves at least as many free pages
/// behind it. Returns NULL iff the arena can't spare that room, or the world refuses.
void *ch_run_take_with_room(struct ch_heap *heap, size_t size_bytes);

/// Ends the live block that starts at the page.
void ch_run_give(struct ch_heap *heap, uint32_t page);

/// Resizes the live block that starts at the page, without moving it. The block keeps pages that it
/// no longer needs, up to most_pages in all. Returns false iff it can't get the pages that it
/// lacks: the page run behind it is live or too short, or the world refuses.
bool ch_run_resize(struct ch_heap *heap, uint32_t page, size_t size_bytes, uint32_t most_pages);

/// Cuts a live block that starts at the page down to size_bytes, at the first multiple of
/// alignment_bytes in it. Frees the pages before and behind. The block is long enough for that.
void *ch_run_cut(struct ch_heap *heap, uint32_t page, size_t size_bytes, size_t alignment_bytes);

/// Returns the page of the live block that starts at this offset; CH_NONE iff there is none.
uint32_t ch_run_at(const struct ch_heap *heap, size_t offset);

/// Returns whether the offset lies in a live block.
bool ch_run_contains(const struct ch_heap *heap, size_t offset);

/// Decommits up to `most` pages of free page runs, the longest first. Returns how much of `most` is
/// left.
size_t ch_run_decommit_free(struct ch_heap *heap, size_t most);

/// Returns how many pages a block takes.
static inline uint32_t ch_run_pages(const struct ch_heap *heap, size_t size_bytes)
{
    return (uint32_t)((size_bytes + heap->page_bytes - 1) >> heap->page_log2);
}

/// Returns how many pages a block may keep when it shrinks in place. To grow again, it keeps twice
/// the pages that it takes, and at least one.
static inline uint32_t ch_run_roomy_pages(const struct ch_heap *heap, size_t size_bytes)
{
    uint64_t pages = ch_run_pages(heap, size_bytes);
    return pages == 0 ? 1 : (uint32_t)(2 * pages < CH_NONE ? 2 * pages : CH_NONE - 1);
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
