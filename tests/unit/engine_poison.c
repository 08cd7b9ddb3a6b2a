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
        void *wall = ch_heap_alloc(heap, 20000); // Between the block and the rest.
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
#define REST_BYTES (32 * KIB)

enum touch { MAY, MUST_NOT, EITHER };

static unsigned char
    map[ARENA_BYTES]; // An enum touch for each byte from the first page to the guard.

static void draw(size_t start, size_t size_bytes, enum touch touch)
{
    memset(map + start, (int)touch, size_bytes);
}

// Of a long free page run both ends are poisoned, and each page that says so.
static void draw_free(const struct ch_heap *heap, uint32_t page, uint32_t pages)
{
    size_t start = page * heap->page_bytes;
    size_t size_bytes = pages * heap->page_bytes;
    draw(start, size_bytes, MUST_NOT);
    if (size_bytes > CH_SPAN_BYTES) {
        draw(start + GUARD_BYTES, size_bytes - 2 * GUARD_BYTES, EITHER);
    }
    for (uint32_t i = page; i < page + pages; i++) {
        if (ch_bits_get(heap->hidden, i)) {
            draw(i * heap->page_bytes, heap->page_bytes, MUST_NOT);
        }
    }
}

// Of the pages that a roomy block leaves unused only the first 32 KiB behind it are poisoned.
static void draw_run(const struct ch_heap *heap, uint32_t page)
{
    const struct ch_run *run = &heap->runs[page];
    size_t start = page * heap->page_bytes;
    size_t size_bytes = run->pages * heap->page_bytes;
    if (run->kind == CH_RUN_FREE) {
        draw_free(heap, page, run->pages);
        return;
    }
    draw(start, size_bytes, MUST_NOT);
    if (run->kind == CH_RUN_ROOMY && size_bytes - run->size_bytes > REST_BYTES) {
        draw(start + run->size_bytes + REST_BYTES, size_bytes - run->size_bytes - REST_BYTES,
             EITHER);
    }
    assert_true(ch_bits_next(heap->hidden, true, page, page + run->pages) == page + run->pages);
}

// Returns the number of bytes.
static size_t draw_map(const struct churn *churn)
{
    const struct ch_heap *heap = churn->heap;
    size_t end = (size_t)heap->page_count * heap->page_bytes;
    for (uint32_t page = 0; page < heap->page_count; page += heap->runs[page].pages) {
        draw_run(heap, page);
    }
    draw(end, heap->page_bytes, MUST_NOT); // The guard page.
    for (unsigned i = 0; i < CHURN_SLOTS; i++) {
        const struct churn_slot *slot = &churn->slots[i];
        if (slot->block != NULL) {
            draw((size_t)((unsigned char *)slot->block - heap->pages), slot->size_bytes, MAY);
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

// Step by step, where small and large blocks take turns at the same pages.
static void each_byte_is_as_it_should_be_where_spans_and_large_blocks_take_turns(void **state)
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

static void assert_poisoned(unsigned char *start, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        assert_true(__asan_address_is_poisoned(start + i));
    }
}

// As long as its pages are free, in a page run of its own or in one that it has joined, in any
// order. A longer block hides only its ends. Its pages are known to be open when they are taken.
static void a_freed_block_of_up_to_64_KiB_stays_poisoned(void **state)
{
    (void)state;
    const size_t size_bytes = CH_SPAN_BYTES - 1;
    for (unsigned order = 0; order < 6; order++) {
        struct watch watch = watch_open();
        struct ch_heap *heap = watch_heap(&watch, ARENA_BYTES);
        unsigned char *wall = ch_heap_alloc(heap, 20 * KIB);
        unsigned char *blocks[3];
        for (unsigned i = 0; i < 3; i++) {
            blocks[i] = ch_heap_alloc(heap, size_bytes);
        }
        unsigned first = order / 2;
        unsigned second = (first + 1 + order % 2) % 3;
        const unsigned freed[] = {first, second, 3 - first - second};
        for (unsigned i = 0; i < 3; i++) {
            ch_heap_free(heap, blocks[freed[i]]);
            for (unsigned j = 0; j <= i; j++) {
                assert_poisoned(blocks[freed[j]], size_bytes);
            }
        }
        ch_heap_minimize(heap);
        assert_poisoned(blocks[2], 3 * CH_SPAN_BYTES); // The last one was taken lowest.
        unsigned char *all = ch_heap_alloc(heap, 3 * CH_SPAN_BYTES + 20 * KIB);
        assert_true(all < blocks[2]);
        assert_null(__asan_region_is_poisoned(all, 3 * CH_SPAN_BYTES + 20 * KIB));
        ch_heap_free(heap, all);
        assert_poisoned(all, GUARD_BYTES);
        assert_poisoned(blocks[0] + CH_SPAN_BYTES - GUARD_BYTES, GUARD_BYTES);
        ch_heap_free(heap, wall);
        watch_end(&watch, heap);
    }
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
        cmocka_unit_test(each_byte_is_as_it_should_be_where_spans_and_large_blocks_take_turns),
        cmocka_unit_test(a_freed_block_of_up_to_64_KiB_stays_poisoned),
        cmocka_unit_test(every_size_has_its_end_to_the_byte),
#endif
    };
    return cmocka_run_group_tests_name("poisoned bytes", claims, NULL, NULL);
}
