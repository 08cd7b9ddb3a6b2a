// The arena: its layout (state.h draws it), and the making of a heap in it. This file does not know
// what a page holds.

#include "engine/arena.h"

#include <string.h>

#include "engine/commit.h"
#include "engine/large.h"
#include "engine/magazine.h"
#include "engine/page_heap.h"
#include "engine/shadow.h"

// Bounds the OS pages that are used of an arena, which may have more. Page numbers must stay below
// CH_NONE, and so must the number of bits for them, rounded up to machine words.
#define PAGES_MOST (CH_NONE - 64)

static size_t round_up(size_t size_bytes, size_t step_bytes)
{
    CH_ASSERT(step_bytes != 0 && (step_bytes & (step_bytes - 1)) == 0);
    return (size_bytes + step_bytes - 1) & ~(step_bytes - 1);
}

// Returns how many OS pages of the arena are used.
static uint32_t os_pages_of(const struct ch_heap *heap)
{
    size_t pages = heap->config.arena_bytes >> heap->page_log2;
    return pages < PAGES_MOST ? (uint32_t)pages : PAGES_MOST;
}

// Returns where a table of size_bytes starts, and moves the end of the tables behind it.
static void *lay_table(struct ch_heap *heap, size_t *end, size_t size_bytes)
{
    void *start = (unsigned char *)heap + *end;
    *end += round_up(size_bytes, heap->page_bytes);
    return start;
}

// Lays out page_count pages behind their tables. The bitmaps, which are committed with the heap,
// come first. Returns whether that fits in the arena, with the guard.
//
// The pages begin at a multiple of CH_SMALL_BYTES, so that small blocks can have that alignment
// (block.c). The bytes for it are set aside wherever the arena lies: so heaps of the same size have
// the same pages.
//
// All pages may be spans on 64 bits, the lower half on 32 bits. There the tags take a quarter of
// the addresses of spans. A larger share would leave no room for a block of INT_MAX bytes.
static bool lay_out(struct ch_heap *heap, uint32_t page_count)
{
    heap->page_count = page_count;
    heap->span_limit = page_count / heap->span_pages / (sizeof(void *) == 8 ? 1 : 2);
    size_t end = round_up(sizeof(struct ch_heap), heap->page_bytes);
    size_t spans = heap->span_limit;
    size_t bits = ((size_t)page_count + 63) / 64 * sizeof(uint64_t);
    size_t all_words = os_pages_of(heap) / 64 + 1;
    size_t group_words = all_words * 64 / CH_COMMIT_GROUP / 64 + 1;
    heap->committed = lay_table(heap, &end, (all_words + group_words) * sizeof(uint64_t));
    heap->committed_groups = heap->committed + all_words;
    heap->starts = lay_table(heap, &end, bits);
    heap->hidden = lay_table(heap, &end, CH_SHADOW_PRESENT ? bits : 0);
    heap->caches_start = lay_table(heap, &end, heap->cache_limit * heap->cache_bytes);
    heap->runs = lay_table(heap, &end, page_count * sizeof(struct ch_run));
    heap->spans = lay_table(heap, &end, spans * sizeof(struct ch_span));
    heap->tags = lay_table(heap, &end, spans * CH_SPAN_GRANULES * sizeof(uint16_t));
    unsigned char *tables_end = (unsigned char *)heap + end;
    heap->pages = tables_end + (-(uintptr_t)tables_end & (CH_SMALL_BYTES - 1));
    end += heap->page_bytes < CH_SMALL_BYTES ? CH_SMALL_BYTES - heap->page_bytes : 0;
    size_t arena_bytes = (size_t)os_pages_of(heap) << heap->page_log2;
    return end <= arena_bytes && page_count < (arena_bytes - end) >> heap->page_log2;
}

// Lays out as many pages as fit. It bisects, because the rounding of each table makes a formula
// wrong by a few pages.
static void lay_out_most(struct ch_heap *heap)
{
    uint32_t low = 0;
    uint32_t high = os_pages_of(heap);
    while (low < high) {
        uint32_t middle = high - (high - low) / 2;
        if (lay_out(heap, middle)) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    (void)lay_out(heap, low);
}

// Returns the limit of thread caches. In a small arena their tables would leave little for blocks.
// A heap with a bound has no thread caches, because they would hand blocks out without a check of
// the bound.
static unsigned caches_of(const struct ch_heap *heap, const struct ch_config *config)
{
    bool bounds_small = config->block_bytes != 0 && config->block_bytes < CH_SMALL_BYTES;
    if (config->live_bytes != 0 || bounds_small) {
        return 0;
    }
    size_t wanted = config->thread_caches != 0 ? config->thread_caches : CH_THREAD_CACHES - 1;
    size_t most = config->arena_bytes / 64 / heap->cache_bytes + 1;
    most = most < CH_THREAD_CACHES - 1 ? most : CH_THREAD_CACHES - 1;
    return (unsigned)(wanted < most ? wanted : most);
}

// Commits the bitmaps, which record themselves. They end where the thread caches begin.
static bool open_bits(struct ch_heap *heap)
{
    const struct ch_pages *pages = heap->config.pages;
    size_t size_bytes = (size_t)(heap->caches_start - (unsigned char *)heap->committed);
    if (!pages->commit(heap->config.world, heap->committed, size_bytes)) {
        return false;
    }
    if (!pages->commits_zeros) {
        memset(heap->committed, 0, size_bytes);
    }
    size_t end = (uintptr_t)heap->caches_start - (uintptr_t)heap;
    heap->committed_pages = end >> heap->page_log2;
    heap->used_pages = heap->committed_pages;
    ch_commit_mark(heap, 0, (uint32_t)heap->committed_pages);
    return true;
}

// Lays a heap out in an arena whose first pages, for the heap itself, are committed. Returns false
// iff the world refuses more of them.
static bool fill_in(struct ch_heap *heap, const struct ch_config *config, size_t page_bytes)
{
    memset(heap, 0, sizeof *heap);
    heap->config = *config;
    heap->page_bytes = page_bytes;
    heap->page_log2 = (unsigned)__builtin_ctzll(page_bytes);
    heap->span_pages = (uint32_t)(CH_SPAN_BYTES >> heap->page_log2);
    heap->cache_bytes = round_up(ch_cache_size_bytes(), page_bytes);
    heap->cache_limit = caches_of(heap, config);
    for (unsigned i = 0; i < CH_THREAD_CACHES; i++) {
        heap->caches[i] = &ch_cache_closed;
    }
    lay_out_most(heap);
    memset(heap->span_lists, 0xff, sizeof heap->span_lists); // CH_NONE in every list.
    memset(heap->run_lists, 0xff, sizeof heap->run_lists);
    if (!open_bits(heap) || !ch_run_open_all(heap)) {
        return false;
    }
    ch_fork_lock_open(&heap->lock);
    ch_shadow_poison(ch_page_start(heap, heap->page_count), page_bytes);
    return true;
}

// Reserves the default arena, or a part of it if there is no such range. The part is a quarter to a
// half of the longest range. So the process still finds addresses for files and thread stacks.
static void *reserve_default(struct ch_config *config)
{
    const struct ch_pages *pages = config->pages;
    config->arena_bytes = CH_ARENA_BYTES_DEFAULT;
    void *arena = pages->reserve(config->world, config->arena_bytes);
    while (arena == NULL && config->arena_bytes / 2 >= CH_ARENA_BYTES_SCARCE) {
        config->arena_bytes /= 2;
        arena = pages->reserve(config->world, config->arena_bytes);
        if (arena != NULL && config->arena_bytes / 2 >= CH_ARENA_BYTES_SCARCE) {
            pages->release(config->world, arena, config->arena_bytes);
            config->arena_bytes /= 2;
            arena = pages->reserve(config->world, config->arena_bytes);
        }
    }
    return arena;
}

struct ch_heap *ch_arena_open(const struct ch_config *config)
{
    CH_ASSERT(config->pages != NULL && config->on_fault != NULL);
    size_t page_bytes = config->pages->os_page_bytes(config->world);
    bool is_default = config->arena_bytes == 0;
    if ((!is_default && config->arena_bytes < CH_ARENA_BYTES_MIN) || page_bytes > CH_SPAN_BYTES) {
        return NULL;
    }
    struct ch_config rounded = *config;
    rounded.arena_bytes = config->arena_bytes & ~(page_bytes - 1);
    void *arena = is_default ? reserve_default(&rounded)
                             : config->pages->reserve(config->world, rounded.arena_bytes);
    if (arena == NULL) {
        return NULL;
    }
    size_t heap_bytes = round_up(sizeof(struct ch_heap), page_bytes);
    if (!config->pages->commit(config->world, arena, heap_bytes) ||
        !fill_in(arena, &rounded, page_bytes)) {
        config->pages->release(config->world, arena, rounded.arena_bytes);
        return NULL;
    }
    return arena;
}

// Unpoisons every byte: any code in the process may get the address range next.
static void show_all(struct ch_heap *heap)
{
    for (uint32_t page = 0; page < heap->page_count; page += heap->runs[page].pages) {
        const struct ch_run *run = &heap->runs[page];
        if (run->kind == CH_RUN_FREE) {
            ch_shadow_show(heap, page, run->pages);
        } else if (run->kind == CH_RUN_SPAN || run->kind == CH_RUN_KEPT) {
            ch_shadow_unpoison(ch_page_start(heap, page), (size_t)run->pages << heap->page_log2);
        } else {
            ch_large_show_rest(heap, page);
        }
    }
    ch_shadow_unpoison(ch_page_start(heap, heap->page_count), heap->page_bytes);
}

void ch_arena_close(struct ch_heap *heap)
{
    show_all(heap);
    ch_fork_lock_close(&heap->lock);
    struct ch_config config = heap->config;
    config.pages->release(config.world, heap, config.arena_bytes);
}
