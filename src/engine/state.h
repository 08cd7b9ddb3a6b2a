// The state of a heap, for the engine's own files. It lives at the start of the heap's arena:
//
//     | ch_heap | tables .................................... | pages .............. | guard |
//               | lanes, committed, starts, runs, spans, tags | spans -> gap <- runs |
//
// Small blocks are cut from spans, which grow upward from the first page. Large blocks are page
// runs, which grow downward from the last page. Both regions take pages from the gap between them,
// and give them back when their edge is free. The guard is a page that is never committed: a write
// past the last page run crashes.
//
// The tables are out of band, so the engine never stores anything in a page that a caller may hold.
//
//     tags       16 bits a granule of the small region: 0 where no live block starts, else the
//                block's size + 1, and a bit for a block whose class is not that of its size;
//                the tag alone decides whether a small pointer is live
//     spans      a record a span: its class, and which of its blocks are free
//     runs       a record a page of the large region, kept at the first and last page of each run
//     starts     a bit a page of the large region: a live block starts here
//     committed  a bit a page of both regions
//     lanes      for each thread: blocks that wait to be handed out
//
// Threads touch two things without the lock. The holder of a block touches its tag, and any thread
// may look it up. A thread touches its lane. Threads also read the end of the tags in use, and the
// address of their lane, without the lock. Everything else is read and written under it.
#ifndef COMHEAP_ENGINE_STATE_H
#define COMHEAP_ENGINE_STATE_H

#include <comheap/heap.h>

#include <stdatomic.h>

#include "engine/bits.h"
#include "engine/class.h"
#include "pages/threads.h"

/// Stands for no span, no page run or no page.
#define CH_NONE UINT32_MAX

#define CH_SPAN_BYTES (CH_SPAN_GRANULES * CH_GRANULE_BYTES)

/// Bounds idle pages. They stay committed for the next request: a heap holds up to twice the most
/// pages that it used lately, and this many bytes.
#define CH_IDLE_BYTES ((size_t)4 * 1024 * 1024)

/// Describes a part of the arena that is committed from both ends as the regions grow, and never in
/// between: [0, low_bytes) and [high_bytes, end_bytes). Each boundary is a multiple of the OS page.
struct ch_table {
    unsigned char *start;
    size_t low_bytes;
    size_t high_bytes;
    size_t end_bytes;
};

/// Describes CH_SPAN_BYTES of pages, cut from the front into blocks of one class, as blocks are
/// needed.
struct ch_span {
    uint64_t summary;                     ///< A bit a word of `free` that is not 0.
    uint64_t free[CH_SPAN_GRANULES / 64]; ///< A bit a granule where a free block starts.
    uint32_t previous, next;              ///< On the list of its class, or of free spans.
    uint16_t cut_granules;                ///< Blocks have been cut from this much of it.
    uint16_t used_blocks;                 ///< Its blocks that are live or in a lane.
    uint8_t class_index;                  ///< CH_CLASS_NONE: the span is free.
};

/// Describes a page run of the large region. The record at its first page is valid; in the record
/// at its last page, only `pages` is.
struct ch_run {
    uint32_t pages;
    uint32_t previous, next; ///< A free one's neighbours on the list of its length.
    uint32_t is_roomy;       ///< 1: a live block's size is small, or leaves a page or more unused.
    size_t size_bytes;       ///< A live block's size.
};

/// Shape the lists of free page runs. Below this many pages each length has a list; from there on,
/// each doubling has eight.
#define CH_RUN_EXACT_PAGES 32U
#define CH_RUN_LISTS (CH_RUN_EXACT_PAGES + 27U * 8U)

/// Holds blocks that were taken from their spans and wait to be handed out, last in first out. Each
/// class has a magazine of them behind the lane; magazine.h draws it.
struct ch_lane {
    _Atomic(void **) tops[CH_CLASS_COUNT]; ///< Behind the last block,
    void **ends[CH_CLASS_COUNT];           ///< and where there is no more room.
    uintptr_t tags_bias; ///< The tag of a block is there, and its address / CH_TAG_GRANULES_BYTES
                         ///< behind.
};

struct ch_heap {
    // The paths without the lock read these. They hardly ever change.
    unsigned char *pages;         ///< The first page.
    atomic_size_t small_granules; ///< The small region: whole spans.
    unsigned page_log2;
    struct ch_table tags_table;
    struct ch_lane *lanes[CH_THREAD_CACHES]; ///< By the thread's number; &ch_lane_closed: not open.
    struct ch_config config;
    size_t page_bytes;
    uint32_t page_count;
    uint32_t span_pages;
    uint32_t span_limit; ///< The tables have room for this many spans.
    unsigned lane_limit; ///< Threads with a number up to this may open a lane.
    unsigned char *lanes_start;
    size_t lane_bytes;

    struct ch_fork_lock lock;
    uint64_t open_lanes; ///< A bit each.
    uint32_t span_most;  ///< Its largest size in spans; all of that is hidden whole.
    uint32_t first_run;  ///< The large region is [first_run, page_count).
    uint32_t free_spans; ///< Lists, by the index of their first member.
    uint32_t span_lists[CH_CLASS_COUNT];
    uint32_t run_lists[CH_RUN_LISTS];
    uint64_t run_lists_used[(CH_RUN_LISTS + 63) / 64];

    struct ch_table committed_table, starts_table, runs_table, spans_table;
    bool was_refused;               ///< The world refused pages, and the heap gave none back since.
    size_t committed_pages;         ///< Of `pages`.
    uint32_t dirty_page, dirty_end; ///< Contains all pages that ch_arena_use last found committed.
    size_t used_pages;              ///< Of those, the pages of spans in use and live page runs.
    size_t lately_pages;            ///< The most used, fading as pages are given back.
    uint64_t fade_rest;             ///< A part of a page that has still to fade.
    size_t live_bytes;              ///< With a bound on it: the sum of the live blocks' sizes.
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

/// Returns the tags. Threads agree on each tag, and by it on nothing else.
static inline _Atomic uint16_t *ch_tags(const struct ch_heap *heap)
{
    return (_Atomic uint16_t *)(void *)heap->tags_table.start;
}

/// Divides a block's address by this in place of two divisions: a tag takes two bytes.
#define CH_TAG_GRANULES_BYTES (CH_GRANULE_BYTES / sizeof(uint16_t))

/// Marks a tag: the block's class is not that of its size, but that of its span, which has larger
/// blocks. The span is read under the lock, so such a tag is replaced under the lock, too.
#define CH_TAG_ROOMY 0x8000U

_Static_assert(CH_SMALL_BYTES + 1 < CH_TAG_ROOMY, "a tag has a bit to spare");

/// Returns the tag of a live block.
static inline unsigned ch_tag_of(size_t size_bytes, unsigned class_index)
{
    return ((unsigned)size_bytes + 1) | (ch_class_of(size_bytes) != class_index ? CH_TAG_ROOMY : 0);
}

/// Returns the size in a tag; SIZE_MAX for 0.
static inline size_t ch_tag_bytes(unsigned tag)
{
    return (size_t)(tag & (CH_TAG_ROOMY - 1)) - 1;
}

/// Returns whether a tag is that of a live block with the class of its size.
static inline bool ch_tag_is_plain(unsigned tag)
{
    return tag - 1U <= CH_SMALL_BYTES;
}

static inline unsigned ch_tag(const struct ch_heap *heap, size_t granule)
{
    return atomic_load_explicit(&ch_tags(heap)[granule], memory_order_relaxed);
}

static inline void ch_tag_set(struct ch_heap *heap, size_t granule, size_t tag)
{
    atomic_store_explicit(&ch_tags(heap)[granule], (uint16_t)tag, memory_order_release);
}

/// Replaces the tag at a place. With one thread in the process that is a store. Returns false, and
/// changes nothing, iff another thread has replaced `tag` by another one.
static inline bool ch_tag_replace(_Atomic uint16_t *at, unsigned tag, unsigned next)
{
    if (!ch_threads_are_many()) {
        atomic_store_explicit(at, (uint16_t)next, memory_order_release);
        return true;
    }
    uint16_t expected = (uint16_t)tag;
    return atomic_compare_exchange_strong_explicit(at, &expected, (uint16_t)next,
                                                   memory_order_release, memory_order_relaxed);
}

/// Returns the address of the lane with a number, which is not 0, when it is open.
static inline struct ch_lane *ch_lane_at(const struct ch_heap *heap, unsigned number)
{
    return (struct ch_lane *)(void *)(heap->lanes_start + (number - 1) * heap->lane_bytes);
}

static inline unsigned char *ch_page_start(const struct ch_heap *heap, uint32_t page)
{
    return heap->pages + ((size_t)page << heap->page_log2);
}

/// Returns the distance of any bit pattern from the first page. It is huge below that page.
static inline size_t ch_offset(const struct ch_heap *heap, const void *block)
{
    return (uintptr_t)block - (uintptr_t)heap->pages;
}

/// Return the size of the small region, in spans, and set it. A thread that looks a granule up
/// without the lock sees the size that was set.
static inline uint32_t ch_span_count(const struct ch_heap *heap)
{
    size_t granules = atomic_load_explicit(&heap->small_granules, memory_order_relaxed);
    return (uint32_t)(granules / CH_SPAN_GRANULES);
}

static inline void ch_set_span_count(struct ch_heap *heap, uint32_t count)
{
    size_t granules = (size_t)count * CH_SPAN_GRANULES;
    atomic_store_explicit(&heap->small_granules, granules, memory_order_release);
}

/// Returns the first page after the small region.
static inline uint32_t ch_small_end(const struct ch_heap *heap)
{
    return ch_span_count(heap) * heap->span_pages;
}

#endif
