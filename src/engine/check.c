// ch_heap_check: walks a heap and compares every fact that the heap records twice. It never writes,
// so it may run before and after any call. It checks an index before it uses it.
//
//     regions, tables -> lanes -> spans, blocks -> span lists -> page runs -> their lists -> counts
//
// The walk proves that the heap is consistent. It does not know what callers were promised: a model
// outside knows that.

#include <comheap/heap.h>

#include <string.h>

#include "engine/arena.h"
#include "engine/lane.h"
#include "engine/run.h"
#include "engine/span.h"

// Sums up the part of the heap that a walk has seen.
struct walk {
    const struct ch_heap *heap;
    size_t live_bytes;
    size_t used_pages;
    uint32_t
        class_spans[CH_CLASS_COUNT + 1]; ///< Spans that should be on each list; last: free ones.
    uint32_t list_runs[CH_RUN_LISTS];    ///< Page runs that should be on each list.
};

static struct ch_broken holds(void)
{
    return (struct ch_broken){.invariant = CH_INVARIANTS, .where = NULL};
}

static struct ch_broken broken(enum ch_invariant invariant, const void *where)
{
    return (struct ch_broken){.invariant = invariant, .where = where};
}

static bool is_covered(const struct ch_table *table, size_t begin, size_t end)
{
    return end <= table->low_bytes || begin >= table->high_bytes ||
           table->low_bytes == table->high_bytes || begin == end;
}

static struct ch_broken check_regions(const struct ch_heap *heap)
{
    size_t small_pages = (size_t)ch_span_count(heap) * heap->span_pages;
    if (ch_span_count(heap) > heap->span_limit || small_pages > heap->first_run ||
        heap->first_run > heap->page_count) {
        return broken(CH_INVARIANT_REGIONS_APART, heap->pages);
    }
    size_t small_words = (small_pages + 63) / 64;
    size_t large_words = heap->first_run / 64;
    size_t all_words = ((size_t)heap->page_count + 63) / 64;
    bool has_runs = heap->first_run < heap->page_count;
    if (!is_covered(&heap->committed_table, 0, small_words * 8) ||
        (has_runs && !is_covered(&heap->committed_table, large_words * 8, all_words * 8)) ||
        (has_runs && !is_covered(&heap->starts_table, large_words * 8, all_words * 8)) ||
        !is_covered(&heap->runs_table, heap->first_run * sizeof(struct ch_run),
                    heap->page_count * sizeof(struct ch_run)) ||
        !is_covered(&heap->spans_table, 0, ch_span_count(heap) * sizeof(struct ch_span)) ||
        !is_covered(&heap->tags_table, 0,
                    (size_t)ch_span_count(heap) * CH_SPAN_GRANULES * sizeof(uint16_t))) {
        return broken(CH_INVARIANT_TABLES_COVER, heap->pages);
    }
    return holds();
}

// Counts a span's blocks that are in a magazine, and marks them. Returns the first that was marked
// before; NULL iff there is none.
static const void *mark_waiting(const struct ch_heap *heap, const struct ch_lane *lane,
                                uint32_t span, uint64_t *marks, unsigned *count)
{
    unsigned class_index = ch_spans(heap)[span].class_index;
    void *const *blocks = ch_lane_first(lane, class_index);
    for (size_t i = 0; i < ch_lane_count(lane, class_index); i++) {
        size_t offset = ch_offset(heap, blocks[i]);
        uint32_t granule = (uint32_t)(offset % CH_SPAN_BYTES / CH_GRANULE_BYTES);
        if (offset / CH_SPAN_BYTES != span) {
            continue;
        }
        if (ch_bits_get(marks, granule)) {
            return blocks[i];
        }
        ch_bits_set(marks, granule);
        ++*count;
    }
    return NULL;
}

// Counts a span's blocks that are in lanes. Returns one that is there twice; NULL iff there is
// none.
static const void *check_waiting(const struct ch_heap *heap, uint32_t span, unsigned *count)
{
    uint64_t marks[CH_SPAN_GRANULES / 64] = {0};
    const void *twice = NULL;
    unsigned number = 0;
    *count = 0;
    for (const struct ch_lane *lane; (lane = ch_lane_next(heap, &number)) != NULL;) {
        if (twice == NULL) {
            twice = mark_waiting(heap, lane, span, marks, count);
        }
    }
    return twice;
}

// Returns whether a block with that tag may be of a class. A size above all small ones has no
// class.
static bool is_of_class(unsigned tag, unsigned class_index)
{
    size_t size_bytes = ch_tag_bytes(tag);
    if (ch_tag_is_plain(tag)) {
        return ch_class_of(size_bytes) == class_index;
    }
    return (tag & CH_TAG_ROOMY) != 0 && size_bytes <= ch_class_bytes(class_index) &&
           ch_class_of(size_bytes) != class_index;
}

// Checks a granule with a free or a live block: the class must cut a block there, and its tag must
// fit. Returns the first breach.
static struct ch_broken check_granule(const struct walk *walk, uint32_t span, unsigned granule,
                                      uint16_t tag, bool is_free)
{
    const struct ch_span *record = &ch_spans(walk->heap)[span];
    const void *where = ch_span_start(walk->heap, span) + granule * CH_GRANULE_BYTES;
    if (granule % ch_class_granules(record->class_index) != 0 || granule >= record->cut_granules) {
        return broken(CH_INVARIANT_SPAN_GRID, where);
    }
    if (is_free && tag != 0) {
        return broken(CH_INVARIANT_SPAN_FREE_OR_LIVE, where);
    }
    if (tag != 0 && !is_of_class(tag, record->class_index)) {
        return broken(CH_INVARIANT_SPAN_LIVE_CLASS, where);
    }
    return holds();
}

// Returns whether 64 tags are 0. Most of the table is zeros.
static bool is_all_zero(const _Atomic uint16_t *tags)
{
    uint64_t any = 0;
    for (unsigned i = 0; i < 16; i++) {
        uint64_t four;
        memcpy(&four, (const void *)(tags + i * 4), sizeof four);
        any |= four;
    }
    return any == 0;
}

static struct ch_broken check_blocks(struct walk *walk, uint32_t span)
{
    const struct ch_span *record = &ch_spans(walk->heap)[span];
    const _Atomic uint16_t *tags = ch_tags(walk->heap) + (size_t)span * CH_SPAN_GRANULES;
    unsigned waiting;
    const void *twice = check_waiting(walk->heap, span, &waiting);
    if (twice != NULL) {
        return broken(CH_INVARIANT_CACHE_BLOCKS, twice);
    }
    unsigned live = 0;
    unsigned free = 0;
    for (unsigned word = 0; word < CH_SPAN_GRANULES / 64; word++) {
        uint64_t bits = record->free[word];
        if ((record->summary >> word & 1) != (bits != 0)) {
            return broken(CH_INVARIANT_SPAN_SUMMARY, ch_span_start(walk->heap, span));
        }
        if (bits == 0 && is_all_zero(tags + word * 64)) {
            continue;
        }
        for (unsigned granule = word * 64; granule < word * 64 + 64; granule++) {
            bool is_free = bits >> granule % 64 & 1;
            if (is_free || tags[granule] != 0) {
                struct ch_broken answer =
                    check_granule(walk, span, granule, tags[granule], is_free);
                if (answer.invariant != CH_INVARIANTS) {
                    return answer;
                }
                free += is_free;
                live += tags[granule] != 0;
                walk->live_bytes += tags[granule] == 0 ? 0 : ch_tag_bytes(tags[granule]);
            }
        }
    }
    unsigned cut = record->cut_granules / ch_class_granules(record->class_index);
    if (live + waiting != record->used_blocks || record->used_blocks + free != cut) {
        return broken(CH_INVARIANT_SPAN_COUNT, ch_span_start(walk->heap, span));
    }
    return holds();
}

static struct ch_broken check_free_span(const struct walk *walk, uint32_t span)
{
    const _Atomic uint16_t *tags = ch_tags(walk->heap) + (size_t)span * CH_SPAN_GRANULES;
    for (unsigned granule = 0; granule < CH_SPAN_GRANULES; granule += 64) {
        if (!is_all_zero(tags + granule)) {
            return broken(CH_INVARIANT_SPAN_GRID, ch_span_start(walk->heap, span));
        }
    }
    return holds();
}

static struct ch_broken check_span(struct walk *walk, uint32_t span)
{
    const struct ch_heap *heap = walk->heap;
    const struct ch_span *record = &ch_spans(heap)[span];
    const void *where = ch_span_start(heap, span);
    if (record->class_index == CH_CLASS_NONE) {
        walk->class_spans[CH_CLASS_COUNT]++;
        return check_free_span(walk, span);
    }
    if (record->class_index >= CH_CLASS_COUNT) {
        return broken(CH_INVARIANT_SPAN_CLASS, where);
    }
    uint32_t page = span * heap->span_pages;
    if (ch_bits_next(ch_committed(heap), false, page, page + heap->span_pages) !=
        page + heap->span_pages) {
        return broken(CH_INVARIANT_SPAN_COMMITTED, where);
    }
    walk->used_pages += heap->span_pages;
    walk->class_spans[record->class_index] += ch_span_has_room(record);
    return check_blocks(walk, span);
}

// Checks a list of spans. Each member is linked where it says, and only once, because the list has
// the right number of members.
static struct ch_broken check_span_list(const struct walk *walk, uint32_t first, unsigned list,
                                        uint8_t class_index)
{
    const struct ch_span *spans = ch_spans(walk->heap);
    uint32_t left = walk->class_spans[list];
    uint32_t previous = CH_NONE;
    for (uint32_t span = first; span != CH_NONE; span = spans[span].next) {
        if (span >= ch_span_count(walk->heap) || left-- == 0 || spans[span].previous != previous ||
            spans[span].class_index != class_index ||
            (class_index != CH_CLASS_NONE && !ch_span_has_room(&spans[span]))) {
            return broken(CH_INVARIANT_SPAN_LIST, ch_span_start(walk->heap, span));
        }
        previous = span;
    }
    return left == 0 ? holds() : broken(CH_INVARIANT_SPAN_LIST, walk->heap->pages);
}

// Returns whether a block may wait in a lane: its class cuts a block there, and it is neither live
// nor free in its span.
static bool may_wait(const struct ch_heap *heap, unsigned class_index, const void *block)
{
    size_t offset = ch_offset(heap, block);
    size_t span = offset / CH_SPAN_BYTES;
    uint32_t granule = (uint32_t)(offset % CH_SPAN_BYTES / CH_GRANULE_BYTES);
    return span < ch_span_count(heap) && offset % CH_GRANULE_BYTES == 0 &&
           ch_spans(heap)[span].class_index == class_index &&
           ch_tag(heap, offset / CH_GRANULE_BYTES) == 0 &&
           !ch_bits_get(ch_spans(heap)[span].free, granule) &&
           granule < ch_spans(heap)[span].cut_granules &&
           granule % ch_class_granules(class_index) == 0;
}

static struct ch_broken check_magazine(const struct ch_heap *heap, const struct ch_lane *lane,
                                       unsigned class_index)
{
    void *const *blocks = ch_lane_first(lane, class_index);
    if (blocks != (void *const *)(lane + 1) + ch_lane_place(class_index) || blocks[-1] != NULL ||
        ch_lane_count(lane, class_index) > ch_lane_capacity(class_index)) {
        return broken(CH_INVARIANT_CACHE_BLOCKS, heap->pages);
    }
    for (size_t i = 0; i < ch_lane_count(lane, class_index); i++) {
        const void *block = blocks[i];
        if (!may_wait(heap, class_index, block)) {
            return broken(CH_INVARIANT_CACHE_BLOCKS, block);
        }
    }
    return holds();
}

static struct ch_broken check_lanes(const struct ch_heap *heap)
{
    struct ch_broken answer = holds();
    unsigned number = 0;
    for (const struct ch_lane *lane; (lane = ch_lane_next(heap, &number)) != NULL;) {
        for (unsigned i = 0; i < CH_CLASS_COUNT && answer.invariant == CH_INVARIANTS; i++) {
            answer = check_magazine(heap, lane, i);
        }
    }
    return answer;
}

static struct ch_broken check_small(struct walk *walk)
{
    const struct ch_heap *heap = walk->heap;
    struct ch_broken answer = check_lanes(heap);
    for (uint32_t span = 0; span < ch_span_count(heap) && answer.invariant == CH_INVARIANTS;
         span++) {
        answer = check_span(walk, span);
    }
    for (unsigned i = 0; i < CH_CLASS_COUNT && answer.invariant == CH_INVARIANTS; i++) {
        answer = check_span_list(walk, heap->span_lists[i], i, (uint8_t)i);
    }
    if (answer.invariant == CH_INVARIANTS) {
        answer = check_span_list(walk, heap->free_spans, CH_CLASS_COUNT, CH_CLASS_NONE);
    }
    if (answer.invariant == CH_INVARIANTS && ch_span_count(heap) > 0 &&
        ch_spans(heap)[ch_span_count(heap) - 1].class_index == CH_CLASS_NONE) {
        answer = broken(CH_INVARIANT_SPAN_LAST, ch_span_start(heap, ch_span_count(heap) - 1));
    }
    return answer;
}

static struct ch_broken check_live_run(struct walk *walk, uint32_t page)
{
    const struct ch_run *run = &ch_runs(walk->heap)[page];
    const void *where = ch_page_start(walk->heap, page);
    uint32_t pages = ch_run_pages(walk->heap, run->size_bytes);
    bool is_roomy = run->size_bytes <= CH_SMALL_BYTES || run->pages != pages;
    bool may_have =
        run->pages >= pages && run->pages <= ch_run_roomy_pages(walk->heap, run->size_bytes);
    if (run->is_roomy != is_roomy || !may_have) {
        return broken(CH_INVARIANT_RUN_SIZE, where);
    }
    if (ch_bits_next(ch_committed(walk->heap), false, page, page + run->pages) !=
        page + run->pages) {
        return broken(CH_INVARIANT_RUN_COMMITTED, where);
    }
    walk->used_pages += run->pages;
    walk->live_bytes += run->size_bytes;
    return holds();
}

static struct ch_broken check_runs(struct walk *walk)
{
    const struct ch_heap *heap = walk->heap;
    const struct ch_run *runs = ch_runs(heap);
    bool was_free = false;
    for (uint32_t page = heap->first_run; page < heap->page_count; page += runs[page].pages) {
        const void *where = ch_page_start(heap, page);
        uint32_t pages = runs[page].pages;
        bool is_free = !ch_bits_get(ch_starts(heap), page);
        if (pages == 0 || pages > heap->page_count - page ||
            runs[page + pages - 1].pages != pages) {
            return broken(CH_INVARIANT_RUNS_TILE, where);
        }
        if (ch_bits_next(ch_starts(heap), true, page + 1, page + pages) < page + pages) {
            return broken(CH_INVARIANT_RUN_STARTS, where);
        }
        if (is_free && page == heap->first_run) {
            return broken(CH_INVARIANT_RUN_FIRST, where);
        }
        if (is_free && was_free) {
            return broken(CH_INVARIANT_RUN_PAIR, where);
        }
        if (is_free) {
            walk->list_runs[ch_run_list(pages)]++;
        } else {
            struct ch_broken answer = check_live_run(walk, page);
            if (answer.invariant != CH_INVARIANTS) {
                return answer;
            }
        }
        was_free = is_free;
    }
    return holds();
}

static struct ch_broken check_run_lists(const struct walk *walk)
{
    const struct ch_heap *heap = walk->heap;
    const struct ch_run *runs = ch_runs(heap);
    for (unsigned list = 0; list < CH_RUN_LISTS; list++) {
        uint32_t left = walk->list_runs[list];
        uint32_t previous = CH_NONE;
        for (uint32_t page = heap->run_lists[list]; page != CH_NONE; page = runs[page].next) {
            if (page < heap->first_run || page >= heap->page_count || left-- == 0 ||
                ch_bits_get(ch_starts(heap), page) || runs[page].previous != previous ||
                ch_run_list(runs[page].pages) != list) {
                return broken(CH_INVARIANT_RUN_LIST, ch_page_start(heap, page));
            }
            previous = page;
        }
        bool is_used = heap->run_lists[list] != CH_NONE;
        if (left != 0 || is_used != ch_bits_get(heap->run_lists_used, list)) {
            return broken(CH_INVARIANT_RUN_LIST, heap->pages);
        }
    }
    return holds();
}

static size_t count_bits(const unsigned char *bytes, size_t begin, size_t end)
{
    size_t count = 0;
    for (size_t at = begin; at < end; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        count += (size_t)__builtin_popcountll(word);
    }
    return count;
}

static struct ch_broken check_counts(const struct walk *walk)
{
    const struct ch_heap *heap = walk->heap;
    const struct ch_table *bits = &heap->committed_table;
    size_t committed = count_bits(bits->start, 0, bits->low_bytes) +
                       count_bits(bits->start, bits->high_bytes, bits->end_bytes);
    if (committed != heap->committed_pages) {
        return broken(CH_INVARIANT_COMMIT_COUNT, heap->pages);
    }
    if (walk->used_pages != heap->used_pages) {
        return broken(CH_INVARIANT_USED_COUNT, heap->pages);
    }
    if (heap->config.live_bytes != 0 && walk->live_bytes != heap->live_bytes) {
        return broken(CH_INVARIANT_LIVE_SUM, heap->pages);
    }
    return holds();
}

struct ch_broken ch_heap_check(struct ch_heap *heap)
{
    struct walk walk = {.heap = heap};
    ch_lock_take(&heap->lock.lock);
    struct ch_broken answer = check_regions(heap);
    if (answer.invariant == CH_INVARIANTS) {
        answer = check_small(&walk);
    }
    if (answer.invariant == CH_INVARIANTS) {
        answer = check_runs(&walk);
    }
    if (answer.invariant == CH_INVARIANTS) {
        answer = check_run_lists(&walk);
    }
    if (answer.invariant == CH_INVARIANTS) {
        answer = check_counts(&walk);
    }
    ch_lock_give(&heap->lock.lock);
    return answer;
}
