// The range is mapped without access. A commit opens its pages and fills them; a decommit drops and
// shuts them again.

#include "watch.h"
#include "cmocka_headers.h"
#include "watch_range.h"

#include "engine/state.h"
#include "world/asan.h"

#include <string.h>

// A request up to this large is filled with garbage from end to end, a larger one at both ends.
#define FILL_BYTES (64 * KIB)

static size_t page_bytes_of(const struct watch *watch)
{
    return watch->page_bytes == 0 ? 4096 : watch->page_bytes;
}

// The heap may have poisoned these pages before it asked for them. A compiler can't turn a loop
// over words that all differ into memset, which would be checked.
UNINSTRUMENTED static void write_garbage(unsigned char *start, size_t size_bytes, uint64_t word)
{
    uint64_t *words = (uint64_t *)(void *)start;
    for (size_t i = 0; i < size_bytes / sizeof *words; i++, word += 0x0101010101010102U) {
        words[i] = word;
    }
}

UNINSTRUMENTED static void copy_words(unsigned char *to, const unsigned char *from,
                                      size_t size_bytes)
{
    volatile uint64_t *target = (volatile uint64_t *)(void *)to;
    const uint64_t *source = (const uint64_t *)(const void *)from;
    for (size_t i = 0; i < size_bytes / sizeof *target; i++) {
        target[i] = source[i];
    }
}

static void fill(struct watch *watch, unsigned char *start, size_t size_bytes)
{
    size_t edge = size_bytes <= FILL_BYTES ? size_bytes : FILL_BYTES / 2;
    watch->garbage = watch->garbage * 0x5851f42d4c957f2dU + 0x14057b7ef767814fU;
    write_garbage(start, edge, watch->garbage);
    write_garbage(start + size_bytes - edge, edge, watch->garbage);
}

static size_t os_page_bytes(void *world)
{
    return page_bytes_of(world);
}

static void *reserve(void *world, size_t size_bytes)
{
    struct watch *watch = world;
    size_t page = page_bytes_of(watch);
    watch->reserves++;
    if (size_bytes == 0 || size_bytes % page != 0 || watch->start != NULL) {
        watch->breach = "a reservation that is not whole pages, or is the second";
    }
    if (watch->refuses_reserve ||
        (watch->longest_bytes != 0 && size_bytes > watch->longest_bytes)) {
        return NULL;
    }
    watch->start = watch_range_map(size_bytes, watch->past_bytes);
    if (watch->start == NULL) {
        return NULL;
    }
    watch->size_bytes = size_bytes;
    watch->is_committed = test_calloc(size_bytes / page, 1);
    return watch->start;
}

// Returns whether a range is whole pages of the reservation, and all of them, or none, are
// committed.
static bool is_range(struct watch *watch, const void *start, size_t size_bytes, bool is_committed)
{
    size_t page = page_bytes_of(watch);
    size_t offset = (uintptr_t)start - (uintptr_t)watch->start;
    if (watch->start == NULL || offset >= watch->size_bytes || size_bytes == 0 ||
        size_bytes > watch->size_bytes - offset || offset % page != 0 || size_bytes % page != 0) {
        watch->breach = "a range that is not whole pages of the reservation";
        return false;
    }
    if (memchr(watch->is_committed + offset / page, !is_committed, size_bytes / page) != NULL) {
        watch->breach = "a commit of committed pages, or a use or decommit of others";
        return false;
    }
    return true;
}

static void mark(struct watch *watch, const unsigned char *start, size_t size_bytes,
                 bool is_committed)
{
    size_t page = page_bytes_of(watch);
    size_t first = (size_t)(start - watch->start) / page;
    memset(watch->is_committed + first, is_committed, size_bytes / page);
    watch->committed_pages += is_committed ? size_bytes / page : -(size_bytes / page);
}

static bool is_refused(struct watch *watch)
{
    watch->requests++;
    if (watch->refuse_at == WATCH_NEVER) {
        return false;
    }
    if (watch->refuse_at > 0) {
        watch->refuse_at--;
        return false;
    }
    if (!watch->refuses_after) {
        watch->refuse_at = WATCH_NEVER;
    }
    watch->refusals++;
    return true;
}

static bool is_touchable(const struct watch *watch, const void *start)
{
    return watch->untouchable == NULL || (uintptr_t)start < (uintptr_t)watch->untouchable;
}

static bool commit(void *world, void *start, size_t size_bytes)
{
    struct watch *watch = world;
    if (!is_range(watch, start, size_bytes, false) || is_refused(watch)) {
        return false;
    }
    if (is_touchable(watch, start)) {
        if (!watch_range_open(start, size_bytes)) {
            return false;
        }
        fill(watch, start, size_bytes);
    }
    mark(watch, start, size_bytes, true);
    return true;
}

static void decommit(void *world, void *start, size_t size_bytes)
{
    struct watch *watch = world;
    watch->decommits++;
    if (is_range(watch, start, size_bytes, true)) {
        watch_range_shut(start, size_bytes);
        mark(watch, start, size_bytes, false);
    }
}

static void release(void *world, void *start, size_t size_bytes)
{
    struct watch *watch = world;
    watch->releases++;
    if (start == NULL || start != watch->start || size_bytes != watch->size_bytes) {
        watch->breach = "a release of pages that are not the reservation";
    } else if (!watch->keeps_range) {
        watch_drop(watch);
    }
}

// The leftover bytes are arbitrary, so they are made different.
static bool move(void *world, void *from, void *to, size_t size_bytes)
{
    struct watch *watch = world;
    watch->moves++;
    uintptr_t gap = (uintptr_t)from < (uintptr_t)to ? (uintptr_t)to - (uintptr_t)from
                                                    : (uintptr_t)from - (uintptr_t)to;
    if (gap < size_bytes) {
        watch->breach = "a move between ranges that overlap";
    }
    if (!is_range(watch, from, size_bytes, true) || !is_range(watch, to, size_bytes, true) ||
        watch->move == WATCH_MOVE_FAILS) {
        return false;
    }
    if (is_touchable(watch, from)) {
        copy_words(to, from, size_bytes);
        fill(watch, from, size_bytes);
    }
    return true;
}

#define PRIMITIVES                                                                                 \
    .os_page_bytes = os_page_bytes, .reserve = reserve, .commit = commit, .decommit = decommit,    \
    .release = release

static const struct ch_pages copying_pages = {PRIMITIVES};
static const struct ch_pages moving_pages = {PRIMITIVES, .move = move};

struct watch watch_open(void)
{
    return (struct watch){.refuse_at = WATCH_NEVER, .garbage = 0x9e3779b97f4a7c15U};
}

const struct ch_pages *watch_pages(const struct watch *watch)
{
    return watch->move == WATCH_MOVE_ABSENT ? &copying_pages : &moving_pages;
}

static void record_fault(void *context, enum ch_fault fault, const void *block)
{
    struct watch *watch = context;
    watch->faults++;
    watch->fault = fault;
    watch->fault_block = block;
}

struct ch_heap *watch_heap(struct watch *watch, size_t arena_bytes)
{
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){
        .arena_bytes = arena_bytes,
        .pages = watch_pages(watch),
        .world = watch,
        .on_fault = record_fault,
        .on_fault_context = watch,
    });
    assert_non_null(heap);
    watch->fresh_pages = watch->committed_pages;
    return heap;
}

void watch_assert_whole(const struct watch *watch, struct ch_heap *heap)
{
    assert_string_equal(watch->breach == NULL ? "" : watch->breach, "");
    assert_string_equal(ch_invariant_sentence(ch_heap_check(heap).invariant), "");
    assert_int_equal(ch_heap_stats(heap).committed_bytes,
                     watch->committed_pages * page_bytes_of(watch));
}

void watch_end(struct watch *watch, struct ch_heap *heap)
{
    watch_assert_whole(watch, heap);
    assert_int_equal(watch->faults, 0);
    ch_heap_destroy(heap);
    assert_string_equal(watch->breach == NULL ? "" : watch->breach, "");
    assert_int_equal(watch->releases, 1);
    assert_true(watch->start == NULL || watch->keeps_range);
}

void watch_drop(struct watch *watch)
{
    watch_range_unmap(watch->start, watch->size_bytes);
    test_free(watch->is_committed);
    watch->start = NULL;
}

void watch_expect_fault(struct watch *watch, enum ch_fault fault, const void *block)
{
    assert_int_equal(watch->faults, 1);
    assert_string_equal(ch_fault_sentence(watch->fault), ch_fault_sentence(fault));
    assert_ptr_equal(watch->fault_block, block);
    watch->faults = 0;
}

void watch_assert_empty(const struct watch *watch, struct ch_heap *heap)
{
    struct ch_stats stats = ch_heap_stats(heap);
    size_t page = page_bytes_of(watch);
    assert_int_equal(stats.live_blocks, 0);
    assert_int_equal(stats.live_bytes, 0);
    assert_int_equal(stats.committed_bytes, watch->fresh_pages * page);
    watch_assert_whole(watch, heap);
}

void watch_end_empty(struct watch *watch, struct ch_heap *heap)
{
    ch_heap_minimize(heap);
    watch_assert_empty(watch, heap);
    watch_end(watch, heap);
}

void watch_relent(struct watch *watch)
{
    watch->refuse_at = WATCH_NEVER;
    watch->refuses_after = false;
}

size_t watch_largest(struct ch_heap *heap)
{
    size_t low = 0;
    size_t high = ch_heap_stats(heap).arena_bytes;
    while (low < high) {
        size_t middle = high - (high - low) / 2;
        void *block = ch_heap_alloc(heap, middle);
        ch_heap_free(heap, block);
        if (block != NULL) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

bool watch_is_same(struct ch_stats left, struct ch_stats right)
{
    return left.live_blocks == right.live_blocks && left.live_bytes == right.live_bytes &&
           left.committed_bytes == right.committed_bytes && left.arena_bytes == right.arena_bytes;
}
