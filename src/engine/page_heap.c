// The page heap. Page runs tile the pages. Each knows its length at its first and at its last page,
// so both of its neighbors are found without a search.
//
//     | span | span | free .. | span | free .................... | block | free | block ... |
//                                    ^ the end of the tags in use
//
// Two neighboring page runs are never both free. Free page runs are on lists by length. A span
// takes the low end of a short one below the last span, or else of the lowest. A large block takes
// the high end of the shortest that fits, among few that are looked at. It leaves the holes between
// spans to the next spans, unless more pages are idle than the heap keeps for good: then they serve
// it before fresh pages are committed.
//
// This file does not know classes, sizes or callers.

#include "engine/page_heap.h"

#include "engine/commit.h"
#include "engine/shadow.h"

// Bounds the search of a list whose page runs have various lengths: it may have any number of
// members. Every member of a later list is long enough.
#define LOOKS 8U

// Threads read the kind and the length of a live page run without the lock, when they free it.
static void set_kind(struct ch_heap *heap, uint32_t page, enum ch_run_kind kind)
{
    atomic_store_explicit(&heap->runs[page].kind, kind, memory_order_release);
}

static bool is_free(const struct ch_heap *heap, uint32_t page)
{
    return heap->runs[page].kind == CH_RUN_FREE;
}

// Commits the records of a live page run: all of them, so that it can shrink without a commit.
static bool cover(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    return ch_commit_cover(heap, &heap->runs[page], pages * sizeof(struct ch_run));
}

// Commits the first and the last record of a free page run, if there is one.
static bool cover_free(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    return pages == 0 || (cover(heap, page, 1) && cover(heap, page + pages - 1, 1));
}

static void set_pages(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    CH_ASSERT(pages > 0);
    atomic_store_explicit(&heap->runs[page].pages, pages, memory_order_relaxed);
    atomic_store_explicit(&heap->runs[page + pages - 1].pages, pages, memory_order_relaxed);
}

// Makes pages a free page run: lists it by its length and hides it.
static void list(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    unsigned index = ch_run_list(pages);
    set_kind(heap, page, CH_RUN_FREE);
    set_pages(heap, page, pages);
    ch_list_add(heap, &heap->run_lists[index], page);
    ch_bits_set(heap->run_lists_used, index);
    ch_shadow_hide(heap, page, pages);
}

static void unlist(struct ch_heap *heap, uint32_t page)
{
    CH_ASSERT(is_free(heap, page));
    unsigned index = ch_run_list(heap->runs[page].pages);
    ch_list_remove(heap, &heap->run_lists[index], page);
    if (heap->run_lists[index] == CH_NONE) {
        ch_bits_clear(heap->run_lists_used, index);
    }
}

bool ch_run_open_all(struct ch_heap *heap)
{
    bool is_covered = cover_free(heap, 0, heap->page_count);
    if (is_covered && heap->page_count > 0) { // A small arena of large pages has none.
        list(heap, 0, heap->page_count);
    }
    return is_covered;
}

// A place for pages in a free page run. No run: no place.
struct place {
    uint32_t run, page;
};

static const struct place no_place = {CH_NONE, CH_NONE};

// Describes the wanted place.
struct want {
    uint32_t pages, room_pages;
    size_t alignment_bytes;
    bool is_span;
    uint32_t low_end; ///< A block wants no free page run that ends up to there.
};

// Return the place in a free page run, if it has one.
static struct place place_block(const struct ch_heap *heap, uint32_t run, const struct want *want)
{
    uint32_t pages = heap->runs[run].pages;
    if (pages < want->pages + want->room_pages || run + pages <= want->low_end) {
        return no_place;
    }
    uintptr_t begin = (uintptr_t)ch_page_start(heap, run);
    uintptr_t last = (uintptr_t)ch_page_start(heap, run + pages - want->pages - want->room_pages);
    uintptr_t start = last & ~(uintptr_t)(want->alignment_bytes - 1);
    uint32_t page = (uint32_t)((start - (uintptr_t)heap->pages) >> heap->page_log2);
    return start < begin ? no_place : (struct place){run, page};
}

static struct place place_span(const struct ch_heap *heap, uint32_t run, const struct want *want)
{
    uint32_t page = (run + want->pages - 1) / want->pages * want->pages;
    uint32_t end = run + heap->runs[run].pages;
    bool fits = page < end && end - page >= want->pages;
    return fits && page / want->pages < heap->span_limit ? (struct place){run, page} : no_place;
}

// Returns the better of two places: the lower one for a span, that of the shorter page run for a
// block.
static struct place better(const struct ch_heap *heap, struct place a, struct place b,
                           const struct want *want)
{
    if (a.run == CH_NONE || b.run == CH_NONE) {
        return a.run == CH_NONE ? b : a;
    }
    bool is_a =
        want->is_span ? a.page < b.page : heap->runs[a.run].pages <= heap->runs[b.run].pages;
    return is_a ? a : b;
}

// Looks at up to `members` page runs of a list. Returns the best place in them.
static struct place look(const struct ch_heap *heap, unsigned index, const struct want *want,
                         uint32_t members)
{
    struct place best = no_place;
    for (uint32_t run = heap->run_lists[index]; run != CH_NONE && members > 0; members--) {
        struct place place =
            want->is_span ? place_span(heap, run, want) : place_block(heap, run, want);
        best = better(heap, best, place, want);
        run = heap->runs[run].next;
    }
    return best;
}

// Returns whether a place ends the search. Later lists have longer page runs, and those are for
// long blocks. But tags reach to the last span: one that lies higher costs more of them, so each
// list is looked at for a lower place.
static bool is_good(const struct ch_heap *heap, struct place place, const struct want *want)
{
    return place.run != CH_NONE &&
           (!want->is_span || place.page < ch_span_end(heap) * heap->span_pages);
}

// Looks at up to `members` page runs of each list from the shortest that may fit.
static struct place search(const struct ch_heap *heap, const struct want *want, uint32_t members)
{
    struct place best = no_place;
    uint32_t index = ch_run_list(want->pages + want->room_pages);
    index = ch_bits_next(heap->run_lists_used, true, index, CH_RUN_LISTS);
    while (index < CH_RUN_LISTS && !is_good(heap, best, want)) {
        best = better(heap, best, look(heap, index, want, members), want);
        index = ch_bits_next(heap->run_lists_used, true, index + 1, CH_RUN_LISTS);
    }
    return best;
}

static bool is_committed(const struct ch_heap *heap, struct place place, const struct want *want)
{
    return ch_commit_is_whole(heap, ch_page_start(heap, place.page),
                              (size_t)want->pages << heap->page_log2);
}

static struct place find(const struct ch_heap *heap, struct want *want)
{
    struct place place = search(heap, want, LOOKS);
    if (want->low_end > 0 && (place.run == CH_NONE ||
                              (ch_commit_keeps_enough(heap) && !is_committed(heap, place, want)))) {
        want->low_end = 0;
        place = search(heap, want, LOOKS);
    }
    return place.run != CH_NONE ? place : search(heap, want, UINT32_MAX); // Nearly full.
}

// Extends the tags in use over a span, and the table of spans.
static bool cover_span(struct ch_heap *heap, uint32_t span)
{
    size_t from = (size_t)ch_span_end(heap) * CH_SPAN_GRANULES;
    size_t to = ((size_t)span + 1) * CH_SPAN_GRANULES;
    bool is_covered = from >= to || ch_commit_cover(heap, (const void *)(heap->tags + from),
                                                    (to - from) * sizeof heap->tags[0]);
    return is_covered && ch_commit_cover(heap, &heap->spans[span], sizeof(struct ch_span));
}

// Commits the pages of a place, and what describes them. The pages come first: a world that is
// short refuses them, and then no table has grown in vain.
static bool commit(struct ch_heap *heap, struct place place, const struct want *want)
{
    uint32_t end = place.page + want->pages;
    uint32_t run_end = place.run + heap->runs[place.run].pages;
    if (!ch_commit_use(heap, place.page, want->pages)) {
        return false;
    }
    if (!cover(heap, place.page, want->pages) ||
        !cover_free(heap, place.run, place.page - place.run) ||
        !cover_free(heap, end, run_end - end) ||
        (want->is_span && !cover_span(heap, place.page / want->pages))) {
        ch_commit_unuse(heap, want->pages);
        return false;
    }
    return true;
}

// Takes the best place. Returns its first page; CH_NONE iff there is none, or the world refuses.
static uint32_t take(struct ch_heap *heap, struct want *want)
{
    struct place place = find(heap, want);
    if (place.run == CH_NONE || !commit(heap, place, want)) {
        return CH_NONE;
    }
    uint32_t before = place.page - place.run;
    uint32_t behind = heap->runs[place.run].pages - before - want->pages;
    unlist(heap, place.run); // [ ---------- free ---------- ] => [ free ][ taken ][ free ]
    if (before > 0) {
        list(heap, place.run, before);
    }
    if (behind > 0) {
        list(heap, place.page + want->pages, behind);
    }
    set_pages(heap, place.page, want->pages);
    set_kind(heap, place.page, CH_RUN_BUSY);
    ch_start_set(heap, place.page, true);
    return place.page;
}

uint32_t ch_run_take(struct ch_heap *heap, uint32_t pages, size_t alignment_bytes,
                     uint32_t room_pages)
{
    CH_ASSERT(pages > 0 && (alignment_bytes & (alignment_bytes - 1)) == 0);
    uint32_t low_end = ch_span_end(heap) * heap->span_pages;
    struct want want = {pages, room_pages, alignment_bytes, false, low_end};
    return take(heap, &want);
}

uint32_t ch_run_take_span(struct ch_heap *heap)
{
    struct want want = {heap->span_pages, 0, 1, true, 0};
    uint32_t page = take(heap, &want);
    if (page != CH_NONE && page / heap->span_pages >= ch_span_end(heap)) {
        ch_set_span_end(heap, page / heap->span_pages + 1);
    }
    return page;
}

// Makes pages free, and joins them with free neighbors.
static void set_free(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    CH_ASSERT(pages > 0 && pages <= heap->page_count - page);
    ch_commit_unuse(heap, pages);
    ch_shadow_hide(heap, page, pages);
    uint32_t end = page + pages;
    if (end < heap->page_count && is_free(heap, end)) { // [ this ][ free ] => [ ---- this ---- ]
        unlist(heap, end);
        end += heap->runs[end].pages;
    }
    uint32_t before = page > 0 ? page - heap->runs[page - 1].pages : 0;
    if (page > 0 && is_free(heap, before)) { // [ free ][ this ] => [ ---- this ---- ]
        unlist(heap, before);
        page = before;
    }
    list(heap, page, end - page);
    uint32_t first = (page + heap->span_pages - 1) / heap->span_pages;
    if (first < ch_span_end(heap) && end >= ch_span_end(heap) * heap->span_pages) {
        ch_set_span_end(heap, first);
    }
}

void ch_run_give(struct ch_heap *heap, uint32_t page)
{
    CH_ASSERT(ch_start_get(heap, page) && !is_free(heap, page));
    set_kind(heap, page, CH_RUN_FREE);
    ch_start_set(heap, page, false);
    set_free(heap, page, heap->runs[page].pages);
}

// [ live ][ --- free --- ] => [ --- live --- ][ free ]
static bool grow(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    uint32_t more = pages - heap->runs[page].pages;
    uint32_t next = page + pages - more;
    if (next == heap->page_count || !is_free(heap, next) || heap->runs[next].pages < more ||
        !ch_commit_use(heap, next, more)) {
        return false;
    }
    uint32_t rest = heap->runs[next].pages - more;
    if (!cover(heap, page, pages) || !cover_free(heap, page + pages, rest)) {
        ch_commit_unuse(heap, more);
        return false;
    }
    unlist(heap, next);
    if (rest > 0) {
        list(heap, page + pages, rest);
    }
    set_pages(heap, page, pages);
    return true;
}

bool ch_run_resize(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    CH_ASSERT(pages > 0 && ch_start_get(heap, page));
    uint32_t old_pages = heap->runs[page].pages;
    if (pages > old_pages) {
        return grow(heap, page, pages);
    }
    if (pages < old_pages) { // [ ----- live ----- ] => [ live ][ free ]
        set_pages(heap, page, pages);
        set_free(heap, page + pages, old_pages - pages);
    }
    return true;
}

// Returns the first page run of the last list that has one, among so many lists; CH_NONE iff none
// has.
static uint32_t last_of(const struct ch_heap *heap, uint32_t lists)
{
    uint32_t index = lists > 0 ? ch_bits_last(heap->run_lists_used, lists - 1) : CH_NONE;
    return index == CH_NONE ? CH_NONE : heap->run_lists[index];
}

// Returns the free page run after another one, in the order of the lists from the last.
static uint32_t next_of(const struct ch_heap *heap, uint32_t page)
{
    const struct ch_run *run = &heap->runs[page];
    return run->next != CH_NONE ? run->next : last_of(heap, ch_run_list(run->pages));
}

uint32_t ch_run_longest(const struct ch_heap *heap)
{
    uint32_t page = last_of(heap, CH_RUN_LISTS);
    return page == CH_NONE ? 0 : heap->runs[page].pages;
}

void ch_run_decommit(struct ch_heap *heap, size_t most)
{
    uint32_t page = last_of(heap, CH_RUN_LISTS);
    for (; page != CH_NONE && most > 0; page = next_of(heap, page)) {
        most = ch_commit_drop(heap, page, heap->runs[page].pages, most);
    }
}

// Decommits a part of a table between two of its entries, or to where what follows it begins.
static void uncover(struct ch_heap *heap, const void *from, const void *to)
{
    ch_commit_uncover(heap, from, (uintptr_t)to - (uintptr_t)from);
}

// Decommits the records that a free page run does not need: those between its first and its last
// page, and those of the spans that it could be.
static void trim(struct ch_heap *heap, uint32_t page)
{
    uint32_t end = page + heap->runs[page].pages;
    if (end - page > 2) {
        uncover(heap, &heap->runs[page + 1], &heap->runs[end - 1]);
    }
    uint32_t first = (page + heap->span_pages - 1) / heap->span_pages;
    uint32_t last = end / heap->span_pages;
    if (first < heap->span_limit && last >= heap->span_limit) {
        uncover(heap, &heap->spans[first], (const void *)heap->tags);
    } else if (first < last && last < heap->span_limit) {
        uncover(heap, &heap->spans[first], &heap->spans[last]);
    }
}

void ch_run_trim(struct ch_heap *heap)
{
    uint32_t page = last_of(heap, CH_RUN_LISTS);
    for (; page != CH_NONE; page = next_of(heap, page)) {
        trim(heap, page);
    }
    size_t granule = (size_t)ch_span_end(heap) * CH_SPAN_GRANULES;
    uncover(heap, (const void *)(heap->tags + granule), heap->pages);
}
