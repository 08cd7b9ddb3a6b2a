// The large region. Page runs tile it. Each knows its length at its first and at its last page, so
// both of its neighbours are found without a search.
//
//     gap | live ...... | free .. | live | live ... | free ....... | live | end of the arena
//         ^ first_run
//
// Two neighbouring page runs are never both free. The first page run is always live: a free one
// there belongs to the gap. Free page runs are on lists by length. This file does not know classes
// or callers.

#include "engine/run.h"

#include "engine/arena.h"
#include "engine/idle.h"
#include "engine/shadow.h"

static bool is_live(const struct ch_heap *heap, uint32_t page)
{
    return ch_bits_get(ch_starts(heap), page);
}

static size_t bytes_of(const struct ch_heap *heap, uint32_t pages)
{
    return (size_t)pages << heap->page_log2;
}

static void set_pages(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    ch_runs(heap)[page].pages = pages;
    ch_runs(heap)[page + pages - 1].pages = pages;
}

// Makes pages a free page run: lists it by its length and hides it.
static void list(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    struct ch_run *runs = ch_runs(heap);
    unsigned index = ch_run_list(pages);
    uint32_t next = heap->run_lists[index];
    set_pages(heap, page, pages);
    runs[page].previous = CH_NONE;
    runs[page].next = next;
    if (next != CH_NONE) {
        runs[next].previous = page;
    }
    heap->run_lists[index] = page;
    ch_bits_set(heap->run_lists_used, index);
    ch_shadow_hide(ch_page_start(heap, page), bytes_of(heap, pages));
}

// Takes a free page run off its list and shows it.
static void unlist(struct ch_heap *heap, uint32_t page)
{
    struct ch_run *runs = ch_runs(heap);
    unsigned index = ch_run_list(runs[page].pages);
    uint32_t previous = runs[page].previous;
    uint32_t next = runs[page].next;
    if (next != CH_NONE) {
        runs[next].previous = previous;
    }
    if (previous != CH_NONE) {
        runs[previous].next = next;
    } else {
        heap->run_lists[index] = next;
        if (next == CH_NONE) {
            ch_bits_clear(heap->run_lists_used, index);
        }
    }
    ch_shadow_show(ch_page_start(heap, page), bytes_of(heap, runs[page].pages));
}

// Looks at up to `members` page runs of a list. Returns the shortest that fits; CH_NONE iff none
// fits.
static uint32_t look(const struct ch_heap *heap, unsigned index, uint32_t pages, uint32_t members)
{
    const struct ch_run *runs = ch_runs(heap);
    uint32_t best = CH_NONE;
    for (uint32_t page = heap->run_lists[index]; page != CH_NONE && members > 0; members--) {
        if (runs[page].pages >= pages && (best == CH_NONE || runs[page].pages < runs[best].pages)) {
            best = page;
        }
        page = runs[page].next;
    }
    return best;
}

// Bounds the search of a list whose page runs have various lengths: it may have any number of
// members. Every member of a later list fits. If those lists are empty, most heaps have a gap.
#define LOOKS 8U

// Returns a page run that fits, among the shortest that do; CH_NONE iff the search finds none.
static uint32_t find(const struct ch_heap *heap, uint32_t pages)
{
    unsigned index = ch_run_list(pages);
    uint32_t best = look(heap, index, pages, pages < CH_RUN_EXACT_PAGES ? 1 : LOOKS);
    if (best == CH_NONE) {
        index = ch_bits_next(heap->run_lists_used, true, index + 1, CH_RUN_LISTS);
        best = index < CH_RUN_LISTS ? heap->run_lists[index] : CH_NONE;
    }
    return best;
}

// Makes shown pages a live block.
static void *start_block(struct ch_heap *heap, uint32_t page, uint32_t pages, size_t size_bytes)
{
    struct ch_run *run = &ch_runs(heap)[page];
    set_pages(heap, page, pages);
    run->size_bytes = size_bytes;
    run->is_roomy = 0;
    ch_bits_set(ch_starts(heap), page);
    unsigned char *block = ch_page_start(heap, page);
    ch_shadow_hide(block + size_bytes, bytes_of(heap, pages) - size_bytes);
    return block;
}

// Shows the bytes that start_block hides.
static void show_rest(struct ch_heap *heap, uint32_t page)
{
    const struct ch_run *run = &ch_runs(heap)[page];
    ch_shadow_show(ch_page_start(heap, page) + run->size_bytes,
                   bytes_of(heap, run->pages) - run->size_bytes);
}

// Takes the gap's last pages; or, if room_pages is not 0, the pages before a free page run of that
// length.
static void *take_from_gap(struct ch_heap *heap, uint32_t pages, uint32_t room_pages,
                           size_t size_bytes)
{
    if (!ch_arena_grow_large(heap, pages, room_pages)) {
        return NULL;
    }
    ch_arena_show_gap(heap);
    heap->first_run -= pages + room_pages;
    ch_arena_hide_gap(heap);
    if (room_pages > 0) { // [ gap ] => [ gap ][ live ][ free ]
        list(heap, heap->first_run + pages, room_pages);
    }
    return start_block(heap, heap->first_run, pages, size_bytes);
}

// Takes `pages` of a free page run. Taking the last ones leaves room for the block before it to
// grow; taking the first ones leaves room for this block.
static void *take_from_run(struct ch_heap *heap, uint32_t page, uint32_t pages, bool takes_first,
                           size_t size_bytes)
{
    uint32_t rest = ch_runs(heap)[page].pages - pages;
    uint32_t start = takes_first ? page : page + rest;
    if (!ch_arena_use(heap, start, pages)) {
        return NULL;
    }
    unlist(heap, page); // [ ----- free ----- ] => [ free ][ live ] or [ live ][ free ]
    if (rest > 0) {
        list(heap, takes_first ? page + pages : page, rest);
    }
    return start_block(heap, start, pages, size_bytes);
}

static uint32_t gap_pages(const struct ch_heap *heap)
{
    return heap->first_run - ch_small_end(heap);
}

void *ch_run_take(struct ch_heap *heap, size_t size_bytes)
{
    uint32_t pages = ch_run_pages(heap, size_bytes);
    uint32_t page = find(heap, pages);
    if (page == CH_NONE && gap_pages(heap) >= pages) {
        return take_from_gap(heap, pages, 0, size_bytes);
    }
    if (page == CH_NONE) { // The arena is full: look at every page run.
        page = look(heap, ch_run_list(pages), pages, UINT32_MAX);
    }
    return page == CH_NONE ? NULL : take_from_run(heap, page, pages, false, size_bytes);
}

// Room to grow costs addresses, which must not run out for it. A block gets room only while the gap
// has half of the arena, and this many times its pages.
#define ROOM_OF_GAP 16U

void *ch_run_take_with_room(struct ch_heap *heap, size_t size_bytes)
{
    uint32_t pages = ch_run_pages(heap, size_bytes);
    uint32_t gap = gap_pages(heap);
    if (gap < heap->page_count / 2 || pages > gap / ROOM_OF_GAP) {
        return NULL;
    }
    uint32_t page = find(heap, 2 * pages);
    return page == CH_NONE ? take_from_gap(heap, pages, pages, size_bytes)
                           : take_from_run(heap, page, pages, true, size_bytes);
}

// Makes shown pages free, and joins them with free neighbours.
static void set_free(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    const struct ch_run *runs = ch_runs(heap);
    uint32_t end = page + pages;
    if (end < heap->page_count && !is_live(heap, end)) { // [ this ][ free ] => [ ---- this ---- ]
        unlist(heap, end);
        end += runs[end].pages;
    }
    if (page > heap->first_run) {
        uint32_t before = page - runs[page - 1].pages;
        if (!is_live(heap, before)) { // [ free ][ this ] => [ ---- this ---- ]
            unlist(heap, before);
            page = before;
        }
    }
    if (page == heap->first_run) { // gap [ this ][ live ] => gap [ live ]
        ch_arena_show_gap(heap);
        heap->first_run = end;
        ch_arena_hide_gap(heap);
    } else {
        list(heap, page, end - page);
    }
}

void ch_run_give(struct ch_heap *heap, uint32_t page)
{
    uint32_t pages = ch_runs(heap)[page].pages;
    ch_bits_clear(ch_starts(heap), page);
    show_rest(heap, page);
    ch_idle_count(heap, pages);
    set_free(heap, page, pages);
}

// Grows a live page run to `pages`, with the first pages of the free page run behind it. Returns
// false, and changes nothing, iff that is impossible.
static bool grow(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    struct ch_run *runs = ch_runs(heap);
    uint32_t old_pages = runs[page].pages;
    uint32_t next = page + old_pages;
    if (next == heap->page_count || is_live(heap, next) || runs[next].pages < pages - old_pages ||
        !ch_arena_use(heap, next, pages - old_pages)) {
        return false;
    }
    uint32_t rest = runs[next].pages - (pages - old_pages);
    unlist(heap, next); // [ live ][ --- free --- ] => [ --- live --- ][ free ]
    if (rest > 0) {
        list(heap, page + pages, rest);
    }
    return true;
}

bool ch_run_resize(struct ch_heap *heap, uint32_t page, size_t size_bytes, uint32_t most_pages)
{
    uint32_t old_pages = ch_runs(heap)[page].pages;
    uint32_t pages = ch_run_pages(heap, size_bytes);
    if (pages > old_pages && !grow(heap, page, pages)) {
        return false;
    }
    show_rest(heap, page);
    if (pages < most_pages && pages < old_pages) {
        pages = most_pages < old_pages ? most_pages : old_pages;
    }
    if (pages < old_pages) { // [ ----- live ----- ] => [ live ][ free ]
        set_pages(heap, page, pages);
        ch_idle_count(heap, old_pages - pages);
        set_free(heap, page + pages, old_pages - pages);
    }
    (void)start_block(heap, page, pages, size_bytes);
    ch_runs(heap)[page].is_roomy =
        most_pages > 0 && (size_bytes <= CH_SMALL_BYTES || pages > ch_run_pages(heap, size_bytes));
    return true;
}

void *ch_run_cut(struct ch_heap *heap, uint32_t page, size_t size_bytes, size_t alignment_bytes)
{
    struct ch_run *runs = ch_runs(heap);
    size_t head_bytes = -(uintptr_t)ch_page_start(heap, page) & (alignment_bytes - 1);
    uint32_t head = (uint32_t)(head_bytes >> heap->page_log2);
    uint32_t start = page + head;
    if (head > 0) { // [ ----- live ----- ] => [ free ][ live ]
        set_pages(heap, start, runs[page].pages - head);
        runs[start].size_bytes = runs[page].size_bytes - head_bytes;
        ch_bits_set(ch_starts(heap), start);
        ch_bits_clear(ch_starts(heap), page);
        set_pages(heap, page, head);
        ch_idle_count(heap, head);
        set_free(heap, page, head);
    }
    (void)ch_run_resize(heap, start, size_bytes, 0); // Shrinking always succeeds.
    return ch_page_start(heap, start);
}

uint32_t ch_run_at(const struct ch_heap *heap, size_t offset)
{
    size_t page = offset >> heap->page_log2;
    if ((offset & (heap->page_bytes - 1)) != 0 || page < heap->first_run ||
        page >= heap->page_count || !is_live(heap, (uint32_t)page)) {
        return CH_NONE;
    }
    return (uint32_t)page;
}

bool ch_run_contains(const struct ch_heap *heap, size_t offset)
{
    size_t page = offset >> heap->page_log2;
    if (page < heap->first_run || page >= heap->page_count) {
        return false;
    }
    uint32_t start = ch_bits_last(ch_starts(heap), heap->first_run, (uint32_t)page);
    return start != CH_NONE &&
           offset - ((size_t)start << heap->page_log2) < ch_runs(heap)[start].size_bytes;
}

size_t ch_run_decommit_free(struct ch_heap *heap, size_t most)
{
    const struct ch_run *runs = ch_runs(heap);
    uint32_t index = ch_bits_last(heap->run_lists_used, 0, CH_RUN_LISTS - 1);
    while (index != CH_NONE && most > 0) {
        uint32_t page = heap->run_lists[index];
        for (; page != CH_NONE && most > 0; page = runs[page].next) {
            most = ch_arena_decommit(heap, page, runs[page].pages, most);
        }
        index = index > 0 ? ch_bits_last(heap->run_lists_used, 0, index - 1) : CH_NONE;
    }
    return most;
}
