// Thread caches: the slow paths. They open and close caches, move blocks between caches and spans
// (cache.h draws them), and give up kept page runs (kept.h).
//
//     empty magazine   |          |  <- half of its capacity from the spans
//     full magazine    |old | new |  -> the older half back to the spans
//
// A thread without a cache goes to the spans for each block; every thread may be one. This file
// does not know sizes, nor which blocks are live.

#include "engine/cache.h"

#include <string.h>

#include "engine/commit.h"
#include "engine/kept.h"
#include "engine/page_heap.h"
#include "engine/process.h"
#include "engine/slab.h"

_Static_assert(CH_THREAD_CACHES == CH_THREAD_NUMBERS, "a thread cache for each number");

static void *nothing[1]; // The NULL below the first block of every magazine.

// Never written: it accepts no block.
struct ch_cache ch_cache_closed = {
    .tops = {[0 ... CH_CLASS_COUNT - 1] = nothing + 1},
    .ends = {[0 ... CH_CLASS_COUNT - 1] = nothing + 1},
};

size_t ch_cache_place(unsigned class_index)
{
    size_t place = 1; // Behind a NULL.
    for (unsigned i = 0; i < class_index; i++) {
        place += ch_cache_capacity(i) + 1;
    }
    return place;
}

size_t ch_cache_size_bytes(void)
{
    return sizeof(struct ch_cache) + (ch_cache_place(CH_CLASS_COUNT) - 1) * sizeof(void *);
}

static uint64_t bit_of(unsigned number)
{
    return (uint64_t)1 << number;
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Makes a cache keep no page run yet: its table holds zeros. A kept page run is handed out without
// a look at the heap's bound. So none is kept whose length is above it.
static void open_kept(const struct ch_heap *heap, struct ch_cache *cache)
{
    size_t bound = heap->config.block_bytes;
    cache->kept_bytes = lesser(CH_KEPT_BYTES, CH_KEPT_PAGES * heap->page_bytes);
    cache->kept_bytes = bound == 0 ? cache->kept_bytes : lesser(cache->kept_bytes, bound);
    cache->kept_room_pages = ch_kept_room_pages(heap);
}

// Makes every page run that a cache keeps free. Returns whether there was one.
static bool flush_kept(struct ch_heap *heap, struct ch_cache *cache)
{
    bool had_one = false;
    for (uint32_t pages = 0; pages <= CH_KEPT_PAGES; pages++) {
        unsigned count = cache->kept_counts[pages];
        for (unsigned i = 0; i < count; i++) {
            uint32_t page = cache->kept[pages][i];
            ch_shadow_close(heap, page, pages);
            ch_run_give(heap, page);
        }
        cache->kept_room_pages += count * pages;
        cache->kept_counts[pages] = 0;
        had_one = had_one || count > 0;
    }
    return had_one;
}

// Lays the empty magazines of a thread cache out behind it.
static void lay_out(const struct ch_heap *heap, struct ch_cache *cache)
{
    CH_ASSERT((uintptr_t)heap->pages % CH_GRANULE_BYTES == 0);
    cache->tags_bias = (uintptr_t)heap->tags - (uintptr_t)heap->pages / CH_TAG_GRANULES_BYTES;
    for (unsigned i = 0; i < CH_CLASS_COUNT; i++) {
        void **first = (void **)(cache + 1) + ch_cache_place(i);
        first[-1] = NULL;
        atomic_init(&cache->tops[i], first);
        cache->ends[i] = first + ch_cache_capacity(i);
    }
}

void ch_cache_open_mine(struct ch_heap *heap)
{
    unsigned number = ch_thread_number;
    if (number == 0 || number > heap->cache_limit || ch_cache_is_open(heap->caches[number])) {
        return;
    }
    struct ch_cache *cache = ch_cache_at(heap, number);
    if (!ch_commit_cover(heap, cache, heap->cache_bytes)) {
        ch_commit_uncover(heap, cache, heap->cache_bytes);
        return;
    }
    open_kept(heap, cache);
    lay_out(heap, cache);
    heap->open_caches |= bit_of(number);
    heap->caches[number] = cache;
}

void *ch_cache_take(struct ch_heap *heap, unsigned class_index)
{
    CH_ASSERT(class_index < CH_CLASS_COUNT);
    struct ch_cache *cache = ch_cache_mine(heap);
    if (!ch_cache_is_open(cache)) {
        void *block = NULL;
        (void)ch_span_take(heap, class_index, &block, 1);
        return block;
    }
    if (ch_cache_count(cache, class_index) == 0) {
        void **first = ch_cache_first(cache, class_index);
        unsigned most = ch_cache_capacity(class_index) / 2;
        cache->tops[class_index] = first + ch_span_take(heap, class_index, first, most);
    }
    return ch_cache_pop(cache, class_index);
}

// Puts the `count` oldest blocks of a magazine back into their spans.
static void give_back(struct ch_heap *heap, struct ch_cache *cache, unsigned class_index,
                      size_t count)
{
    CH_ASSERT(count <= ch_cache_count(cache, class_index));
    void **first = ch_cache_first(cache, class_index);
    ch_span_give(heap, first, (unsigned)count);
    size_t left = ch_cache_count(cache, class_index) - count;
    memmove(first, first + count, left * sizeof *first);
    cache->tops[class_index] = first + left;
}

void ch_cache_give(struct ch_heap *heap, unsigned class_index, void *block)
{
    CH_ASSERT(block != NULL);
    struct ch_cache *cache = ch_cache_mine(heap);
    if (!ch_cache_is_open(cache)) {
        ch_span_give(heap, &block, 1);
        return;
    }
    if (ch_cache_top(cache, class_index) == cache->ends[class_index]) {
        give_back(heap, cache, class_index, ch_cache_capacity(class_index) / 2);
    }
    ch_cache_push(cache, class_index, ch_cache_top(cache, class_index), block);
}

static bool flush(struct ch_heap *heap, struct ch_cache *cache)
{
    bool had_one = flush_kept(heap, cache);
    for (unsigned i = 0; i < CH_CLASS_COUNT; i++) {
        had_one = had_one || ch_cache_count(cache, i) > 0;
        give_back(heap, cache, i, ch_cache_count(cache, i));
    }
    return had_one;
}

// Makes a thread cache unreachable.
static void detach(struct ch_heap *heap, unsigned number)
{
    heap->open_caches &= ~bit_of(number);
    heap->caches[number] = &ch_cache_closed;
}

void ch_cache_close_mine(struct ch_heap *heap)
{
    struct ch_cache *cache = ch_cache_mine(heap);
    if (ch_cache_is_open(cache)) {
        detach(heap, ch_thread_number);
        ch_process_forget_cache(); // Of another heap, it is found again.
        ch_commit_uncover(heap, cache, heap->cache_bytes);
    }
}

// Detaches the orphans. Returns a bit for each. Threads begin and end meanwhile, so the callers do
// this before anything else.
static uint64_t detach_orphans(struct ch_heap *heap)
{
    uint64_t orphans = heap->open_caches & ~ch_threads_hold();
    for (uint64_t rest = orphans; rest != 0; rest &= rest - 1) {
        detach(heap, (unsigned)__builtin_ctzll(rest));
    }
    ch_threads_let_go();
    return orphans;
}

bool ch_cache_flush(struct ch_heap *heap)
{
    struct ch_cache *mine = ch_cache_mine(heap);
    bool had_one = ch_cache_is_open(mine) && flush(heap, mine);
    uint64_t orphans = detach_orphans(heap);
    for (uint64_t rest = orphans; rest != 0; rest &= rest - 1) {
        struct ch_cache *cache = ch_cache_at(heap, (unsigned)__builtin_ctzll(rest));
        (void)flush(heap, cache);
        ch_commit_uncover(heap, cache, heap->cache_bytes);
    }
    return had_one || orphans != 0;
}

const struct ch_cache *ch_cache_next(const struct ch_heap *heap, const struct ch_cache *cache)
{
    size_t offset = (uintptr_t)cache - (uintptr_t)heap->caches_start;
    size_t number = cache == NULL ? 1 : offset / heap->cache_bytes + 2; // From there on.
    uint64_t rest = number < CH_THREAD_CACHES ? heap->open_caches >> number : 0;
    return rest == 0 ? NULL : heap->caches[number + (unsigned)__builtin_ctzll(rest)];
}
