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

// Sums up the part of the heap that a walk has seen. Each check returns whether all it compares
// agrees; otherwise `broken` says what does not, and the walk is over.
struct walk {
    const struct ch_heap *heap;
    struct ch_broken broken;
    size_t live_bytes;
    size_t used_pages;
    size_t kept_runs;                     ///< That thread caches list, and the walk has not seen.
    uint32_t class_spans[CH_CLASS_COUNT]; ///< Spans that should be on each list.
    uint32_t list_runs[CH_RUN_LISTS];     ///< Page runs that should be on each list.
};

// Returns `is_so`. If it is false, the invariant is the one that is broken.
static bool claim(struct walk *walk, bool is_so, enum ch_invariant invariant, const void *where)
{
    if (!is_so) {
        walk->broken = (struct ch_broken){.invariant = invariant, .where = where};
    }
    return is_so;
}

// Claims an invariant of the part of the heap that begins at `where`.
#define HOLDS(id, is_so) claim(walk, is_so, CH_INVARIANT_##id, where)

static bool is_cut(const struct ch_span *span, unsigned granule)
{
    return granule < span->cut_granules && granule % ch_class_granules(span->class_index) == 0;
}

// Returns whether a block may wait in a thread cache: its class cuts a block there, and it is
// neither live nor free in its span.
static bool may_wait(const struct ch_heap *heap, unsigned class_index, const void *block)
{
    size_t offset = ch_offset(heap, block);
    size_t number = offset / CH_SPAN_BYTES;
    uint32_t granule = (uint32_t)(offset % CH_SPAN_BYTES / CH_GRANULE_BYTES);
    if (number >= ch_span_end(heap) || !ch_span_is_open(heap, (uint32_t)number)) {
        return false;
    }
    const struct ch_span *span = &heap->spans[number];
    return offset % CH_GRANULE_BYTES == 0 && span->class_index == class_index &&
           is_cut(span, granule) && !ch_bits_get(span->free, granule) &&
           ch_tag(heap, offset / CH_GRANULE_BYTES) == 0;
}

static bool check_magazine(struct walk *walk, const struct ch_cache *cache, unsigned class_index)
{
    void *const *blocks = ch_cache_first(cache, class_index);
    size_t count = ch_cache_count(cache, class_index);
    bool is_whole = blocks == (void *const *)(cache + 1) + ch_cache_place(class_index) &&
                    blocks[-1] == NULL && count <= ch_cache_capacity(class_index);
    bool holds = claim(walk, is_whole, CH_INVARIANT_CACHE_BLOCKS, walk->heap->pages);
    for (size_t i = 0; holds && i < count; i++) {
        holds = claim(walk, may_wait(walk->heap, class_index, blocks[i]), CH_INVARIANT_CACHE_BLOCKS,
                      blocks[i]);
    }
    return holds;
}

// A thread cache keeps as many page runs as it may, and its room is what these leave.
static bool check_kept_counts(struct walk *walk, const struct ch_cache *cache)
{
    uint32_t room_pages = cache->kept_room_pages;
    bool is_few = cache->kept_counts[0] == 0;
    for (uint32_t pages = 1; pages <= CH_KEPT_PAGES; pages++) {
        is_few = is_few && cache->kept_counts[pages] <= CH_KEPT_EACH;
        room_pages += pages * cache->kept_counts[pages];
        walk->kept_runs += cache->kept_counts[pages];
    }
    return claim(walk, is_few && room_pages == ch_kept_room_pages(walk->heap),
                 CH_INVARIANT_CACHE_BLOCKS, walk->heap->pages);
}

static bool check_caches(struct walk *walk)
{
    bool holds = true;
    const struct ch_cache *cache = NULL;
    while (holds && (cache = ch_cache_next(walk->heap, cache)) != NULL) {
        holds = check_kept_counts(walk, cache);
        for (unsigned i = 0; holds && i < CH_CLASS_COUNT; i++) {
            holds = check_magazine(walk, cache, i);
        }
    }
    return holds;
}

// Counts a span's blocks that are in thread caches. None is there twice.
static bool count_waiting(struct walk *walk, uint32_t span, unsigned *count)
{
    unsigned class_index = walk->heap->spans[span].class_index;
    uint64_t marks[CH_SPAN_GRANULES / 64] = {0};
    for (const struct ch_cache *cache = NULL; (cache = ch_cache_next(walk->heap, cache)) != NULL;) {
        void *const *blocks = ch_cache_first(cache, class_index);
        for (size_t i = 0; i < ch_cache_count(cache, class_index); i++) {
            size_t offset = ch_offset(walk->heap, blocks[i]) - (size_t)span * CH_SPAN_BYTES;
            uint32_t granule = (uint32_t)(offset / CH_GRANULE_BYTES);
            if (offset >= CH_SPAN_BYTES) {
                continue;
            }
            if (!claim(walk, !ch_bits_get(marks, granule), CH_INVARIANT_CACHE_BLOCKS, blocks[i])) {
                return false;
            }
            ch_bits_set(marks, granule);
            ++*count;
        }
    }
    return true;
}

// Returns whether a live block with that tag may be of a class.
static bool is_of_class(unsigned tag, unsigned class_index)
{
    size_t size_bytes = ch_tag_bytes(tag);
    size_t most = ch_tag_is_plain(tag) ? CH_SMALL_BYTES : ch_class_bytes(class_index);
    return size_bytes <= most && ch_tag_of(size_bytes, class_index) == tag;
}

// Checks a granule with a free or a live block: the class must cut a block there, and its tag must
// fit.
static bool check_granule(struct walk *walk, uint32_t span, unsigned granule, bool is_free)
{
    const struct ch_span *record = &walk->heap->spans[span];
    unsigned tag = ch_tag(walk->heap, (size_t)span * CH_SPAN_GRANULES + granule);
    const void *where = ch_span_start(walk->heap, span) + granule * CH_GRANULE_BYTES;
    walk->live_bytes += tag == 0 ? 0 : ch_tag_bytes(tag);
    return HOLDS(SPAN_GRID, is_cut(record, granule)) &&
           HOLDS(SPAN_FREE_OR_LIVE, !is_free || tag == 0) &&
           HOLDS(SPAN_LIVE_CLASS, is_free || is_of_class(tag, record->class_index));
}

// Returns whether 64 tags are 0. Most of the table is zeros.
static bool is_all_zero(const _Atomic uint16_t *tags)
{
    static const uint16_t zeros[64];
    return memcmp((const void *)tags, zeros, sizeof zeros) == 0;
}

static bool check_blocks(struct walk *walk, uint32_t span)
{
    const struct ch_span *record = &walk->heap->spans[span];
    const _Atomic uint16_t *tags = walk->heap->tags + (size_t)span * CH_SPAN_GRANULES;
    const void *where = ch_span_start(walk->heap, span);
    unsigned waiting = 0;
    unsigned live = 0;
    unsigned free = 0;
    bool holds = count_waiting(walk, span, &waiting);
    for (unsigned word = 0; holds && word < CH_SPAN_GRANULES / 64; word++) {
        uint64_t bits = record->free[word];
        bool is_marked = record->summary >> word & 1;
        holds = HOLDS(SPAN_SUMMARY, is_marked == (bits != 0));
        if (bits == 0 && is_all_zero(tags + word * 64)) {
            continue;
        }
        for (unsigned granule = word * 64; holds && granule < word * 64 + 64; granule++) {
            bool is_free = bits >> granule % 64 & 1;
            bool is_live = tags[granule] != 0;
            holds = (!is_free && !is_live) || check_granule(walk, span, granule, is_free);
            free += is_free;
            live += is_live;
        }
    }
    unsigned cut = record->cut_granules / ch_class_granules(record->class_index);
    return holds && HOLDS(SPAN_COUNT, live + waiting == record->used_blocks &&
                                          record->used_blocks + free == cut);
}

static bool check_span(struct walk *walk, uint32_t page)
{
    const struct ch_heap *heap = walk->heap;
    uint32_t span = page / heap->span_pages;
    const struct ch_span *record = &heap->spans[span];
    const void *tags = (const void *)(heap->tags + (size_t)span * CH_SPAN_GRANULES);
    const void *where = ch_page_start(heap, page);
    bool is_placed = page % heap->span_pages == 0 && heap->runs[page].pages == heap->span_pages &&
                     span < ch_span_end(heap);
    if (!HOLDS(SPAN_PLACE, is_placed) ||
        !HOLDS(TABLES_COVER,
               ch_commit_is_whole(heap, record, sizeof *record) &&
                   ch_commit_is_whole(heap, tags, CH_SPAN_GRANULES * sizeof heap->tags[0])) ||
        !HOLDS(SPAN_CLASS, record->class_index < CH_CLASS_COUNT)) {
        return false;
    }
    walk->class_spans[record->class_index] += ch_span_has_room(record);
    return check_blocks(walk, span);
}

static bool check_large(struct walk *walk, uint32_t page)
{
    const struct ch_run *run = &walk->heap->runs[page];
    uint32_t pages = ch_large_pages(walk->heap, run->size_bytes);
    bool is_roomy = run->size_bytes <= CH_SMALL_BYTES || run->pages != pages;
    bool may_have =
        run->pages >= pages && run->pages <= ch_large_roomy_pages(walk->heap, run->size_bytes);
    walk->live_bytes += run->size_bytes;
    return claim(walk, may_have && run->kind == (is_roomy ? CH_RUN_ROOMY : CH_RUN_BLOCK),
                 CH_INVARIANT_RUN_SIZE, ch_page_start(walk->heap, page));
}

// A page run that is kept is in one thread cache, and there once.
static bool check_kept(struct walk *walk, uint32_t page)
{
    const struct ch_heap *heap = walk->heap;
    uint32_t pages = heap->runs[page].pages;
    unsigned found = 0;
    for (const struct ch_cache *cache = NULL; (cache = ch_cache_next(heap, cache)) != NULL;) {
        for (unsigned i = 0; pages <= CH_KEPT_PAGES && i < cache->kept_counts[pages]; i++) {
            found += cache->kept[pages][i] == page;
        }
    }
    walk->kept_runs--;
    return claim(walk, found == 1, CH_INVARIANT_CACHE_BLOCKS, ch_page_start(heap, page));
}

// Checks the tags where there is no span: no block starts there. Up to the end of the tags in use
// they are committed, because a lookup without the lock may read any of them.
static bool check_no_tags(struct walk *walk, uint32_t page, uint32_t end)
{
    const struct ch_heap *heap = walk->heap;
    const void *where = ch_page_start(heap, page);
    const size_t page_granules = heap->page_bytes / CH_GRANULE_BYTES;
    size_t most = (size_t)ch_span_end(heap) * CH_SPAN_GRANULES;
    size_t from = page * page_granules;
    size_t to = end * page_granules < most ? end * page_granules : most;
    bool is_covered = from >= to || ch_commit_is_whole(heap, (const void *)(heap->tags + from),
                                                       (to - from) * sizeof heap->tags[0]);
    bool holds = HOLDS(TABLES_COVER, is_covered);
    for (; holds && from < to; from += 64) {
        holds = HOLDS(SPAN_GRID, is_all_zero(heap->tags + from));
    }
    return holds;
}

static bool check_live(struct walk *walk, uint32_t page)
{
    const struct ch_heap *heap = walk->heap;
    const struct ch_run *run = &heap->runs[page];
    const void *where = ch_page_start(heap, page);
    walk->used_pages += run->pages;
    return claim(walk, ch_commit_is_whole(heap, run, run->pages * sizeof *run), // So it can shrink.
                 CH_INVARIANT_TABLES_COVER, where) &&
           HOLDS(RUN_COMMITTED,
                 ch_commit_is_whole(heap, where, (size_t)run->pages << heap->page_log2)) &&
           (run->kind == CH_RUN_SPAN   ? check_span(walk, page)
            : run->kind == CH_RUN_KEPT ? check_kept(walk, page)
                                       : check_large(walk, page));
}

// Checks the facts about a page run of any kind.
static bool check_run(struct walk *walk, uint32_t page, bool was_free)
{
    const struct ch_heap *heap = walk->heap;
    const struct ch_run *run = &heap->runs[page];
    const void *where = ch_page_start(heap, page);
    if (!HOLDS(TABLES_COVER, ch_commit_is_whole(heap, run, sizeof *run)) ||
        !HOLDS(RUNS_TILE, run->pages != 0 && run->pages <= heap->page_count - page &&
                              ch_commit_is_whole(heap, run + run->pages - 1, sizeof *run) &&
                              run[run->pages - 1].pages == run->pages)) {
        return false;
    }
    uint32_t end = page + run->pages;
    bool is_live = run->kind != CH_RUN_FREE;
    bool is_marked = run->kind <= CH_RUN_SPAN && ch_bits_get(heap->starts, page) == is_live &&
                     ch_bits_next(heap->starts, true, page + 1, end) == end;
    if (!HOLDS(RUN_STARTS, is_marked) ||
        (run->kind != CH_RUN_SPAN && !check_no_tags(walk, page, end))) {
        return false;
    }
    if (is_live) {
        return check_live(walk, page);
    }
    walk->list_runs[ch_run_list(run->pages)]++;
    return HOLDS(RUN_PAIR, !was_free);
}

static bool check_runs(struct walk *walk)
{
    const struct ch_heap *heap = walk->heap;
    bool holds =
        claim(walk, ch_span_end(heap) <= heap->span_limit, CH_INVARIANT_TABLES_COVER, heap->pages);
    bool was_free = false;
    for (uint32_t page = 0; holds && page < heap->page_count; page += heap->runs[page].pages) {
        holds = check_run(walk, page, was_free);
        was_free = heap->runs[page].kind == CH_RUN_FREE;
    }
    return holds;
}

typedef bool belonging(const struct ch_heap *heap, uint32_t page, unsigned index);

static bool is_span_with_room(const struct ch_heap *heap, uint32_t page, unsigned class_index)
{
    uint32_t span = page / heap->span_pages;
    return page % heap->span_pages == 0 && span < ch_span_end(heap) &&
           ch_span_is_open(heap, span) && heap->spans[span].class_index == class_index &&
           ch_span_has_room(&heap->spans[span]);
}

static bool is_free_run(const struct ch_heap *heap, uint32_t page, unsigned index)
{
    return !ch_bits_get(heap->starts, page) && ch_run_list(heap->runs[page].pages) == index;
}

// Checks the list of an index. Each member is linked where it says, and only once, because the list
// has the right number of members.
static bool check_list(struct walk *walk, uint32_t first, uint32_t members, belonging *belongs,
                       unsigned index, enum ch_invariant invariant)
{
    const struct ch_heap *heap = walk->heap;
    const struct ch_run *runs = heap->runs;
    uint32_t previous = CH_NONE;
    for (uint32_t page = first; page != CH_NONE; page = runs[page].next) {
        bool is_member = page < heap->page_count && members-- > 0 &&
                         ch_commit_is_whole(heap, &runs[page], sizeof runs[page]) &&
                         runs[page].previous == previous && belongs(heap, page, index);
        if (!claim(walk, is_member, invariant, ch_page_start(heap, page))) {
            return false;
        }
        previous = page;
    }
    return claim(walk, members == 0, invariant, heap->pages);
}

static bool check_lists(struct walk *walk)
{
    const struct ch_heap *heap = walk->heap;
    bool holds = true;
    for (unsigned i = 0; holds && i < CH_CLASS_COUNT; i++) {
        holds = check_list(walk, heap->span_lists[i], walk->class_spans[i], is_span_with_room, i,
                           CH_INVARIANT_SPAN_LIST);
    }
    for (unsigned i = 0; holds && i < CH_RUN_LISTS; i++) {
        bool is_used = heap->run_lists[i] != CH_NONE;
        holds = check_list(walk, heap->run_lists[i], walk->list_runs[i], is_free_run, i,
                           CH_INVARIANT_RUN_LIST) &&
                claim(walk, is_used == ch_bits_get(heap->run_lists_used, i), CH_INVARIANT_RUN_LIST,
                      heap->pages);
    }
    return holds;
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

static bool check_counts(struct walk *walk)
{
    const struct ch_heap *heap = walk->heap;
    const void *where = heap->pages;
    uint32_t tables = (uint32_t)(((uintptr_t)where - (uintptr_t)heap) >> heap->page_log2);
    uint32_t guard = 1;
    size_t committed = count_bits(heap->committed, tables + heap->page_count + guard);
    size_t used = count_bits(heap->committed, tables) + walk->used_pages;
    bool has_sum = heap->config.live_bytes != 0;
    return HOLDS(COMMIT_COUNT, committed == heap->committed_pages) &&
           HOLDS(CACHE_BLOCKS, walk->kept_runs == 0) &&
           HOLDS(USED_COUNT, used == heap->used_pages) &&
           HOLDS(LIVE_SUM, !has_sum || walk->live_bytes == heap->live_bytes);
}

struct ch_broken ch_heap_check(struct ch_heap *heap)
{
    struct walk walk = {.heap = heap, .broken = {.invariant = CH_INVARIANTS}};
    ch_lock_take(&heap->lock.lock);
    (void)(check_caches(&walk) && check_runs(&walk) && check_lists(&walk) && check_counts(&walk));
    ch_lock_give(&heap->lock.lock);
    return walk.broken;
}
