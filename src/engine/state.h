// The state of a heap, for the engine's own files. It lives at the start of the heap's arena:
//
//     | ch_heap | tables .............................................. | pages ...... | guard |
//               | committed, starts, hidden | caches, runs, spans, tags | page runs
//
// Page runs tile the pages. Each is free, or a large block, or a span: small blocks are cut from
// spans. A large block takes the high end of a free page run, a span the low end. So spans gather
// at the start, and size tags are needed only up to the last of them. The guard is a page that is
// never committed: a write past the last page run crashes.
//
// The tables are out of band, so the engine never stores anything in a page that a caller may hold.
//
//     committed  a bit an OS page of the whole arena, tables included; and a bit a group of them
//     starts     a bit a page: a live page run starts here
//     hidden     a bit a page: it is poisoned whole (shadow.h)
//     runs       a record a page, kept at the first and last page of each page run
//     spans      a record a span: its class, and which of its blocks are free
//     tags       16 bits a granule up to the last span: 0 where no live block starts, else the
//                block's size + 1, and a bit for a block whose class is not that of its size;
//                the tag alone decides whether a small pointer is live
//     caches     for each thread: blocks that wait to be handed out
//
// Threads touch three things without the lock. The holder of a block touches its tag, and any
// thread may look it up. A thread touches its cache. It also touches the records of large blocks
// that go into its cache or come out of it (kept.h), and any thread may look up a start and its
// record. Threads also read the end of the tags in use, and the address of their thread cache,
// without the lock. Everything else is read and written under it.
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

/// Describes CH_SPAN_BYTES of pages, cut from the front into blocks of one class, as blocks are
/// needed.
struct ch_span {
    uint64_t summary;                     ///< A bit a word of `free` that is not 0.
    uint64_t free[CH_SPAN_GRANULES / 64]; ///< A bit a granule where a free block starts.
    uint16_t cut_granules;                ///< Blocks have been cut from this much of it.
    uint16_t used_blocks;                 ///< Its blocks that are live or in a thread cache.
    uint8_t class_index;
};

/// Says what a page run is. A roomy block's size is small, or leaves a page or more unused. A busy
/// one is being resized or freed, under the lock.
enum ch_run_kind {
    CH_RUN_FREE,
    CH_RUN_BLOCK,
    CH_RUN_ROOMY,
    CH_RUN_BUSY,
    CH_RUN_KEPT, ///< A thread cache keeps it.
    CH_RUN_SPAN,
};

/// Bound what a thread cache keeps of large blocks: the length of each, the number of one length,
/// and all together.
#define CH_KEPT_BYTES ((size_t)256 * 1024)
#define CH_KEPT_PAGES 64U
#define CH_KEPT_EACH 4U
#define CH_KEPT_ROOM_BYTES ((size_t)512 * 1024)

/// Describes a page run. The record at its first page is valid; in the record at its last page,
/// only `pages` is.
struct ch_run {
    _Atomic uint32_t pages;
    _Atomic uint32_t kind;    ///< enum ch_run_kind
    uint32_t previous, next;  ///< Neighbors on the list of its length, or of its class (slab.h).
    atomic_size_t size_bytes; ///< A block's size.
};

/// Groups committed pages: a group without any is skipped as a whole.
#define CH_COMMIT_GROUP 4096U

/// Shape the lists of free page runs. Below this many pages each length has a list; from there on,
/// each doubling has eight.
#define CH_RUN_EXACT_PAGES 32U
#define CH_RUN_LISTS (CH_RUN_EXACT_PAGES + 27U * 8U)

/// Holds blocks that were taken from their spans and wait to be handed out, last in first out. Each
/// class has a magazine of them behind the thread cache; magazine.h draws it.
struct ch_cache {
    _Atomic(void **) tops[CH_CLASS_COUNT]; ///< Behind the last block,
    void **ends[CH_CLASS_COUNT];           ///< and where there is no more room.
    uintptr_t tags_bias; ///< The tag of a block is there, and its address / CH_TAG_GRANULES_BYTES
                         ///< behind.
    size_t kept_bytes;   ///< Large blocks of up to this size may be kept (kept.h),
    uint32_t kept_room_pages; ///< and so many more pages of them.
    _Atomic uint8_t kept_counts[CH_KEPT_PAGES + 1];
    uint32_t kept[CH_KEPT_PAGES + 1][CH_KEPT_EACH]; ///< By their length; the last is taken first.
};

struct ch_heap {
    // The paths without the lock read these. They hardly ever change.
    unsigned char *pages;         ///< The first page.
    atomic_size_t small_granules; ///< All spans lie in this much of the pages: whole spans.
    unsigned page_log2;
    _Atomic uint16_t *tags; ///< Threads agree on each tag, and by it on nothing else.
    struct ch_cache *caches[CH_THREAD_CACHES]; ///< By number; &ch_cache_closed: not open.
    struct ch_config config;
    size_t page_bytes;
    uint32_t page_count;
    uint32_t span_pages;
    uint32_t span_limit;  ///< The tables have room for spans in this much of the pages, in spans.
    unsigned cache_limit; ///< Threads with a number up to this may open a thread cache.
    unsigned char *caches_start;
    size_t cache_bytes;

    struct ch_fork_lock lock;
    uint64_t open_caches;                ///< A bit each.
    uint32_t span_lists[CH_CLASS_COUNT]; ///< Of spans with room, by their first pages,
    uint32_t run_lists[CH_RUN_LISTS];    ///< and of free page runs.
    uint64_t run_lists_used[(CH_RUN_LISTS + 63) / 64];

    uint64_t *committed, *committed_groups, *starts, *hidden;
    struct ch_run *runs;
    struct ch_span *spans;
    bool was_refused;               ///< The world refused pages, and the heap gave none back since.
    size_t committed_pages;         ///< OS pages of the arena.
    size_t used_pages;              ///< Of those, the pages of live page runs and of tables.
    size_t freed_pages;             ///< In this period (commit.c),
    size_t least_idle_pages;        ///< and the fewest pages that were idle in it.
    uint32_t small_rooms;           ///< That large.c has given, of fresh pages.
    uint32_t dirty_page, dirty_end; ///< Contains all pages that the last page run had committed.
    size_t live_bytes;              ///< With a bound on it: the sum of the live blocks' sizes.
};

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
    return atomic_load_explicit(&heap->tags[granule], memory_order_relaxed);
}

static inline void ch_tag_set(struct ch_heap *heap, size_t granule, size_t tag)
{
    atomic_store_explicit(&heap->tags[granule], (uint16_t)tag, memory_order_release);
}

/// Replaces the tag at a place. With one thread in the process that is a store. Returns false, and
/// changes nothing, iff another thread has replaced `tag` by another one.
static inline bool ch_tag_replace(_Atomic uint16_t *at, unsigned tag, unsigned next)
{
    CH_ASSERT(tag != 0);
    if (!ch_threads_are_many()) {
        atomic_store_explicit(at, (uint16_t)next, memory_order_release);
        return true;
    }
    uint16_t expected = (uint16_t)tag;
    return atomic_compare_exchange_strong_explicit(at, &expected, (uint16_t)next,
                                                   memory_order_release, memory_order_relaxed);
}

/// Returns the address of the thread cache with a number, which is not 0, when it is open.
static inline struct ch_cache *ch_cache_at(const struct ch_heap *heap, unsigned number)
{
    CH_ASSERT(number > 0 && number < CH_THREAD_CACHES);
    return (struct ch_cache *)(void *)(heap->caches_start + (number - 1) * heap->cache_bytes);
}

/// Returns the half with a page's bit in `starts`. A machine of 32 bits may have no atomic access
/// to a whole word.
typedef uint32_t ch_start_half __attribute__((may_alias));
static inline ch_start_half *ch_start_half_of(const struct ch_heap *heap, uint32_t page)
{
    const bool is_low_first = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    return (ch_start_half *)heap->starts + (page / 32 ^ (is_low_first ? 0U : 1U));
}

/// Return whether a live page run starts at a page, without the lock; record it, under the lock.
static inline bool ch_start_get(const struct ch_heap *heap, uint32_t page)
{
    uint32_t half = __atomic_load_n(ch_start_half_of(heap, page), __ATOMIC_ACQUIRE);
    return (half >> page % 32 & 1) != 0;
}

static inline void ch_start_set(struct ch_heap *heap, uint32_t page, bool is_live)
{
    CH_ASSERT(ch_start_get(heap, page) != is_live);
    ch_start_half *half = ch_start_half_of(heap, page);
    uint32_t bit = (uint32_t)1 << page % 32;
    __atomic_store_n(half, is_live ? *half | bit : *half & ~bit, __ATOMIC_RELEASE);
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

/// Return the end of the size tags in use, in spans, and set it. A thread that looks a granule up
/// without the lock sees the end that was set.
static inline uint32_t ch_span_end(const struct ch_heap *heap)
{
    size_t granules = atomic_load_explicit(&heap->small_granules, memory_order_relaxed);
    return (uint32_t)(granules / CH_SPAN_GRANULES);
}

static inline void ch_set_span_end(struct ch_heap *heap, uint32_t end)
{
    size_t granules = (size_t)end * CH_SPAN_GRANULES;
    atomic_store_explicit(&heap->small_granules, granules, memory_order_release);
}

#endif
