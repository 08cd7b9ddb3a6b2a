// The heap's public face: which region a call goes to, the lock around it, faults after it.
//
//     allocate 100       class 6 -> lane -> (empty: span) -> word of the block = 101
//     free               word of the block: 0 is a fault -> word = 0 -> lane -> (full: span)
//     allocate 100000    25 pages -> run
//
// Everything below runs under the lock; a fault is raised after it is given back, so that a handler
// may use the heap or never return.

#include <comheap/heap.h>

#include <string.h>

#include "engine/arena.h"
#include "engine/fault.h"
#include "engine/lane.h"
#include "engine/run.h"
#include "engine/shadow.h"
#include "engine/span.h"

// Moving pages costs two calls into the kernel and a page-table walk; below this, copying is
// cheaper.
#define MOVE_BYTES ((size_t)128 * 1024)

// An empty heap of more spans than this forgets where its blocks were: the next one from the lane
// could be one high up, and the large region get none of the free spans below it.
#define EMPTY_SPANS 4U

// What a pointer is found to be. A live block is small, with `granule`, or large, with `page`.
struct place {
    enum { PLACE_NOWHERE, PLACE_SMALL, PLACE_LARGE } kind;
    size_t granule;
    uint32_t page;
    size_t size_bytes;
};

static struct place find(const struct ch_heap *heap, const void *block)
{
    struct place place = {.kind = PLACE_NOWHERE};
    size_t offset = ch_offset(heap, block);
    if (offset / CH_SPAN_BYTES < heap->span_count) {
        uint16_t word = ch_words(heap)[offset / CH_GRANULE_BYTES];
        if (offset % CH_GRANULE_BYTES == 0 && word != 0) {
            place.kind = PLACE_SMALL;
            place.granule = offset / CH_GRANULE_BYTES;
            place.size_bytes = word - 1U;
        }
        return place;
    }
    place.page = ch_run_at(heap, offset);
    if (place.page != CH_NONE) {
        place.kind = PLACE_LARGE;
        place.size_bytes = ch_runs(heap)[place.page].size_bytes;
    }
    return place;
}

static void set_small_size(struct ch_heap *heap, const void *block, size_t size_bytes)
{
    ch_words(heap)[ch_offset(heap, block) / CH_GRANULE_BYTES] = (uint16_t)(size_bytes + 1);
    ch_shadow_unpoison(block, size_bytes);
}

// Whether any room that is made could be enough. What an arena has beyond the pages that can be
// counted is not used, so below this no size in pages is too large for its type.
static bool fits_pages(const struct ch_heap *heap, size_t size_bytes)
{
    return size_bytes <= (size_t)heap->page_count << heap->page_log2;
}

static void *take_once(struct ch_heap *heap, size_t size_bytes)
{
    if (size_bytes > CH_SMALL_BYTES) {
        return ch_run_take(heap, size_bytes);
    }
    void *block = ch_lane_take(heap, ch_class_of(size_bytes));
    if (block != NULL) {
        set_small_size(heap, block, size_bytes);
    }
    return block;
}

// Gives back every page that no live block needs; the lane is empty.
static void give_back_pages(struct ch_heap *heap)
{
    ch_span_decommit_free(heap);
    ch_run_decommit_free(heap);
    ch_arena_trim(heap);
}

// A request may find no room, and when there is room be refused pages. After that making room only
// gives back what the last try has taken.
#define ROOM_TRIES 2U

static size_t committed_bytes(const struct ch_heap *heap)
{
    return ch_arena_table_bytes(heap) + (heap->committed_pages << heap->page_log2);
}

// After a request found no room, or was refused pages. Returns whether there is more of either now:
// blocks that wait in the lane hold on to spans, and what is idle counts where the world has only
// so many pages.
static bool make_room(struct ch_heap *heap)
{
    bool had_blocks = ch_lane_empty(heap);
    if (!heap->was_refused) {
        return had_blocks;
    }
    size_t before_bytes = committed_bytes(heap);
    give_back_pages(heap);
    heap->was_refused = false;
    return had_blocks || committed_bytes(heap) < before_bytes;
}

static void *take(struct ch_heap *heap, size_t size_bytes)
{
    if (!fits_pages(heap, size_bytes)) {
        return NULL;
    }
    void *block = take_once(heap, size_bytes);
    for (unsigned i = 0; block == NULL && i < ROOM_TRIES && make_room(heap); i++) {
        block = take_once(heap, size_bytes);
    }
    if (block != NULL) {
        heap->live_blocks++;
        heap->live_bytes += size_bytes;
    } else if (heap->was_refused) {
        give_back_pages(heap); // What the last try got before it was refused.
    }
    return block;
}

static void give(struct ch_heap *heap, struct place place, void *block)
{
    heap->live_blocks--;
    heap->live_bytes -= place.size_bytes;
    if (place.kind == PLACE_LARGE) {
        ch_run_give(heap, place.page);
    } else {
        ch_words(heap)[place.granule] = 0;
        ch_shadow_poison(block, place.size_bytes);
        ch_lane_give(heap, ch_class_of(place.size_bytes), block);
    }
    if (heap->live_blocks == 0 && heap->span_count > EMPTY_SPANS) {
        (void)ch_lane_empty(heap);
    }
}

static bool resize_in_place(struct ch_heap *heap, struct place place, void *block,
                            size_t size_bytes)
{
    bool is_small = size_bytes <= CH_SMALL_BYTES;
    if (place.kind == PLACE_LARGE) {
        return !is_small && fits_pages(heap, size_bytes) &&
               ch_run_resize(heap, place.page, size_bytes);
    }
    if (!is_small || ch_class_of(size_bytes) != ch_class_of(place.size_bytes)) {
        return false;
    }
    ch_shadow_poison(block, place.size_bytes);
    set_small_size(heap, block, size_bytes);
    return true;
}

static void move(const struct ch_heap *heap, void *from, void *to, size_t size_bytes)
{
    const struct ch_pages *pages = heap->config.pages;
    if (size_bytes >= MOVE_BYTES && pages->move != NULL) {
        size_t whole_bytes = (size_t)ch_run_pages(heap, size_bytes) << heap->page_log2;
        if (pages->move(heap->config.world, from, to, whole_bytes)) {
            return;
        }
    }
    memcpy(to, from, size_bytes);
}

static void *resize(struct ch_heap *heap, struct place place, void *block, size_t size_bytes)
{
    // Growing in place may have been refused pages, which then are worth making room for.
    if (resize_in_place(heap, place, block, size_bytes) ||
        (heap->was_refused && make_room(heap) && resize_in_place(heap, place, block, size_bytes))) {
        heap->live_bytes += size_bytes - place.size_bytes;
        return block;
    }
    void *moved = take(heap, size_bytes);
    if (moved != NULL) {
        move(heap, block, moved, size_bytes < place.size_bytes ? size_bytes : place.size_bytes);
        give(heap, place, block);
    }
    return moved;
}

// Why a pointer that is not NULL is not a live block. The kinds stand in the order of faults.def.
enum reason { REASON_STALE, REASON_INTERIOR, REASON_FOREIGN };

static bool is_inside_small(const struct ch_heap *heap, size_t offset)
{
    const struct ch_span *span = &ch_spans(heap)[offset / CH_SPAN_BYTES];
    if (span->class_index == CH_CLASS_NONE) {
        return false;
    }
    size_t granules = ch_class_granules(span->class_index);
    size_t granule = offset / CH_GRANULE_BYTES;
    size_t start = granule - granule % CH_SPAN_GRANULES % granules;
    size_t inside = offset - start * CH_GRANULE_BYTES; // Below the word, which is the size + 1.
    return start % CH_SPAN_GRANULES < span->cut_granules && inside + 1 < ch_words(heap)[start];
}

static enum reason explain(const struct ch_heap *heap, const void *block)
{
    size_t offset = ch_offset(heap, block);
    if (offset >> heap->page_log2 >= heap->page_count) {
        return REASON_FOREIGN;
    }
    bool is_inside = offset / CH_SPAN_BYTES < heap->span_count ? is_inside_small(heap, offset)
                                                               : ch_run_contains(heap, offset);
    return is_inside ? REASON_INTERIOR : REASON_STALE;
}

static void raise_fault(struct ch_heap *heap, enum ch_fault first, enum reason reason,
                        const void *block)
{
    enum ch_fault fault = (enum ch_fault)((unsigned)first + (unsigned)reason);
    heap->config.on_fault(heap->config.on_fault_context, fault, block);
}

struct ch_heap *ch_heap_create(const struct ch_config *config)
{
    struct ch_config full = config == NULL ? (struct ch_config){0} : *config;
    if (full.arena_bytes == 0) {
        full.arena_bytes = CH_ARENA_BYTES_DEFAULT;
    }
    if (full.pages == NULL) {
        full.pages = &ch_pages_os;
    }
    if (full.on_fault == NULL) {
        full.on_fault = ch_fault_abort;
    }
    return ch_arena_open(&full);
}

// The address range may be handed to anyone next, so nothing of it may stay poisoned.
static void show_regions(struct ch_heap *heap)
{
    ch_shadow_unpoison(heap->pages, (size_t)heap->span_most * CH_SPAN_BYTES);
    for (uint32_t page = heap->first_run; page < heap->page_count;) {
        const struct ch_run *run = &ch_runs(heap)[page];
        unsigned char *start = ch_page_start(heap, page);
        size_t size_bytes = (size_t)run->pages << heap->page_log2;
        if (ch_bits_get(ch_starts(heap), page)) {
            ch_shadow_unpoison(start + run->size_bytes, size_bytes - run->size_bytes);
        } else {
            ch_shadow_show(start, size_bytes);
        }
        page += run->pages;
    }
}

void ch_heap_destroy(struct ch_heap *heap)
{
    if (heap != NULL) {
        show_regions(heap);
        ch_arena_close(heap);
    }
}

void *ch_heap_alloc(struct ch_heap *heap, size_t size_bytes)
{
    ch_lock_take(&heap->lock);
    heap->was_refused = false;
    void *block = take(heap, size_bytes);
    ch_lock_give(&heap->lock);
    return block;
}

void *ch_heap_realloc(struct ch_heap *heap, void *block, size_t size_bytes)
{
    if (block == NULL) {
        return ch_heap_alloc(heap, size_bytes);
    }
    ch_lock_take(&heap->lock);
    struct place place = find(heap, block);
    if (place.kind == PLACE_NOWHERE) {
        enum reason reason = explain(heap, block);
        ch_lock_give(&heap->lock);
        raise_fault(heap, CH_FAULT_REALLOC_STALE, reason, block);
        return NULL;
    }
    heap->was_refused = false;
    void *resized = resize(heap, place, block, size_bytes);
    ch_lock_give(&heap->lock);
    return resized;
}

void ch_heap_free(struct ch_heap *heap, void *block)
{
    if (block == NULL) {
        return;
    }
    ch_lock_take(&heap->lock);
    struct place place = find(heap, block);
    if (place.kind == PLACE_NOWHERE) {
        enum reason reason = explain(heap, block);
        ch_lock_give(&heap->lock);
        raise_fault(heap, CH_FAULT_FREE_TWICE, reason, block);
        return;
    }
    give(heap, place, block);
    ch_lock_give(&heap->lock);
}

size_t ch_heap_size_bytes(struct ch_heap *heap, const void *block)
{
    ch_lock_take(&heap->lock);
    struct place place = find(heap, block);
    ch_lock_give(&heap->lock);
    return place.kind == PLACE_NOWHERE ? SIZE_MAX : place.size_bytes;
}

bool ch_heap_owns(struct ch_heap *heap, const void *block)
{
    ch_lock_take(&heap->lock);
    struct place place = find(heap, block);
    ch_lock_give(&heap->lock);
    return place.kind != PLACE_NOWHERE;
}

void ch_heap_minimize(struct ch_heap *heap)
{
    ch_lock_take(&heap->lock);
    (void)ch_lane_empty(heap);
    give_back_pages(heap);
    ch_lock_give(&heap->lock);
}

struct ch_stats ch_heap_stats(struct ch_heap *heap)
{
    ch_lock_take(&heap->lock);
    struct ch_stats stats = {
        .live_blocks = heap->live_blocks,
        .live_bytes = heap->live_bytes,
        .committed_bytes = committed_bytes(heap),
        .arena_bytes = heap->config.arena_bytes,
        .pages = heap->pages,
        .pages_bytes = (size_t)heap->page_count << heap->page_log2,
    };
    ch_lock_give(&heap->lock);
    return stats;
}
