// The arena: its layout, and the commits of its tables and pages (state.h draws both).
//
//     a table   |#########|..........................|#######|      # committed   . not
//               0         low_bytes         high_bytes       end_bytes
//               entries of the small region ->   <- entries of the large region
//
// Fresh memory may hold anything. So a table whose entries are read before they are written is
// zeroed when it is committed. This file does not know which block lies where.

#include "engine/arena.h"

#include <string.h>

#include "engine/magazine.h"
#include "engine/shadow.h"

// Bounds the pages of an arena. Page numbers must stay below CH_NONE, and so must the number of
// bits for them, rounded up to machine words.
#define PAGES_MOST (CH_NONE - 64)

static size_t round_up(size_t size_bytes, size_t step_bytes)
{
    return (size_bytes + step_bytes - 1) & ~(step_bytes - 1);
}

static size_t round_down(size_t size_bytes, size_t step_bytes)
{
    return size_bytes & ~(step_bytes - 1);
}

// Returns how many spans the small region may have: all of the arena on 64 bits, half of it on 32
// bits. There the tags take a quarter of the small region's addresses. A larger share would leave
// no room for a block of INT_MAX bytes.
static uint32_t spans_of(const struct ch_heap *heap, uint32_t page_count)
{
    return page_count / heap->span_pages / (sizeof(void *) == 8 ? 1 : 2);
}

static size_t lay_table(struct ch_table *table, unsigned char *arena, size_t offset_bytes,
                        size_t size_bytes, size_t page_bytes)
{
    table->start = arena + offset_bytes;
    table->low_bytes = 0;
    table->end_bytes = round_up(size_bytes, page_bytes);
    table->high_bytes = table->end_bytes;
    return offset_bytes + table->end_bytes;
}

// Returns the offset at which the tables for page_count pages end.
static size_t lay_out(struct ch_heap *heap, unsigned char *arena, uint32_t page_count)
{
    size_t page = heap->page_bytes;
    size_t bits = ((size_t)page_count + 63) / 64 * sizeof(uint64_t);
    size_t spans = spans_of(heap, page_count);
    size_t tags = spans * CH_SPAN_GRANULES * sizeof(uint16_t);
    heap->lanes_start = arena + round_up(sizeof(struct ch_heap), page);
    size_t end = round_up(sizeof(struct ch_heap), page) + heap->lane_limit * heap->lane_bytes;
    end = lay_table(&heap->committed_table, arena, end, bits, page);
    end = lay_table(&heap->starts_table, arena, end, bits, page);
    end = lay_table(&heap->runs_table, arena, end, page_count * sizeof(struct ch_run), page);
    end = lay_table(&heap->spans_table, arena, end, spans * sizeof(struct ch_span), page);
    return lay_table(&heap->tags_table, arena, end, tags, page);
}

// Returns the bytes set aside to begin the pages at a multiple of CH_SMALL_BYTES, so that small
// blocks can have that alignment (block.c). They are set aside wherever the arena lies: so heaps of
// the same size have the same pages.
static size_t aligning_bytes(const struct ch_heap *heap)
{
    return heap->page_bytes < CH_SMALL_BYTES ? CH_SMALL_BYTES - heap->page_bytes : 0;
}

// Returns the largest number of pages that fits beside its own tables and the guard. It bisects,
// because the rounding of each table makes a formula wrong by a few pages.
static uint32_t fitting_pages(struct ch_heap *heap, unsigned char *arena, size_t arena_bytes)
{
    size_t most = arena_bytes >> heap->page_log2;
    uint32_t low = 0;
    uint32_t high = most < PAGES_MOST ? (uint32_t)most : PAGES_MOST;
    while (low < high) {
        uint32_t middle = high - (high - low) / 2;
        size_t end = lay_out(heap, arena, middle) + aligning_bytes(heap);
        if (end <= arena_bytes && middle < (arena_bytes - end) >> heap->page_log2) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

// Returns the limit of lanes. In a small arena their tables would leave little for blocks. A heap
// with a bound has no lanes, because they would hand blocks out without a check of the bound.
static unsigned lanes_of(const struct ch_heap *heap, const struct ch_config *config)
{
    bool bounds_small = config->block_bytes != 0 && config->block_bytes < CH_SMALL_BYTES;
    if (config->live_bytes != 0 || bounds_small) {
        return 0;
    }
    size_t wanted = config->thread_caches != 0 ? config->thread_caches : CH_THREAD_CACHES - 1;
    size_t most = config->arena_bytes / 64 / heap->lane_bytes + 1;
    most = most < CH_THREAD_CACHES - 1 ? most : CH_THREAD_CACHES - 1;
    return (unsigned)(wanted < most ? wanted : most);
}

static void fill_in(struct ch_heap *heap, const struct ch_config *config, size_t page_bytes)
{
    memset(heap, 0, sizeof *heap);
    heap->config = *config;
    heap->page_bytes = page_bytes;
    heap->page_log2 = (unsigned)__builtin_ctzll(page_bytes);
    heap->span_pages = (uint32_t)(CH_SPAN_BYTES >> heap->page_log2);
    heap->lane_bytes = round_up(ch_lane_size_bytes(), page_bytes);
    heap->lane_limit = lanes_of(heap, config);
    for (unsigned i = 0; i < CH_THREAD_CACHES; i++) {
        heap->lanes[i] = &ch_lane_closed;
    }
    unsigned char *arena = (unsigned char *)heap;
    heap->page_count = fitting_pages(heap, arena, config->arena_bytes);
    unsigned char *tables_end = arena + lay_out(heap, arena, heap->page_count);
    heap->pages = tables_end + (-(uintptr_t)tables_end & (CH_SMALL_BYTES - 1));
    heap->span_limit = spans_of(heap, heap->page_count);
    heap->first_run = heap->page_count;
    heap->free_spans = CH_NONE;
    memset(heap->span_lists, 0xff, sizeof heap->span_lists); // CH_NONE in every list.
    memset(heap->run_lists, 0xff, sizeof heap->run_lists);
    ch_fork_lock_open(&heap->lock);
    ch_arena_hide_gap(heap);
    ch_shadow_poison(ch_page_start(heap, heap->page_count), page_bytes);
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
    size_t page_bytes = config->pages->os_page_bytes(config->world);
    bool is_default = config->arena_bytes == 0;
    if ((!is_default && config->arena_bytes < CH_ARENA_BYTES_MIN) || page_bytes > CH_SPAN_BYTES) {
        return NULL;
    }
    struct ch_config rounded = *config;
    rounded.arena_bytes = round_down(config->arena_bytes, page_bytes);
    void *arena = is_default ? reserve_default(&rounded)
                             : config->pages->reserve(config->world, rounded.arena_bytes);
    if (arena == NULL) {
        return NULL;
    }
    size_t heap_bytes = round_up(sizeof(struct ch_heap), page_bytes);
    if (!config->pages->commit(config->world, arena, heap_bytes)) {
        config->pages->release(config->world, arena, rounded.arena_bytes);
        return NULL;
    }
    fill_in(arena, &rounded, page_bytes);
    return arena;
}

void ch_arena_close(struct ch_heap *heap)
{
    ch_arena_show_gap(heap);
    ch_shadow_unpoison(ch_page_start(heap, heap->page_count), heap->page_bytes);
    ch_fork_lock_close(&heap->lock);
    struct ch_config config = heap->config;
    config.pages->release(config.world, heap, config.arena_bytes);
}

struct ch_lane *ch_arena_open_lane(struct ch_heap *heap, unsigned number)
{
    struct ch_lane *lane = ch_lane_at(heap, number);
    const struct ch_pages *pages = heap->config.pages;
    return pages->commit(heap->config.world, lane, heap->lane_bytes) ? lane : NULL;
}

void ch_arena_close_lane(struct ch_heap *heap, struct ch_lane *lane)
{
    heap->config.pages->decommit(heap->config.world, lane, heap->lane_bytes);
}

static bool commit(struct ch_heap *heap, void *start, size_t size_bytes)
{
    bool is_granted = heap->config.pages->commit(heap->config.world, start, size_bytes);
    heap->was_refused = heap->was_refused || !is_granted;
    return is_granted;
}

// Zeros tags. Another thread may look up a pointer to a former span at the same time. It reads a
// tag without the lock, so these writes are atomic.
static void clear_tags(unsigned char *start, size_t size_bytes)
{
    atomic_size_t *words = (atomic_size_t *)(void *)start;
    for (size_t i = 0; i < size_bytes / sizeof words[0]; i++) {
        atomic_store_explicit(&words[i], 0, memory_order_relaxed);
    }
}

static bool commit_table(struct ch_heap *heap, struct ch_table *table, size_t from, size_t to)
{
    if (!commit(heap, table->start + from, to - from)) {
        return false;
    }
    // Records are written when their span or page run begins; only bits and tags are read before.
    if (table == &heap->tags_table) {
        clear_tags(table->start + from, to - from);
    } else if (table != &heap->runs_table && table != &heap->spans_table) {
        memset(table->start + from, 0, to - from);
    }
    return true;
}

static bool cover_low(struct ch_heap *heap, struct ch_table *table, size_t bytes)
{
    size_t to = round_up(bytes, heap->page_bytes);
    if (to > table->high_bytes) {
        to = table->high_bytes;
    }
    if (to > table->low_bytes) {
        if (!commit_table(heap, table, table->low_bytes, to)) {
            return false;
        }
        table->low_bytes = to;
    }
    return true;
}

static bool cover_high(struct ch_heap *heap, struct ch_table *table, size_t from_byte)
{
    size_t from = round_down(from_byte, heap->page_bytes);
    if (from < table->low_bytes) {
        from = table->low_bytes;
    }
    if (from < table->high_bytes) {
        if (!commit_table(heap, table, from, table->high_bytes)) {
            return false;
        }
        table->high_bytes = from;
    }
    return true;
}

// Return the bytes of a bitmap that hold its first `count` bits, and the byte at which the word
// with bit `index` starts.
static size_t bits_bytes(uint32_t count)
{
    return ((size_t)count + 63) / 64 * sizeof(uint64_t);
}

static size_t bits_byte(uint32_t index)
{
    return index / 64 * sizeof(uint64_t);
}

// Commits the uncommitted pages of [page, end): [page, from) is committed, and page `from` is not.
// Records a dirty range with all pages that were committed before: those may hold anything.
static bool commit_rest(struct ch_heap *heap, uint32_t page, uint32_t from, uint32_t end)
{
    uint32_t dirty_end = from;
    while (from < end) {
        uint32_t to = ch_bits_next(ch_committed(heap), true, from, end);
        size_t size_bytes = (size_t)(to - from) << heap->page_log2;
        if (!commit(heap, ch_page_start(heap, from), size_bytes)) {
            return false;
        }
        ch_bits_fill(ch_committed(heap), true, from, to);
        heap->committed_pages += to - from;
        from = ch_bits_next(ch_committed(heap), false, to, end);
        if (from > to) {
            page = page == dirty_end ? to : page;
            dirty_end = from;
        }
    }
    heap->dirty_page = page;
    heap->dirty_end = dirty_end;
    return true;
}

bool ch_arena_use(struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    uint32_t end = page + pages;
    heap->dirty_page = page;
    heap->dirty_end = end;
    uint32_t from = ch_bits_next(ch_committed(heap), false, page, end);
    if (from < end && !commit_rest(heap, page, from, end)) {
        return false;
    }
    heap->used_pages += pages;
    return true;
}

size_t ch_arena_decommit(struct ch_heap *heap, uint32_t page, uint32_t pages, size_t most)
{
    uint32_t end = page + pages;
    for (uint32_t from = page; most > 0 && heap->committed_pages > heap->used_pages;) {
        from = ch_bits_next(ch_committed(heap), true, from, end);
        if (from == end) {
            break;
        }
        uint32_t last = end - from > most ? from + (uint32_t)most : end;
        uint32_t to = ch_bits_next(ch_committed(heap), false, from, last);
        size_t size_bytes = (size_t)(to - from) << heap->page_log2;
        heap->config.pages->decommit(heap->config.world, ch_page_start(heap, from), size_bytes);
        ch_bits_fill(ch_committed(heap), false, from, to);
        heap->committed_pages -= to - from;
        most -= to - from;
        from = to;
    }
    return most;
}

// Stops counting pages as used, because a table could not be extended over them.
static bool end_use(struct ch_heap *heap, uint32_t pages)
{
    heap->used_pages -= pages;
    return false;
}

// The pages are committed before the tables. A world that is short refuses pages, and then no table
// has grown in vain. Only the bits of committed pages must exist first.

bool ch_arena_grow_small(struct ch_heap *heap)
{
    uint32_t page = ch_small_end(heap);
    uint32_t pages = heap->span_pages;
    size_t span_count = ch_span_count(heap) + (size_t)1;
    if (!cover_low(heap, &heap->committed_table, bits_bytes(page + pages)) ||
        !ch_arena_use(heap, page, pages)) {
        return false;
    }
    return (cover_low(heap, &heap->spans_table, span_count * sizeof(struct ch_span)) &&
            cover_low(heap, &heap->tags_table, span_count * CH_SPAN_GRANULES * sizeof(uint16_t))) ||
           end_use(heap, pages);
}

bool ch_arena_grow_large(struct ch_heap *heap, uint32_t pages, uint32_t room_pages)
{
    uint32_t page = heap->first_run - room_pages - pages;
    if (!cover_high(heap, &heap->committed_table, bits_byte(page)) ||
        !ch_arena_use(heap, page, pages)) {
        return false;
    }
    return (cover_high(heap, &heap->starts_table, bits_byte(page)) &&
            cover_high(heap, &heap->runs_table, page * sizeof(struct ch_run))) ||
           end_use(heap, pages);
}

// Decommits the part of a table between [0, low_bytes) and [high_byte, end).
static void trim_table(struct ch_heap *heap, struct ch_table *table, size_t low_bytes,
                       size_t high_byte)
{
    const struct ch_pages *pages = heap->config.pages;
    size_t low = round_up(low_bytes, heap->page_bytes);
    size_t high = round_down(high_byte, heap->page_bytes);
    if (low >= high) {
        return; // The two ends share a page: the whole table is needed.
    }
    if (low < table->low_bytes) {
        // If the ends have met, the low part may include bytes that the high end needs.
        size_t end = table->low_bytes < high ? table->low_bytes : high;
        pages->decommit(heap->config.world, table->start + low, end - low);
        if (table->low_bytes > high) {
            table->high_bytes = high;
        }
        table->low_bytes = low;
    }
    if (high > table->high_bytes) {
        // The high part may include bytes that the low end needs.
        size_t begin = table->high_bytes > low ? table->high_bytes : low;
        pages->decommit(heap->config.world, table->start + begin, high - begin);
        if (table->high_bytes < low) {
            table->low_bytes = low;
        }
        table->high_bytes = high;
    }
}

size_t ch_arena_decommit_gap(struct ch_heap *heap, size_t most)
{
    uint32_t end = ch_small_end(heap);
    // Only pages with bits in the committed parts of the table can be committed. Each byte covers
    // eight pages.
    size_t low = heap->committed_table.low_bytes * 8;
    size_t high = heap->committed_table.high_bytes * 8;
    if (low > end) {
        uint32_t to = low < heap->first_run ? (uint32_t)low : heap->first_run;
        most = ch_arena_decommit(heap, end, to - end, most);
    }
    if (high < heap->first_run) {
        uint32_t from = high > end ? (uint32_t)high : end;
        most = ch_arena_decommit(heap, from, heap->first_run - from, most);
    }
    return most;
}

void ch_arena_trim(struct ch_heap *heap)
{
    uint32_t end = ch_small_end(heap);
    bool has_runs = heap->first_run < heap->page_count;
    size_t bits = has_runs ? bits_byte(heap->first_run) : heap->starts_table.end_bytes;
    size_t runs = has_runs ? heap->first_run * sizeof(struct ch_run) : heap->runs_table.end_bytes;
    trim_table(heap, &heap->committed_table, bits_bytes(end), bits);
    trim_table(heap, &heap->starts_table, 0, bits);
    trim_table(heap, &heap->runs_table, 0, runs);
    trim_table(heap, &heap->spans_table, ch_span_count(heap) * sizeof(struct ch_span),
               heap->spans_table.end_bytes);
    trim_table(heap, &heap->tags_table,
               (size_t)ch_span_count(heap) * CH_SPAN_GRANULES * sizeof(uint16_t),
               heap->tags_table.end_bytes);
}

size_t ch_arena_table_bytes(const struct ch_heap *heap)
{
    const struct ch_table *tables[] = {&heap->committed_table, &heap->starts_table,
                                       &heap->runs_table, &heap->spans_table, &heap->tags_table};
    size_t size_bytes = round_up(sizeof(struct ch_heap), heap->page_bytes);
    size_bytes += (size_t)__builtin_popcountll(heap->open_lanes) * heap->lane_bytes;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        size_bytes += tables[i]->low_bytes + tables[i]->end_bytes - tables[i]->high_bytes;
    }
    return size_bytes;
}

// Returns the page at which the gap starts to be hidden as one long range. It lies behind all pages
// that spans ever had, which are hidden already.
static uint32_t gap_start(const struct ch_heap *heap)
{
    uint32_t start = heap->span_most * heap->span_pages;
    return start < heap->first_run ? start : heap->first_run;
}

void ch_arena_show_gap(struct ch_heap *heap)
{
    uint32_t start = gap_start(heap);
    ch_shadow_show(ch_page_start(heap, start), (size_t)(heap->first_run - start)
                                                   << heap->page_log2);
}

void ch_arena_hide_gap(struct ch_heap *heap)
{
    uint32_t spans = heap->first_run / heap->span_pages;
    if (heap->span_most > spans) { // The large region has taken pages of former spans.
        ch_shadow_unpoison(heap->pages + (size_t)spans * CH_SPAN_BYTES,
                           (size_t)(heap->span_most - spans) * CH_SPAN_BYTES);
        heap->span_most = spans;
    }
    uint32_t start = gap_start(heap);
    ch_shadow_hide(ch_page_start(heap, start), (size_t)(heap->first_run - start)
                                                   << heap->page_log2);
}
