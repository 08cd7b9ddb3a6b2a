// Blocks: the calls that a caller makes on them. Small blocks take a path without the lock if they
// can. A fault is raised after the lock is given back, so a handler may use the heap or never
// return.
//
//     allocate 100       fast.h: my cache's magazine (empty: lock, span)
//     free               fast.h: my cache's magazine (full: lock, span; no live block: a fault)
//     allocate 100000    kept.h: a page run of my cache (none: lock, page run)
//
// Without the lock a call touches a block's tag or the record of its page run, and the thread
// cache. Tag and record belong to the caller that holds the block, as long as the block is live.
// The thread cache belongs to its thread. This file does not know where blocks come from.

#include "engine/heap.h"

#include <string.h>

#include "engine/cache.h"
#include "engine/fast.h"
#include "engine/kept.h"
#include "engine/large.h"
#include "engine/lookup.h"
#include "engine/supply.h"

// Bounds copies: a block at least this large is moved to fresh pages. Moving costs a few calls into
// the kernel and a page-table walk, and the kernel fills the old pages anew. That is cheaper than a
// copy of this size, if the copy went to pages that the kernel had to fill.
#define MOVE_BYTES ((size_t)1024 * 1024)

// A block this large is moved to any pages. Its untouched pages have no memory behind them; after a
// copy they would.
#define MOVE_ANYWHERE_BYTES (16 * MOVE_BYTES)

// Dropping pages and faulting them in anew costs more than writing zeros, unless few of them will
// be used. That is often so for a block this large.
#define CLEAR_BYTES ((size_t)4 * 1024 * 1024)

// Keeps a function out of the paths without the lock, so that those save no registers for it.
#define RARE __attribute__((noinline, cold))

static void lock(struct ch_heap *heap)
{
    ch_lock_take(&heap->lock.lock);
}

static void unlock(struct ch_heap *heap)
{
    ch_lock_give(&heap->lock.lock);
}

static void raise_fault(struct ch_heap *heap, enum ch_fault first, enum ch_stray stray,
                        const void *block)
{
    CH_ASSERT((unsigned)first + (unsigned)stray < CH_FAULTS && block != NULL);
    enum ch_fault fault = (enum ch_fault)((unsigned)first + (unsigned)stray);
    heap->config.on_fault(heap->config.on_fault_context, fault, block);
}

// Makes a small block live, which may have come without a thread cache.
static void start_small(struct ch_heap *heap, void *block, size_t size_bytes)
{
    ch_tag_set(heap, ch_offset(heap, block) / CH_GRANULE_BYTES, size_bytes + 1);
    ch_shadow_unpoison(block, size_bytes);
}

RARE static void *alloc_locked(struct ch_heap *heap, size_t size_bytes)
{
    ch_thread_join();
    lock(heap);
    if (size_bytes <= CH_KEPT_BYTES) {
        ch_cache_open_mine(heap);
    }
    void *block = ch_supply_take(heap, size_bytes, 1);
    if (block != NULL && size_bytes <= CH_SMALL_BYTES) {
        start_small(heap, block, size_bytes);
    }
    unlock(heap);
    return block;
}

void *ch_heap_alloc_late(struct ch_heap *heap, size_t size_bytes)
{
    void *kept =
        size_bytes > CH_SMALL_BYTES ? ch_kept_take(heap, ch_cache_mine(heap), size_bytes) : NULL;
    return kept != NULL ? kept : alloc_locked(heap, size_bytes);
}

void *ch_heap_alloc(struct ch_heap *heap, size_t size_bytes)
{
    void *block = ch_fast_take(ch_cache_mine(heap), size_bytes);
    return block != NULL ? block : ch_heap_alloc_late(heap, size_bytes);
}

// Clears a block's bytes [dirty_bytes, size_bytes), which may hold anything.
static void clear(struct ch_heap *heap, unsigned char *block, size_t dirty_bytes, size_t size_bytes)
{
    const struct ch_pages *pages = heap->config.pages;
    if (dirty_bytes < size_bytes && size_bytes - dirty_bytes >= CLEAR_BYTES &&
        pages->clear != NULL) {
        size_t whole_bytes = (size_bytes - dirty_bytes) & ~(heap->page_bytes - 1);
        lock(heap);
        pages->clear(heap->config.world, block + dirty_bytes, whole_bytes);
        unlock(heap);
        dirty_bytes += whole_bytes;
    }
    if (dirty_bytes < size_bytes) {
        memset(block + dirty_bytes, 0, size_bytes - dirty_bytes);
    }
}

static void *alloc_large_zeroed(struct ch_heap *heap, size_t size_bytes)
{
    void *kept = ch_kept_take(heap, ch_cache_mine(heap), size_bytes);
    if (kept != NULL) {
        return memset(kept, 0, size_bytes);
    }
    lock(heap);
    unsigned char *block = ch_supply_take(heap, size_bytes, 1);
    size_t dirty_bytes = 0;
    size_t end_bytes = size_bytes;
    if (block != NULL && heap->config.pages->commits_zeros) {
        dirty_bytes = (size_t)(ch_page_start(heap, heap->dirty_page) - block);
        end_bytes = (size_t)(ch_page_start(heap, heap->dirty_end) - block);
    }
    unlock(heap);
    if (block != NULL) {
        clear(heap, block, dirty_bytes, end_bytes < size_bytes ? end_bytes : size_bytes);
    }
    return block;
}

void *ch_heap_alloc_zeroed(struct ch_heap *heap, size_t size_bytes)
{
    if (size_bytes > CH_SMALL_BYTES) {
        return alloc_large_zeroed(heap, size_bytes);
    }
    void *block = ch_heap_alloc(heap, size_bytes);
    if (block != NULL) {
        memset(block, 0, size_bytes);
    }
    return block;
}

// A small block of rounded size is aligned by itself. Its span starts at a multiple of
// CH_SMALL_BYTES. Each class rounds sizes up to a multiple of some power of two. A multiple of a
// smaller power becomes a multiple of that one; a multiple of a larger power is a class as it is
// (class.h). A page run starts at a page; for a larger alignment one is taken where it fits.
void *ch_heap_alloc_aligned(struct ch_heap *heap, size_t size_bytes, size_t alignment_bytes)
{
    CH_ASSERT(alignment_bytes != 0 && (alignment_bytes & (alignment_bytes - 1)) == 0);
    if (size_bytes == 0) {
        size_bytes = 1;
    }
    if (size_bytes > SIZE_MAX - alignment_bytes) { // Otherwise, no sum below overflows.
        return NULL;
    }
    size_t rounded_bytes = (size_bytes + alignment_bytes - 1) & ~(alignment_bytes - 1);
    if (rounded_bytes <= CH_SMALL_BYTES || alignment_bytes <= heap->page_bytes) {
        return ch_heap_alloc(heap, rounded_bytes);
    }
    lock(heap);
    void *block = ch_supply_take(heap, rounded_bytes, alignment_bytes);
    unlock(heap);
    return block;
}

// Under the lock: ends the block that was found. Returns false, and changes nothing, iff there is
// no live block.
static bool give(struct ch_heap *heap, struct ch_found found, void *block)
{
    if (found.kind == CH_FOUND_LARGE && ch_large_hold(heap, found.page)) {
        ch_large_give(heap, found.page);
    } else if (found.kind == CH_FOUND_SMALL &&
               ch_fast_end(&heap->tags[found.granule], found.tag, block)) {
        // A thread whose cache is not open yet has mostly allocated nothing. So the block came from
        // another thread, which may be writing next to it, and goes to its span.
        ch_cache_give(heap, found.class_index, block);
        ch_cache_open_mine(heap);
    } else {
        return false;
    }
    ch_supply_add_live(heap, -found.size_bytes);
    ch_supply_drop_excess(heap);
    return true;
}

RARE static void free_locked(struct ch_heap *heap, void *block)
{
    if (block == NULL) {
        return;
    }
    ch_thread_join();
    lock(heap);
    struct ch_found found;
    bool is_given;
    do { // In between, another thread may have resized a small block, or kept a large one.
        found = ch_lookup_find(heap, block);
        is_given = give(heap, found, block);
    } while (!is_given && found.kind != CH_FOUND_NOTHING);
    enum ch_stray stray = is_given ? CH_STRAY_STALE : ch_lookup_explain(heap, block);
    unlock(heap);
    if (!is_given) {
        raise_fault(heap, CH_FAULT_FREE_TWICE, stray, block);
    }
}

void ch_heap_free_late(struct ch_heap *heap, void *block)
{
    if (block != NULL && !ch_kept_give(heap, ch_cache_mine(heap), block)) {
        free_locked(heap, block);
    }
}

void ch_heap_free(struct ch_heap *heap, void *block)
{
    if (!ch_fast_give(heap, ch_cache_mine(heap), block)) {
        ch_heap_free_late(heap, block);
    }
}

// Moves a large block's pages, or copies its bytes if that is cheaper or the only way.
static void move(struct ch_heap *heap, void *from, void *to, size_t size_bytes, bool is_fresh)
{
    CH_ASSERT(from != to);
    const struct ch_pages *pages = heap->config.pages;
    bool is_moved = false;
    if (size_bytes >= (is_fresh ? MOVE_BYTES : MOVE_ANYWHERE_BYTES) && pages->move != NULL) {
        size_t whole_bytes = (size_t)ch_large_pages(heap, size_bytes) << heap->page_log2;
        lock(heap);
        is_moved = pages->move(heap->config.world, from, to, whole_bytes);
        unlock(heap);
    }
    if (!is_moved) {
        memcpy(to, from, size_bytes);
    }
}

// Allocates a larger block and moves a large block's bytes there. Its pages are mostly fresh, or
// mostly were committed before.
static void *replace_large(struct ch_heap *heap, void *block, size_t old_bytes, size_t size_bytes)
{
    CH_ASSERT(old_bytes > CH_SMALL_BYTES && size_bytes > old_bytes);
    lock(heap);
    size_t before_pages = heap->committed_pages;
    void *grown = ch_supply_take_to_grow(heap, size_bytes);
    bool is_fresh = heap->committed_pages >= before_pages + (old_bytes >> heap->page_log2 >> 1);
    unlock(heap);
    if (grown != NULL) {
        move(heap, block, grown, old_bytes, is_fresh);
    }
    return grown;
}

// Allocates the new block before the old one ends, so that a refusal changes nothing. A block that
// grows leaves one place after the other. These are not kept, so that they join.
static void *replace(struct ch_heap *heap, void *block, size_t old_bytes, size_t size_bytes)
{
    bool is_growing = old_bytes > CH_SMALL_BYTES && size_bytes > old_bytes;
    void *other = is_growing ? replace_large(heap, block, old_bytes, size_bytes)
                             : ch_heap_alloc(heap, size_bytes);
    if (other == NULL) {
        return NULL;
    }
    if (is_growing) {
        free_locked(heap, block);
    } else {
        memcpy(other, block, size_bytes < old_bytes ? size_bytes : old_bytes);
        ch_heap_free(heap, block);
    }
    return other;
}

// Replaces a small block's tag, and unpoisons as many bytes as the new tag says. Returns false, and
// changes nothing, iff another thread has ended or resized the block.
static inline bool replace_tag(struct ch_heap *heap, size_t granule, unsigned tag, unsigned next,
                               void *block)
{
    if (!ch_tag_replace(&heap->tags[granule], tag, next)) {
        return false;
    }
    ch_shadow_poison(block, ch_tag_bytes(tag));
    ch_shadow_unpoison(block, ch_tag_bytes(next));
    return true;
}

// Says which place a block may keep. A block that is reallocated has a place of its size's class,
// or a larger one until it shrinks. A block that is resized keeps its place.
enum policy { PLACE_OF_SIZE, PLACE_STAYS };

// Under the lock: returns whether a small block's place may hold that size.
static bool fits(const struct ch_heap *heap, const struct ch_found *found, size_t size_bytes,
                 enum policy policy)
{
    return ch_supply_is_possible(heap, found->size_bytes, size_bytes) &&
           size_bytes <= ch_class_bytes(found->class_index) &&
           (policy == PLACE_STAYS || size_bytes >= found->size_bytes ||
            ch_class_of(size_bytes) == found->class_index);
}

static bool resize_run(struct ch_heap *heap, const struct ch_found *found, size_t size_bytes,
                       enum policy policy)
{
    if (!ch_supply_is_possible(heap, found->size_bytes, size_bytes)) {
        return false;
    }
    if (policy == PLACE_STAYS || size_bytes == found->size_bytes) {
        return ch_large_resize(heap, found->page, size_bytes,
                               ch_large_roomy_pages(heap, size_bytes));
    }
    return size_bytes > CH_SMALL_BYTES && ch_large_resize(heap, found->page, size_bytes, 0);
}

// Under the lock: resizes a busy large block in place, which is busy no longer. Returns false, and
// changes nothing, iff its place can't hold that size.
static bool resize_large(struct ch_heap *heap, const struct ch_found *found, size_t size_bytes,
                         enum policy policy)
{
    heap->was_refused = false;
    // The world may have refused pages to grow in place: then reclaiming is worth a second try.
    bool is_resized = resize_run(heap, found, size_bytes, policy) ||
                      (heap->was_refused && ch_supply_reclaim(heap) &&
                       resize_run(heap, found, size_bytes, policy));
    ch_large_settle(heap, found->page);
    ch_supply_drop_excess(heap);
    return is_resized;
}

// Resizes a block in place. Returns false, and changes nothing, iff that is impossible. Then
// old_bytes is the block's size; or SIZE_MAX if there is no such block, which is a fault.
RARE static bool resize_locked(struct ch_heap *heap, void *block, size_t size_bytes,
                               enum policy policy, size_t *old_bytes)
{
    lock(heap);
    struct ch_found found;
    bool is_small, is_held, is_resized;
    do { // In between, another thread may have resized a small block, or kept a large one.
        found = ch_lookup_find(heap, block);
        is_small = found.kind == CH_FOUND_SMALL;
        is_held = found.kind == CH_FOUND_LARGE && ch_large_hold(heap, found.page);
        is_resized = is_small ? fits(heap, &found, size_bytes, policy)
                              : is_held && resize_large(heap, &found, size_bytes, policy);
    } while ((found.kind == CH_FOUND_LARGE && !is_held) ||
             (is_small && is_resized &&
              !replace_tag(heap, found.granule, found.tag, ch_tag_of(size_bytes, found.class_index),
                           block)));
    if (is_resized) {
        ch_supply_add_live(heap, size_bytes - found.size_bytes);
    }
    bool is_fault = found.kind == CH_FOUND_NOTHING;
    enum ch_stray stray = is_fault ? ch_lookup_explain(heap, block) : CH_STRAY_STALE;
    unlock(heap);
    *old_bytes = is_fault ? SIZE_MAX : found.size_bytes;
    if (is_fault) {
        raise_fault(heap, CH_FAULT_REALLOC_STALE, stray, block);
    }
    return is_resized;
}

// Does the same without the lock if it can: if the block is small, its class is that of its size,
// and no bound is below small blocks. A heap with such a bound has no thread caches. Two threads
// may resize one block at once: their changes of the shadow take turns.
static inline bool resize(struct ch_heap *heap, void *block, size_t size_bytes, enum policy policy,
                          size_t *old_bytes)
{
    bool is_alone = !CH_SHADOW_PRESENT || !ch_threads_are_many();
    size_t granule = ch_lookup_granule(heap, block);
    unsigned tag = granule == CH_GRANULE_NONE ? 0 : ch_tag(heap, granule);
    if (!ch_tag_is_plain(tag) || heap->cache_limit == 0 || !is_alone) {
        return resize_locked(heap, block, size_bytes, policy, old_bytes);
    }
    *old_bytes = ch_tag_bytes(tag);
    unsigned class_index = ch_class_of(*old_bytes);
    bool has_room = policy == PLACE_STAYS
                        ? size_bytes <= ch_class_bytes(class_index)
                        : size_bytes <= CH_SMALL_BYTES && ch_class_of(size_bytes) == class_index;
    if (!has_room) {
        return false;
    }
    return replace_tag(heap, granule, tag, ch_tag_of(size_bytes, class_index), block) ||
           resize_locked(heap, block, size_bytes, policy, old_bytes);
}

void *ch_heap_realloc(struct ch_heap *heap, void *block, size_t size_bytes)
{
    size_t old_bytes;
    if (block == NULL) {
        return ch_heap_alloc(heap, size_bytes);
    }
    if (resize(heap, block, size_bytes, PLACE_OF_SIZE, &old_bytes)) {
        return block;
    }
    return old_bytes == SIZE_MAX ? NULL : replace(heap, block, old_bytes, size_bytes);
}

bool ch_heap_resize(struct ch_heap *heap, void *block, size_t size_bytes)
{
    size_t old_bytes;
    return block != NULL && resize(heap, block, size_bytes, PLACE_STAYS, &old_bytes);
}

size_t ch_heap_size_bytes(struct ch_heap *heap, const void *block)
{
    size_t granule = ch_lookup_granule(heap, block);
    unsigned tag = granule == CH_GRANULE_NONE ? 0 : ch_tag(heap, granule);
    if (tag != 0) {
        return ch_tag_bytes(tag);
    }
    lock(heap);
    struct ch_found found = ch_lookup_find(heap, block);
    unlock(heap);
    return found.kind == CH_FOUND_NOTHING ? SIZE_MAX : found.size_bytes;
}

bool ch_heap_owns(struct ch_heap *heap, const void *block)
{
    return ch_heap_size_bytes(heap, block) != SIZE_MAX;
}
