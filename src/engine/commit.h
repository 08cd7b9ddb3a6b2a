// The account of committed memory: which OS pages of the arena are committed, tables included, and
// how many of them are used. A committed page that is not used is idle.
#ifndef COMHEAP_ENGINE_COMMIT_H
#define COMHEAP_ENGINE_COMMIT_H

#include "engine/state.h"

/// Records OS pages of the arena, by their numbers, as committed.
void ch_commit_mark(struct ch_heap *heap, uint32_t begin, uint32_t end);

/// Commits every OS page that a part of a table lies in, and counts those that were not committed
/// as used. They hold zeros. Returns false iff the world refuses: then some may be committed.
bool ch_commit_cover_late(struct ch_heap *heap, const void *start, size_t size_bytes);
static inline bool ch_commit_cover(struct ch_heap *heap, const void *start, size_t size_bytes)
{
    size_t offset = (uintptr_t)start - (uintptr_t)heap;
    uint32_t first = (uint32_t)(offset >> heap->page_log2);
    uint32_t last = (uint32_t)((offset + size_bytes - 1) >> heap->page_log2);
    bool is_one = last == first && ch_bits_get(heap->committed, first);
    return is_one || ch_commit_cover_late(heap, start, size_bytes);
}

/// Decommits the OS pages that lie in a part of a table as a whole, and counts them as unused.
void ch_commit_uncover(struct ch_heap *heap, const void *start, size_t size_bytes);

/// Commits every page of the range that is not committed, and counts all of them as used. Sets the
/// dirty range. Returns false iff the world refuses: then no page is counted, but some may be
/// committed and idle.
bool ch_commit_use(struct ch_heap *heap, uint32_t page, uint32_t pages);

/// Counts pages as unused. They stay committed.
void ch_commit_unuse(struct ch_heap *heap, uint32_t pages);

/// Decommits up to `most` idle pages of the range. Returns how much of `most` is left.
size_t ch_commit_drop(struct ch_heap *heap, uint32_t page, uint32_t pages, size_t most);

/// Returns whether more pages are idle than the heap keeps for good.
bool ch_commit_keeps_enough(const struct ch_heap *heap);

/// Returns how many idle pages should go now, by the bounds that ch_heap_minimize states.
size_t ch_commit_excess_pages(struct ch_heap *heap);

/// Returns whether all OS pages that a range lies in are committed.
bool ch_commit_is_whole(const struct ch_heap *heap, const void *start, size_t size_bytes);

#endif
