// The bytes that AddressSanitizer lets through: every byte of a live block and no other, exactly.
// Only the middle of a long free range keeps its state, because to poison 2 GiB would take more
// time and memory than the blocks do. That this is quick is a claim in every build.
//
// The expected bytes are drawn in a map of the pages, from the test's blocks.

#define _GNU_SOURCE // For clock_gettime.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/state.h"
#include "world/asan.h"

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Returns the bytes of memory that the process holds now; 0 where the system does not say.
static size_t resident_bytes(void)
{
    size_t total = 0;
    size_t resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%zu %zu", &total, &resident) != 2) {
            resident = 0;
        }
        (void)fclose(file);
    }
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

// Returns the best of some tries, as the machine may be busy with something else.
static void a_block_of_2_GiB_comes_and_goes_in_no_time_and_no_memory(void **state)
{
    (void)state;
    struct ch_heap *heap = ch_heap_create(NULL);
    assert_non_null(heap);
    double best = 1;
    size_t before = resident_bytes();
    for (unsigned try = 0; try < 5; try++) {
        double start = seconds();
        void *block = ch_heap_alloc(heap, INT_MAX);
        void *wall = ch_heap_alloc(heap, 20000); // Between the block and the gap.
        assert_non_null(block);
        assert_non_null(wall);
        ch_heap_free(heap, block);
        ch_heap_free(heap, wall);
        double took = seconds() - start;
        best = took < best ? took : best;
    }
    assert_true(best < 0.05);
    assert_true(resident_bytes() < before + 4 * MIB);
    ch_heap_destroy(heap);
}

#ifdef HAS_ASAN

#define ARENA_BYTES (2 * MIB)
#define GUARD_BYTES (8 * KIB)
#define WHOLE_BYTES (32 * KIB)

enum touch { MAY, MUST_NOT, EITHER };

static unsigned char
    map[ARENA_BYTES]; // An enum touch for each byte from the first page to the guard.

static void draw_hidden(size_t start, size_t end)
{
    memset(map + start, MUST_NOT, end - start);
    if (end - start > WHOLE_BYTES) {
        memset(map + start + GUARD_BYTES, EITHER, end - start - 2 * GUARD_BYTES);
    }
}

// Returns the number of bytes.
static size_t draw_map(const struct churn *churn)
{
    const struct ch_heap *heap = churn->heap;
    size_t small_bytes = heap->span_most * CH_SPAN_BYTES;
    size_t first_run_byte = (size_t)heap->first_run * heap->page_bytes;
    size_t end = (size_t)heap->page_count * heap->page_bytes;
    memset(map, MUST_NOT, small_bytes);
    draw_hidden(small_bytes, first_run_byte);
    for (uint32_t page = heap->first_run; page < heap->page_count;) {
        uint32_t pages = ch_runs(heap)[page].pages;
        draw_hidden(page * heap->page_bytes, (page + pages) * heap->page_bytes);
        if (ch_bits_get(ch_starts(heap), page)) {
            memset(map + page * heap->page_bytes, MUST_NOT, pages * heap->page_bytes);
        }
        page += pages;
    }
    memset(map + end, MUST_NOT, heap->page_bytes); // The guard page.
    for (unsigned i = 0; i < CHURN_SLOTS; i++) {
        const struct churn_slot *slot = &churn->slots[i];
        if (slot->block != NULL) {
            memset(map + ((unsigned char *)slot->block - heap->pages), MAY, slot->size_bytes);
        }
    }
    return end + heap->page_bytes;
}

static void assert_as_drawn(const struct churn *churn)
{
    size_t size_bytes = draw_map(churn);
    for (size_t i = 0; i < size_bytes; i++) {
        bool is_poisoned = __asan_address_is_poisoned(churn->heap->pages + i) != 0;
        if (map[i] != EITHER && is_poisoned != (map[i] == MUST_NOT)) {
            fail_msg("byte %zu of the pages %s be touched", i, is_poisoned ? "can't" : "can");
        }
    }
}

static void each_byte_may_be_touched_iff_it_is_of_a_live_block(void **state)
{
    (void)state;
    static const size_t most[] = {300, 20 * KIB, 60 * KIB, 300 * KIB};
    for (size_t i = 0; i < 4; i++) {
        struct watch watch = watch_open();
        watch.move = i % 2 == 0 ? WATCH_MOVE_ABSENT : WATCH_MOVE_WORKS;
        struct ch_heap *heap = watch_heap(&watch, ARENA_BYTES);
        struct churn churn = {.heap = heap, .random = i, .most_bytes = most[i]};
        assert_as_drawn(&churn);
        for (unsigned step = 0; step < 3000; step++) {
            churn_step(&churn);
            if (step % 500 == 499) {
                ch_heap_minimize(heap);
            }
            if (step % 25 == 0 || step % 500 == 499) {
                assert_as_drawn(&churn);
            }
        }
        churn_end(&churn);
        assert_null(churn.wrong);
        assert_as_drawn(&churn);
        watch_end(&watch, heap);
    }
}

// Step by step, where the two regions take turns at the same pages.
static void each_byte_is_as_it_should_be_where_a_region_takes_what_was_the_others(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    struct ch_heap *heap = watch_heap(&watch, ARENA_BYTES);
    struct churn churn = {.heap = heap};
    for (unsigned turn = 0; turn < 6; turn++) {
        size_t size_bytes = turn % 2 == 0 ? CH_SMALL_BYTES - turn : 100001 + turn;
        unsigned count = 0;
        void *block = ch_heap_alloc(heap, size_bytes);
        while (block != NULL) {
            churn.slots[count++] = (struct churn_slot){block, size_bytes, 0};
            assert_as_drawn(&churn);
            block = ch_heap_alloc(heap, size_bytes);
        }
        assert_true(count > 10);
        for (unsigned i = 0; i < count; i++) {
            struct churn_slot *slot = &churn.slots[turn < 3 ? i : count - 1 - i];
            ch_heap_free(heap, slot->block);
            slot->block = NULL;
            assert_as_drawn(&churn);
        }
    }
    watch_end(&watch, heap);
}

static void every_size_has_its_end_to_the_byte(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    struct ch_heap *heap = watch_heap(&watch, ARENA_BYTES);
    unsigned char *block = ch_heap_alloc(heap, 0);
    size_t former_bytes = 0;
    for (size_t step = 0; step < 20000; step++) {
        size_t size_bytes = step % 2 == 0 ? step : 20000 - step; // Shrinks and grows by any amount.
        unsigned char *former = block;
        block = ch_heap_realloc(heap, block, size_bytes);
        assert_non_null(block);
        if (__asan_region_is_poisoned(block, size_bytes) != NULL ||
            !__asan_address_is_poisoned(block + size_bytes)) {
            fail_msg("a block of %zu bytes does not end where it ends", size_bytes);
        }
        if (former != block && former_bytes <= CH_SMALL_BYTES) {
            assert_true(__asan_address_is_poisoned(former));
            assert_true(__asan_address_is_poisoned(former + former_bytes / 2));
        }
        former_bytes = size_bytes;
    }
    ch_heap_free(heap, block);
    watch_end(&watch, heap);
}

#endif

int run_poison_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(a_block_of_2_GiB_comes_and_goes_in_no_time_and_no_memory),
#ifdef HAS_ASAN
        cmocka_unit_test(each_byte_may_be_touched_iff_it_is_of_a_live_block),
        cmocka_unit_test(each_byte_is_as_it_should_be_where_a_region_takes_what_was_the_others),
        cmocka_unit_test(every_size_has_its_end_to_the_byte),
#endif
    };
    return cmocka_run_group_tests_name("poisoned bytes", claims, NULL, NULL);
}
