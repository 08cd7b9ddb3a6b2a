// The third principle: queries take any bit pattern. The heap has every kind of place. The test
// queries, frees and reallocates each byte of its address range, and patterns from everywhere else.
//
// The expected answers come from a map of the pages with a byte for each. It is drawn from the
// test's blocks and their sizes: bytes behind a block's last one are no part of it, whatever class
// or page it ends in.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/class.h"
#include "engine/state.h"

#include <string.h>

#define ARENA_BYTES (512 * KIB)
#define BLOCKS 64U
#define NOWHERE SIZE_MAX

enum kind { STALE, INTERIOR, START, FOREIGN };

struct place {
    enum kind kind;
    size_t size_bytes; ///< Of the block that starts here.
};

static struct {
    struct watch watch;
    struct ch_heap *heap;
    void *blocks[BLOCKS]; ///< NULL: freed.
    size_t sizes[BLOCKS];
    unsigned char map[ARENA_BYTES]; ///< An enum kind for each byte of the pages.
    struct ch_stats stats;
} scene;

static void draw_map(void)
{
    memset(scene.map, STALE, sizeof scene.map);
    for (size_t i = 0; i < BLOCKS; i++) {
        if (scene.blocks[i] != NULL) {
            size_t offset = (size_t)((unsigned char *)scene.blocks[i] - scene.heap->pages);
            memset(scene.map + offset, INTERIOR, scene.sizes[i]);
            scene.map[offset] = START;
        }
    }
}

static void end_blocks(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        ch_heap_free(scene.heap, scene.blocks[i]);
        scene.blocks[i] = NULL;
    }
}

// A free span; a span with blocks that are live, in the thread cache, in the span and not yet cut;
// runs that are live, free, and joined with the free pages below them.
static int set_scene(void **state)
{
    (void)state;
    scene.watch = watch_open();
    scene.heap = watch_heap(&scene.watch, ARENA_BYTES);
    for (size_t i = 0; i < BLOCKS; i++) {
        static const size_t large[] = {20001, 16385, 40960, 20001, 16385, 17000};
        scene.sizes[i] = i < 4 ? CH_SMALL_BYTES : i < 58 ? 100 + i % 13 : large[i - 58];
        scene.sizes[i] = i == 20 ? 0 : scene.sizes[i];
        scene.blocks[i] = ch_heap_alloc(scene.heap, scene.sizes[i]);
        assert_non_null(scene.blocks[i]);
    }
    end_blocks(0, 4);
    ch_heap_minimize(scene.heap);
    for (size_t i = 4; i < 58; i++) {
        end_blocks(i, i + (i % 4 != 0));
    }
    end_blocks(59, 61);
    end_blocks(62, 64);
    draw_map();
    scene.stats = ch_heap_stats(scene.heap);
    return 0;
}

static int clear_scene(void **state)
{
    (void)state;
    end_blocks(0, BLOCKS);
    watch_end_empty(&scene.watch, scene.heap);
    return 0;
}

static struct place right_place(uintptr_t address)
{
    struct place place = {.kind = FOREIGN, .size_bytes = NOWHERE};
    size_t offset = address - (uintptr_t)scene.stats.pages;
    if (offset < scene.stats.pages_bytes) {
        place.kind = (enum kind)scene.map[offset];
    }
    for (size_t i = 0; place.kind == START && i < BLOCKS; i++) {
        place.size_bytes =
            (uintptr_t)scene.blocks[i] == address ? scene.sizes[i] : place.size_bytes;
    }
    return place;
}

static void expect_fault(uintptr_t address, enum ch_fault fault)
{
    if (scene.watch.faults != 1 || scene.watch.fault != fault ||
        (uintptr_t)scene.watch.fault_block != address) {
        fail_msg("0x%zx: %zu faults, '%s' instead of '%s'", (size_t)address, scene.watch.faults,
                 ch_fault_sentence(scene.watch.fault), ch_fault_sentence(fault));
    }
    scene.watch.faults = 0;
}

// Makes every call on a pointer that is no block, and asserts that the call changes nothing.
static void ask_about(uintptr_t address)
{
    static const enum ch_fault frees[] = {CH_FAULT_FREE_TWICE, CH_FAULT_FREE_INTERIOR, CH_FAULTS,
                                          CH_FAULT_FREE_FOREIGN};
    static const enum ch_fault reallocs[] = {CH_FAULT_REALLOC_STALE, CH_FAULT_REALLOC_INTERIOR,
                                             CH_FAULTS, CH_FAULT_REALLOC_FOREIGN};
    void *block = (void *)address;
    struct place place = right_place(address);
    if (ch_heap_size_bytes(scene.heap, block) != place.size_bytes ||
        ch_heap_owns(scene.heap, block) != (place.kind == START)) {
        fail_msg("0x%zx: its size is said to be %zu, not %zu", (size_t)address,
                 ch_heap_size_bytes(scene.heap, block), place.size_bytes);
    }
    if (place.kind != START && address != 0) {
        ch_heap_free(scene.heap, block);
        expect_fault(address, frees[place.kind]);
        if (ch_heap_realloc(scene.heap, block, address % 50000) != NULL) {
            fail_msg("0x%zx was reallocated", (size_t)address);
        }
        expect_fault(address, reallocs[place.kind]);
    }
    if (!watch_is_same(ch_heap_stats(scene.heap), scene.stats)) {
        fail_msg("0x%zx: a query has changed the heap", (size_t)address);
    }
}

static void every_byte_of_the_arena_is_told_for_what_it_is(void **state)
{
    (void)state;
    uintptr_t start = (uintptr_t)scene.heap - 8192;
    size_t counts[FOREIGN + 1] = {0};
    for (size_t i = 0; i < ARENA_BYTES + 2 * 8192; i++) {
        ask_about(start + i);
        counts[right_place(start + i).kind]++;
        if (i % 8192 == 0) {
            watch_assert_whole(&scene.watch, scene.heap);
        }
    }
    assert_int_equal(counts[START], scene.stats.live_blocks);
    for (size_t kind = 0; kind <= FOREIGN; kind++) {
        assert_true(counts[kind] > 0);
    }
}

static void patterns_from_anywhere_are_foreign_or_told_for_what_they_are(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (size_t i = 0; i < 4096; i++) {
        ask_about(i);
        ask_about(UINTPTR_MAX - i);
        ask_about(UINTPTR_MAX / 2 + 2048 - i);
        ask_about((uintptr_t)scene.heap->pages ^ (uintptr_t)1 << i % (8 * sizeof(uintptr_t)));
        ask_about((uintptr_t)&scene + i);
        ask_about((uintptr_t)&random + i);
        for (unsigned j = 0; j < 16; j++) {
            ask_about((uintptr_t)churn_random(&random));
            ask_about((uintptr_t)scene.heap + (uint32_t)churn_random(&random));
        }
    }
    watch_assert_whole(&scene.watch, scene.heap);
}

static void blocks_of_another_heap_are_foreign(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    struct ch_heap *other = watch_heap(&watch, 4 * MIB);
    for (size_t size_bytes = 0; size_bytes < 70000; size_bytes = size_bytes * 2 + 1) {
        void *block = ch_heap_alloc(other, size_bytes);
        assert_non_null(block);
        ask_about((uintptr_t)block);
        assert_int_equal(ch_heap_size_bytes(other, block), size_bytes);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        assert_false(ch_heap_owns(other, scene.blocks[i]));
        assert_true(ch_heap_size_bytes(other, scene.blocks[i]) == SIZE_MAX);
    }
    watch_end(&watch, other);
}

// A former block is like any other free byte, once other blocks are there.
static void a_place_that_was_a_start_is_told_by_what_is_there_now(void **state)
{
    (void)state;
    end_blocks(58, BLOCKS);
    scene.sizes[58] = 100000;
    scene.blocks[58] = ch_heap_alloc(scene.heap, scene.sizes[58]);
    draw_map();
    scene.stats = ch_heap_stats(scene.heap);
    uintptr_t start = (uintptr_t)scene.heap->pages;
    for (size_t page = 0; page < scene.heap->page_count; page++) {
        ask_about(start + page * 4096);
        ask_about(start + page * 4096 + CH_GRANULE_BYTES);
    }
}

#define IN_SCENE(claim) cmocka_unit_test_setup_teardown(claim, set_scene, clear_scene)

int run_pointer_claims(void)
{
    const struct CMUnitTest claims[] = {
        IN_SCENE(every_byte_of_the_arena_is_told_for_what_it_is),
        IN_SCENE(patterns_from_anywhere_are_foreign_or_told_for_what_they_are),
        IN_SCENE(blocks_of_another_heap_are_foreign),
        IN_SCENE(a_place_that_was_a_start_is_told_by_what_is_there_now),
    };
    return cmocka_run_group_tests_name("any pointer", claims, NULL, NULL);
}
