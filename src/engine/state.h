// The state of a heap, for the engine's own files. It lives at the start of the arena that it
// rules:
//
//     | ch_heap | tables .............................. | pages ..................... | guard |
//               | committed, starts, runs, spans, words | spans ->    gap   <- runs   |
//
// Small blocks are cut from spans, which grow upward from the first page. Large blocks are runs of
// pages, which grow downward from the last one. Either may take what the gap between them still
// holds, and gives it back when its edge is free. The guard is a page that is never committed, so
// that nobody writes past the last run without a crash.
//
// The tables are out of band, so nothing is ever stored in a page that a caller may hold.
//
//     words      a 16-bit word a granule of the small region: 0 where no live block starts,
//                else the block's size + 1; this alone decides whether a small pointer is live
//     spans      a record a span: its class, and which of its blocks are free
//     runs       a record a page of the large region, kept at the first and last page of each run
//     starts     a bit a page of the large region: a live block starts here
//     committed  a bit a page of both regions
#ifndef COMHEAP_ENGINE_STATE_H
#define COMHEAP_ENGINE_STATE_H

#include <comheap/heap.h>

#include "engine/bits.h"
#include "engine/class.h"
#include "engine/lock.h"

/// No span, run or page.
#define CH_NONE UINT32_MAX

#define CH_SPAN_GRANULES 4096U
#define CH_SPAN_BYTES (CH_SPAN_GRANULES * CH_GRANULE_BYTES)

/// Pages that nobody uses stay committed up to this many bytes, for the next who needs some.
#define CH_IDLE_BYTES ((size_t)4 * 1024 * 1024)

/// Part of the arena that is committed from both ends as the regions grow, and never in between:
/// [0, low_bytes) and [high_bytes, end_bytes), each boundary a multiple of the OS page.
struct ch_table {
    unsigned char *start;
    size_t low_bytes;
    size_t high_bytes;
    size_t end_bytes;
};

/// CH_SPAN_BYTES of pages, cut into blocks of one class from the front, as blocks are needed.
struct ch_span {
    uint64_t summary;                     ///< A bit a word of `free` that is not 0.
    uint64_t free[CH_SPAN_GRANULES / 64]; ///< A bit a granule where a free block starts.
    uint32_t previous, next;              ///< On its class's list, or on that of free spans.
    uint16_t cut_granules;                ///< Blocks have been cut from this much of it.
    uint16_t used_blocks;                 ///< Its blocks that are live or in the lane.
    uint8_t class_index;                  ///< CH_CLASS_NONE: the span is free.
};

/// A run of pages of the large region. Valid at the run's first page; at its last, only `pages` is.
struct ch_run {
    uint32_t pages;
    uint32_t previous, next; ///< A free run's neighbours on the list of its length.
    size_t size_bytes;       ///< A live block's size.
};

/// Free runs of up to this many pages have a list for each length; beyond, eight lists a doubling.
#define CH_RUN_EXACT_PAGES 32U
#define CH_RUN_LISTS (CH_RUN_EXACT_PAGES + 27U * 8U)

/// Blocks of one class that were taken from their spans and wait to be handed out, last in first
/// out.
#define CH_MAGAZINE_BLOCKS 32U
struct ch_magazine {
    unsigned count;
    void *blocks[CH_MAGAZINE_BLOCKS];
};

struct ch_heap {
    struct ch_lock lock;
    struct ch_config config;

    size_t page_bytes;
    unsigned page_log2;
    unsigned char *pages; ///< The first page.
    uint32_t page_count;
    uint32_t span_pages;
    uint32_t span_limit; ///< The tables have room for this many spans.

    uint32_t span_count; ///< The small region, in spans.
    uint32_t span_most;  ///< It has been this large; all of that is hidden from the sanitizer.
    uint32_t first_run;  ///< The large region is the pages from here to page_count.
    uint32_t free_spans; ///< Lists, by the index of their first member.
    uint32_t span_lists[CH_CLASS_COUNT];
    uint32_t run_lists[CH_RUN_LISTS];
    uint64_t run_lists_used[(CH_RUN_LISTS + 63) / 64];

    struct ch_table committed_table, starts_table, runs_table, spans_table, words_table;
    bool was_refused;       ///< The world refused pages, and nothing was given back since.
    size_t committed_pages; ///< Of `pages`.
    size_t used_pages;      ///< Of those, what spans in use and live runs hold.
    size_t live_blocks, live_bytes;

    struct ch_magazine lane[CH_CLASS_COUNT];
};

static inline uint64_t *ch_committed(const struct ch_heap *heap)
{
    return (uint64_t *)(void *)heap->committed_table.start;
}

static inline uint64_t *ch_starts(const struct ch_heap *heap)
{
    return (uint64_t *)(void *)heap->starts_table.start;
}

static inline struct ch_run *ch_runs(const struct ch_heap *heap)
{
    return (struct ch_run *)(void *)heap->runs_table.start;
}

static inline struct ch_span *ch_spans(const struct ch_heap *heap)
{
    return (struct ch_span *)(void *)heap->spans_table.start;
}

static inline uint16_t *ch_words(const struct ch_heap *heap)
{
    return (uint16_t *)(void *)heap->words_table.start;
}

static inline unsigned char *ch_page_start(const struct ch_heap *heap, uint32_t page)
{
    return heap->pages + ((size_t)page << heap->page_log2);
}

/// The distance of any bit pattern from the first page, huge for what lies below it.
static inline size_t ch_offset(const struct ch_heap *heap, const void *block)
{
    return (uintptr_t)block - (uintptr_t)heap->pages;
}

/// The first page after the small region.
static inline uint32_t ch_small_end(const struct ch_heap *heap)
{
    return heap->span_count * heap->span_pages;
}

#endif
