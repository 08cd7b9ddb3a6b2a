// Blocks that are aligned to more than a granule: where they start, and that their size is exact
// all the same. The unused rest of their run is free again.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/class.h"
#include "engine/state.h"
#include "laws/fill.h"
#include "world/asan.h"

#define PAGE ((size_t)4096)
#define ALIGNMENT_MOST MIB
#define BLOCKS 5U

static struct watch watch;
static struct ch_heap *heap;

static int make_heap(void **state)
{
    (void)state;
    assert_true(ch_thread_cache_select(0)); // Otherwise it keeps large blocks that were freed.
    watch = watch_open();
    heap = watch_heap(&watch, 16 * MIB);
    return 0;
}

static int end_heap(void **state)
{
    (void)state;
    assert_true(ch_thread_cache_select(1));
    watch_end_empty(&watch, heap);
    (void)ch_thread_cache_select(1);
    return 0;
}

// No thread cache keeps the blocks that are freed.
static int make_heap_of_runs(void **state)
{
    (void)ch_thread_cache_select(0);
    return make_heap(state);
}

static size_t rounded(size_t size_bytes, size_t alignment_bytes)
{
    size_t units = (size_bytes + alignment_bytes - 1) / alignment_bytes;
    return (units == 0 ? 1 : units) * alignment_bytes;
}

// AddressSanitizer learns the exact bytes: all of the block, and none behind it.
static void assert_poison(const unsigned char *block, size_t size_bytes)
{
#ifdef HAS_ASAN
    assert_null(__asan_region_is_poisoned((void *)(uintptr_t)block, size_bytes));
    assert_true(__asan_address_is_poisoned(block + size_bytes) ||
                ch_heap_owns(heap, block + size_bytes));
#else
    (void)block, (void)size_bytes;
#endif
}

static unsigned char *take(size_t size_bytes, size_t alignment_bytes)
{
    unsigned char *block = ch_heap_alloc_aligned(heap, size_bytes, alignment_bytes);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % alignment_bytes, 0);
    assert_int_equal(ch_heap_size_bytes(heap, block), rounded(size_bytes, alignment_bytes));
    assert_poison(block, rounded(size_bytes, alignment_bytes));
    return block;
}

// Several at once, because the first of a span is aligned to all of it.
static void take_several(size_t size_bytes, size_t alignment_bytes)
{
    unsigned char *blocks[BLOCKS];
    size_t block_bytes = rounded(size_bytes, alignment_bytes);
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = take(size_bytes, alignment_bytes);
        fill_write(blocks[i], block_bytes, fill_of(i));
    }
    assert_int_equal(ch_heap_stats(heap).live_bytes, BLOCKS * block_bytes);
    assert_int_equal(ch_heap_stats(heap).live_blocks, BLOCKS);
    watch_assert_whole(&watch, heap);
    for (unsigned i = 0; i < BLOCKS; i++) {
        assert_true(fill_find_wrong(blocks[i], block_bytes, fill_of(i), block_bytes) == SIZE_MAX);
        ch_heap_free(heap, blocks[i]);
    }
}

static void a_block_starts_at_a_multiple_of_its_alignment_and_is_a_multiple_long(void **state)
{
    (void)state;
    for (size_t alignment = 1; alignment <= ALIGNMENT_MOST; alignment *= 2) {
        const size_t sizes[] = {0,
                                1,
                                alignment - 1,
                                alignment,
                                alignment + 1,
                                alignment * 2,
                                CH_SMALL_BYTES,
                                CH_SMALL_BYTES + 1,
                                100 * KIB};
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            take_several(sizes[i], alignment);
        }
    }
}

static void every_small_multiple_of_an_alignment_is_aligned_by_its_class(void **state)
{
    (void)state;
    for (size_t alignment = CH_GRANULE_BYTES; alignment <= CH_SMALL_BYTES; alignment *= 2) {
        for (size_t size = alignment; size <= CH_SMALL_BYTES; size += alignment) {
            unsigned char *blocks[3];
            for (size_t i = 0; i < 3; i++) {
                blocks[i] = take(size, alignment);
            }
            for (size_t i = 0; i < 3; i++) {
                ch_heap_free(heap, blocks[i]);
            }
        }
    }
}

// A reservation may start at any page. The places of blocks must not depend on it.
static void spans_are_aligned_wherever_the_arena_starts(void **state)
{
    (void)state;
    size_t pages_bytes = ch_heap_stats(heap).pages_bytes;
    for (size_t past_bytes = 0; past_bytes < CH_SPAN_BYTES; past_bytes += PAGE) {
        struct watch other = watch_open();
        other.past_bytes = past_bytes;
        struct ch_heap *moved = watch_heap(&other, 16 * MIB);
        assert_int_equal((uintptr_t)other.start % CH_SPAN_BYTES, past_bytes);
        assert_int_equal((uintptr_t)ch_heap_stats(moved).pages % CH_SMALL_BYTES, 0);
        assert_int_equal(ch_heap_stats(moved).pages_bytes, pages_bytes);
        void *block = ch_heap_alloc_aligned(moved, 1, CH_SMALL_BYTES);
        assert_int_equal((uintptr_t)block % CH_SMALL_BYTES, 0);
        ch_heap_free(moved, block);
        ch_heap_free(moved, ch_heap_alloc(moved, watch_largest(moved)));
        watch_end(&other, moved);
    }
}

// Returns the length of the longest free page run.
static uint32_t longest_free(void)
{
    uint32_t longest = 0;
    for (uint32_t page = 0; page < heap->page_count; page += heap->runs[page].pages) {
        bool is_free = heap->runs[page].kind == CH_RUN_FREE;
        longest = is_free && heap->runs[page].pages > longest ? heap->runs[page].pages : longest;
    }
    return longest;
}

// Only the block's own pages are committed and in use, and the pages around it can be allocated.
static void pages_before_and_behind_an_aligned_run_are_free(void **state)
{
    (void)state;
    unsigned char *wall = ch_heap_alloc(heap, 37 * PAGE);
    for (size_t alignment = 2 * PAGE; alignment <= ALIGNMENT_MOST; alignment *= 2) {
        ch_heap_minimize(heap);
        size_t used = heap->used_pages;
        size_t committed = watch.committed_pages;
        unsigned char *block = take(CH_SMALL_BYTES + 1, alignment);
        size_t pages = rounded(CH_SMALL_BYTES + 1, alignment) / PAGE;
        assert_true(heap->used_pages - used - pages <= 6); // Those of records.
        assert_int_equal(watch.committed_pages - committed, heap->used_pages - used);
        watch_assert_whole(&watch, heap);
        size_t behind_bytes = (size_t)(wall - block) - pages * PAGE;
        assert_true(behind_bytes < alignment);
        if (behind_bytes > CH_SMALL_BYTES) {
            unsigned char *behind = ch_heap_alloc(heap, behind_bytes);
            assert_ptr_equal(behind, block + pages * PAGE);
            ch_heap_free(heap, behind);
        }
        assert_int_equal(heap->runs[0].pages, (size_t)(block - heap->pages) / PAGE);
        ch_heap_free(heap, block);
    }
    ch_heap_free(heap, wall);
}

static void a_run_in_a_hole_is_cut_at_both_ends(void **state)
{
    (void)state;
    unsigned char *wall = ch_heap_alloc(heap, 5 * PAGE);
    unsigned char *hole = ch_heap_alloc(heap, 100 * PAGE);
    unsigned char *other_wall = ch_heap_alloc(heap, 6 * PAGE);
    ch_heap_free(heap, hole);
    size_t used = heap->used_pages;
    for (size_t alignment = 2 * PAGE; alignment <= 32 * PAGE; alignment *= 2) {
        unsigned char *block = take(32 * PAGE, alignment);
        assert_true(block >= hole && block + 32 * PAGE <= hole + 100 * PAGE);
        watch_assert_whole(&watch, heap);
        assert_int_equal(heap->used_pages, used + 32);
        ch_heap_free(heap, block);
        unsigned char *whole = ch_heap_alloc(heap, 100 * PAGE);
        assert_ptr_equal(whole, hole);
        ch_heap_free(heap, whole);
    }
    ch_heap_free(heap, wall);
    ch_heap_free(heap, other_wall);
}

// A hole with an aligned place for the block, and not a page more than that.
static void an_aligned_place_is_found_without_a_longer_run(void **state)
{
    (void)state;
    for (size_t alignment = 2 * PAGE; alignment <= 64 * PAGE; alignment *= 2) {
        unsigned char *fit = take(64 * PAGE, alignment);
        size_t end_bytes = (size_t)(heap->pages + heap->page_count * PAGE - fit);
        assert_true(ch_heap_resize(heap, fit, end_bytes)); // So the wall lies below it.
        void *wall = ch_heap_alloc(heap, 5 * PAGE);
        assert_ptr_equal(wall, fit - 5 * PAGE);
        ch_heap_free(heap, fit);
        uint32_t longest = longest_free();
        size_t requests = watch.requests;
        assert_ptr_equal(take(64 * PAGE, alignment), fit);
        assert_int_equal(watch.requests, requests);
        assert_int_equal(longest_free(), longest);
        watch_assert_whole(&watch, heap);
        ch_heap_free(heap, fit);
        ch_heap_free(heap, wall);
    }
}

static void an_aligned_block_takes_all_of_the_arena_that_is_aligned(void **state)
{
    (void)state;
    for (size_t alignment = 2 * PAGE; alignment <= 64 * PAGE; alignment *= 2) {
        size_t lost = (uintptr_t)heap->pages % alignment;
        size_t fitting = (heap->page_count * PAGE - (lost == 0 ? 0 : alignment - lost)) / alignment;
        unsigned char *block = take(fitting * alignment, alignment);
        watch_assert_whole(&watch, heap);
        ch_heap_free(heap, block);
    }
}

static void what_cannot_be_is_null_and_changes_nothing(void **state)
{
    (void)state;
    const size_t largest = SIZE_MAX / 2 + 1;
    struct ch_stats before = ch_heap_stats(heap);
    for (size_t alignment = largest; alignment > 64 * MIB; alignment /= 2) {
        assert_null(ch_heap_alloc_aligned(heap, 1, alignment));
        assert_null(ch_heap_alloc_aligned(heap, alignment + 1, alignment));
    }
    for (size_t alignment = 1; alignment != 0; alignment *= 2) {
        assert_null(ch_heap_alloc_aligned(heap, SIZE_MAX, alignment));
        assert_null(ch_heap_alloc_aligned(heap, SIZE_MAX - alignment, alignment));
        assert_null(ch_heap_alloc_aligned(heap, SIZE_MAX / 2 + 2, alignment));
        assert_null(ch_heap_alloc_aligned(heap, 17 * MIB, alignment));
    }
    assert_true(watch_is_same(ch_heap_stats(heap), before));
}

// Each request for pages is refused in turn: once alone, and once with all that follow.
static void refused_pages_leave_no_part_of_an_aligned_block(void **state)
{
    (void)state;
    for (unsigned after = 0; after < 2; after++) {
        size_t refusals;
        size_t request = 0;
        do {
            watch.refuse_at = request++;
            watch.refuses_after = after == 1;
            watch.refusals = 0;
            void *block = ch_heap_alloc_aligned(heap, 100 * KIB, 256 * KIB);
            refusals = watch.refusals;
            watch_relent(&watch);
            watch_assert_whole(&watch, heap);
            assert_true(block != NULL || refusals > 0);
            assert_int_equal(ch_heap_stats(heap).live_bytes, block == NULL ? 0 : 256 * KIB);
            ch_heap_free(heap, block);
            ch_heap_minimize(heap);
            watch_assert_empty(&watch, heap);
        } while (refusals > 0);
        assert_true(request > 1);
    }
}

#define SLOTS 64U

static void aligned_blocks_live_among_others(void **state)
{
    (void)state;
    static struct churn_slot slots[SLOTS];
    uint64_t random = 1;
    for (unsigned i = 0; i < 20000; i++) {
        struct churn_slot *slot = &slots[churn_random(&random) % SLOTS];
        size_t alignment = (size_t)1 << churn_random(&random) % 18;
        size_t size = (size_t)churn_random(&random) >> (churn_random(&random) % 17) & 0x1ffff;
        size_t kept = slot->size_bytes;
        if (slot->block != NULL) {
            assert_true(fill_find_wrong(slot->block, kept, fill_of(slot->seed), kept) == SIZE_MAX);
            if (i % 4 == 0) {
                slot->block = ch_heap_realloc(heap, slot->block, size);
                assert_non_null(slot->block);
                kept = kept < size ? kept : size;
            } else {
                ch_heap_free(heap, slot->block);
                slot->block = NULL;
            }
        }
        if (slot->block == NULL) {
            slot->block = i % 2 == 0 ? ch_heap_alloc(heap, size) : take(size, alignment);
        }
        slot->size_bytes = ch_heap_size_bytes(heap, slot->block);
        slot->seed = i;
        fill_write(slot->block, slot->size_bytes, fill_of(i));
        if (i % 64 == 0) {
            watch_assert_whole(&watch, heap);
        }
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        ch_heap_free(heap, slots[i].block);
    }
}

#define ON_RUNS(claim) cmocka_unit_test_setup_teardown(claim, make_heap_of_runs, end_heap)
#define ON_HEAP(claim) cmocka_unit_test_setup_teardown(claim, make_heap, end_heap)

int run_aligned_claims(void)
{
    const struct CMUnitTest claims[] = {
        ON_HEAP(a_block_starts_at_a_multiple_of_its_alignment_and_is_a_multiple_long),
        ON_HEAP(every_small_multiple_of_an_alignment_is_aligned_by_its_class),
        ON_HEAP(spans_are_aligned_wherever_the_arena_starts),
        ON_HEAP(pages_before_and_behind_an_aligned_run_are_free),
        ON_RUNS(a_run_in_a_hole_is_cut_at_both_ends),
        ON_RUNS(an_aligned_place_is_found_without_a_longer_run),
        ON_HEAP(an_aligned_block_takes_all_of_the_arena_that_is_aligned),
        ON_HEAP(what_cannot_be_is_null_and_changes_nothing),
        ON_HEAP(refused_pages_leave_no_part_of_an_aligned_block),
        ON_HEAP(aligned_blocks_live_among_others),
    };
    return cmocka_run_group_tests_name("aligned", claims, NULL, NULL);
}
