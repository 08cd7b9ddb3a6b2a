// ch_heap_check: walks a heap and compares every fact that the heap records twice. It never writes,
// so it may run before and after any call. It checks an index before it uses it.
//
//     caches -> page runs, each with its tables and its blocks -> span lists -> run lists -> counts
//
// The walk proves that the heap is consistent. It does not know what callers were promised: a model
// outside knows that.

#include <comheap/heap.h>

#include <string.h>

#include "engine/cache.h"
#include "engine/commit.h"
#include "engine/kept.h"
#include "engine/large.h"
#include "engine/page_heap.h"
#include "engine/slab.h"

// Sums up the part of the heap that a walk has seen.
struct walk {
    const struct ch_heap *heap;
    size_t live_bytes;
    size_t used_pages;
    size_t kept_runs;
    uint32_t class_spans[CH_CLASS_COUNT]; ///< Spans that should be on each list.
    uint32_t list_runs[CH_RUN_LISTS];     ///< Page runs that should be on each list.
};

static struct ch_broken holds(void)
{
    return (struct ch_broken){.invariant = CH_INVARIANTS, .where = NULL};
}

static struct ch_broken broken(enum ch_invariant invariant, const void *where)
{
    return (struct ch_broken){.invariant = invariant, .where = where};
}

// Counts a span's blocks that are in a magazine, and marks them. Returns the first that was marked
// before; NULL iff there is none.
static const void *mark_waiting(const struct ch_heap *heap, const struct ch_cache *cache,
                                uint32_t span, uint64_t *marks, unsigned *count)
{
    unsigned class_index = heap->spans[span].class_index;
    void *const *blocks = ch_cache_first(cache, class_index);
    for (size_t i = 0; i < ch_cache_count(cache, class_index); i++) {
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

// Counts a span's blocks that are in thread caches. Returns one that is there twice; NULL iff there
// is none.
static const void *check_waiting(const struct ch_heap *heap, uint32_t span, unsigned *count)
{
    uint64_t marks[CH_SPAN_GRANULES / 64] = {0};
    const void *twice = NULL;
    unsigned number = 0;
    *count = 0;
    for (const struct ch_cache *cache; (cache = ch_cache_next(heap, &number)) != NULL;) {
        if (twice == NULL) {
            twice = mark_waiting(heap, cache, span, marks, count);
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
    const struct ch_span *record = &walk->heap->spans[span];
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
    const struct ch_span *record = &walk->heap->spans[span];
    const _Atomic uint16_t *tags = walk->heap->tags + (size_t)span * CH_SPAN_GRANULES;
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

static struct ch_broken check_span(struct walk *walk, uint32_t page)
{
    const struct ch_heap *heap = walk->heap;
    uint32_t span = page / heap->span_pages;
    const struct ch_span *record = &heap->spans[span];
    const void *where = ch_page_start(heap, page);
    size_t first_tag = (size_t)span * CH_SPAN_GRANULES;
    if (page % heap->span_pages != 0 || heap->runs[page].pages != heap->span_pages ||
        span >= ch_span_end(heap)) {
        return broken(CH_INVARIANT_SPAN_PLACE, where);
    }
    if (!ch_commit_is_whole(heap, record, sizeof *record) ||
        !ch_commit_is_whole(heap, (const void *)(heap->tags + first_tag),
                            CH_SPAN_GRANULES * sizeof heap->tags[0])) {
        return broken(CH_INVARIANT_TABLES_COVER, where);
    }
    if (record->class_index >= CH_CLASS_COUNT) {
        return broken(CH_INVARIANT_SPAN_CLASS, where);
    }
    walk->class_spans[record->class_index] += ch_span_has_room(record);
    return check_blocks(walk, span);
}

// Checks a list of spans. Each member is linked where it says, and only once, because the list has
// the right number of members.
static struct ch_broken check_span_list(const struct walk *walk, unsigned class_index)
{
    const struct ch_heap *heap = walk->heap;
    uint32_t left = walk->class_spans[class_index];
    uint32_t previous = CH_NONE;
    for (uint32_t span = heap->span_lists[class_index]; span != CH_NONE;
         span = heap->spans[span].next) {
        if (span >= ch_span_end(heap) || !ch_span_is_open(heap, span) || left-- == 0 ||
            heap->spans[span].previous != previous ||
            heap->spans[span].class_index != class_index || !ch_span_has_room(&heap->spans[span])) {
            return broken(CH_INVARIANT_SPAN_LIST, ch_span_start(heap, span));
        }
        previous = span;
    }
    return left == 0 ? holds() : broken(CH_INVARIANT_SPAN_LIST, heap->pages);
}

// Returns whether a block may wait in a thread cache: its class cuts a block there, and it is
// neither live nor free in its span.
static bool may_wait(const struct ch_heap *heap, unsigned class_index, const void *block)
{
    size_t offset = ch_offset(heap, block);
    size_t span = offset / CH_SPAN_BYTES;
    uint32_t granule = (uint32_t)(offset % CH_SPAN_BYTES / CH_GRANULE_BYTES);
    return span < ch_span_end(heap) && ch_span_is_open(heap, (uint32_t)span) &&
           offset % CH_GRANULE_BYTES == 0 && heap->spans[span].class_index == class_index &&
           ch_tag(heap, offset / CH_GRANULE_BYTES) == 0 &&
           !ch_bits_get(heap->spans[span].free, granule) &&
           granule < heap->spans[span].cut_granules &&
           granule % ch_class_granules(class_index) == 0;
}

static struct ch_broken check_magazine(const struct ch_heap *heap, const struct ch_cache *cache,
                                       unsigned class_index)
{
    void *const *blocks = ch_cache_first(cache, class_index);
    if (blocks != (void *const *)(cache + 1) + ch_cache_place(class_index) || blocks[-1] != NULL ||
        ch_cache_count(cache, class_index) > ch_cache_capacity(class_index)) {
        return broken(CH_INVARIANT_CACHE_BLOCKS, heap->pages);
    }
    for (size_t i = 0; i < ch_cache_count(cache, class_index); i++) {
        const void *block = blocks[i];
        if (!may_wait(heap, class_index, block)) {
            return broken(CH_INVARIANT_CACHE_BLOCKS, block);
        }
    }
    return holds();
}

// A thread cache keeps as many page runs as it may, and its room is what these leave.
static struct ch_broken check_kept_counts(const struct ch_heap *heap, const struct ch_cache *cache)
{
    uint32_t room_pages = cache->kept_room_pages;
    bool is_few = cache->kept_counts[0] == 0;
    for (uint32_t pages = 1; pages <= CH_KEPT_PAGES; pages++) {
        is_few = is_few && cache->kept_counts[pages] <= CH_KEPT_EACH;
        room_pages += pages * cache->kept_counts[pages];
    }
    bool is_whole = is_few && room_pages == ch_kept_room_pages(heap);
    return is_whole ? holds() : broken(CH_INVARIANT_CACHE_BLOCKS, heap->pages);
}

static struct ch_broken check_caches(const struct ch_heap *heap)
{
    struct ch_broken answer = holds();
    unsigned number = 0;
    for (const struct ch_cache *cache;
         answer.invariant == CH_INVARIANTS && (cache = ch_cache_next(heap, &number)) != NULL;) {
        answer = check_kept_counts(heap, cache);
        for (unsigned i = 0; i < CH_CLASS_COUNT && answer.invariant == CH_INVARIANTS; i++) {
            answer = check_magazine(heap, cache, i);
        }
    }
    return answer;
}

static struct ch_broken check_large(struct walk *walk, uint32_t page)
{
    const struct ch_run *run = &walk->heap->runs[page];
    uint32_t pages = ch_large_pages(walk->heap, run->size_bytes);
    bool is_roomy = run->size_bytes <= CH_SMALL_BYTES || run->pages != pages;
    bool may_have =
        run->pages >= pages && run->pages <= ch_large_roomy_pages(walk->heap, run->size_bytes);
    if (run->kind != (is_roomy ? CH_RUN_ROOMY : CH_RUN_BLOCK) || !may_have) {
        return broken(CH_INVARIANT_RUN_SIZE, ch_page_start(walk->heap, page));
    }
    walk->live_bytes += run->size_bytes;
    return holds();
}

// Checks the tags where there is no span: no block starts there. Up to the end of the tags in use
// they are committed, because a lookup without the lock may read any of them.
static struct ch_broken check_no_tags(const struct ch_heap *heap, uint32_t page, uint32_t end)
{
    const size_t page_granules = heap->page_bytes / CH_GRANULE_BYTES;
    size_t most = (size_t)ch_span_end(heap) * CH_SPAN_GRANULES;
    size_t from = page * page_granules;
    size_t to = end * page_granules < most ? end * page_granules : most;
    if (from < to && !ch_commit_is_whole(heap, (const void *)(heap->tags + from),
                                         (to - from) * sizeof heap->tags[0])) {
        return broken(CH_INVARIANT_TABLES_COVER, ch_page_start(heap, page));
    }
    for (; from < to; from += 64) {
        if (!is_all_zero(heap->tags + from)) {
            return broken(CH_INVARIANT_SPAN_GRID, ch_page_start(heap, page));
        }
    }
    return holds();
}

// A page run that is kept is in one thread cache, and there once.
static struct ch_broken check_kept(struct walk *walk, uint32_t page)
{
    const struct ch_heap *heap = walk->heap;
    uint32_t pages = heap->runs[page].pages;
    unsigned found = 0;
    unsigned number = 0;
    for (const struct ch_cache *cache; (cache = ch_cache_next(heap, &number)) != NULL;) {
        for (unsigned i = 0; pages <= CH_KEPT_PAGES && i < cache->kept_counts[pages]; i++) {
            found += cache->kept[pages][i] == page;
        }
    }
    walk->kept_runs++;
    return found == 1 ? holds() : broken(CH_INVARIANT_CACHE_BLOCKS, ch_page_start(heap, page));
}

static size_t kept_runs(const struct ch_heap *heap)
{
    size_t count = 0;
    unsigned number = 0;
    for (const struct ch_cache *cache; (cache = ch_cache_next(heap, &number)) != NULL;) {
        for (unsigned pages = 0; pages <= CH_KEPT_PAGES; pages++) {
            count += cache->kept_counts[pages];
        }
    }
    return count;
}

// Checks the facts about a page run of any kind.
static struct ch_broken check_run(struct walk *walk, uint32_t page, bool was_free)
{
    const struct ch_heap *heap = walk->heap;
    const struct ch_run *run = &heap->runs[page];
    const void *where = ch_page_start(heap, page);
    if (!ch_commit_is_whole(heap, run, sizeof *run)) {
        return broken(CH_INVARIANT_TABLES_COVER, where);
    }
    if (run->pages == 0 || run->pages > heap->page_count - page ||
        !ch_commit_is_whole(heap, run + run->pages - 1, sizeof *run) ||
        run[run->pages - 1].pages != run->pages) {
        return broken(CH_INVARIANT_RUNS_TILE, where);
    }
    uint32_t end = page + run->pages;
    bool is_live = run->kind != CH_RUN_FREE;
    if (run->kind > CH_RUN_SPAN || ch_bits_get(heap->starts, page) != is_live ||
        ch_bits_next(heap->starts, true, page + 1, end) < end) {
        return broken(CH_INVARIANT_RUN_STARTS, where);
    }
    struct ch_broken tags = run->kind == CH_RUN_SPAN ? holds() : check_no_tags(heap, page, end);
    if (tags.invariant != CH_INVARIANTS) {
        return tags;
    }
    if (!is_live) {
        walk->list_runs[ch_run_list(run->pages)]++;
        return was_free ? broken(CH_INVARIANT_RUN_PAIR, where) : holds();
    }
    if (!ch_commit_is_whole(heap, run, run->pages * sizeof *run)) { // So it can shrink.
        return broken(CH_INVARIANT_TABLES_COVER, where);
    }
    if (!ch_commit_is_whole(heap, where, (size_t)run->pages << heap->page_log2)) {
        return broken(CH_INVARIANT_RUN_COMMITTED, where);
    }
    walk->used_pages += run->pages;
    if (run->kind == CH_RUN_SPAN) {
        return check_span(walk, page);
    }
    return run->kind == CH_RUN_KEPT ? check_kept(walk, page) : check_large(walk, page);
}

static struct ch_broken check_runs(struct walk *walk)
{
    const struct ch_heap *heap = walk->heap;
    struct ch_broken answer = ch_span_end(heap) <= heap->span_limit
                                  ? holds()
                                  : broken(CH_INVARIANT_TABLES_COVER, heap->pages);
    bool was_free = false;
    for (uint32_t page = 0; page < heap->page_count && answer.invariant == CH_INVARIANTS;
         page += heap->runs[page].pages) {
        answer = check_run(walk, page, was_free);
        was_free = heap->runs[page].kind == CH_RUN_FREE;
    }
    return answer;
}

static struct ch_broken check_span_lists(const struct walk *walk)
{
    struct ch_broken answer = holds();
    for (unsigned i = 0; i < CH_CLASS_COUNT && answer.invariant == CH_INVARIANTS; i++) {
        answer = check_span_list(walk, i);
    }
    return answer;
}

static struct ch_broken check_run_lists(const struct walk *walk)
{
    const struct ch_heap *heap = walk->heap;
    const struct ch_run *runs = heap->runs;
    for (unsigned list = 0; list < CH_RUN_LISTS; list++) {
        uint32_t left = walk->list_runs[list];
        uint32_t previous = CH_NONE;
        for (uint32_t page = heap->run_lists[list]; page != CH_NONE; page = runs[page].next) {
            if (page >= heap->page_count || left-- == 0 || ch_bits_get(heap->starts, page) ||
                !ch_commit_is_whole(heap, &runs[page], sizeof runs[page]) ||
                runs[page].previous != previous || ch_run_list(runs[page].pages) != list) {
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

static size_t count_bits(const uint64_t *bits, uint32_t end)
{
    size_t count = 0;
    for (uint32_t from = 0; (from = ch_bits_next(bits, true, from, end)) < end;) {
        uint32_t to = ch_bits_next(bits, false, from, end);
        count += to - from;
        from = to;
    }
    return count;
}

static struct ch_broken check_counts(const struct walk *walk)
{
    const struct ch_heap *heap = walk->heap;
    uint32_t table_pages =
        (uint32_t)((size_t)(heap->pages - (unsigned char *)(uintptr_t)heap) >> heap->page_log2);
    size_t committed =
        count_bits(heap->committed, table_pages + heap->page_count + 1); // The guard.
    if (committed != heap->committed_pages) {
        return broken(CH_INVARIANT_COMMIT_COUNT, heap->pages);
    }
    if (walk->kept_runs != kept_runs(heap)) {
        return broken(CH_INVARIANT_CACHE_BLOCKS, heap->pages);
    }
    if (walk->used_pages + count_bits(heap->committed, table_pages) != heap->used_pages) {
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
    struct ch_broken answer = check_caches(heap);
    if (answer.invariant == CH_INVARIANTS) {
        answer = check_runs(&walk);
    }
    if (answer.invariant == CH_INVARIANTS) {
        answer = check_span_lists(&walk);
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
