// The second principle: sizes are exact. The test allocates every size up to SIZES, grows to it,
// shrinks to it and keeps it through a refused reallocate.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "laws/fill.h"

#define SIZES 70000U

// Far too many to assert each with cmocka, which formats both sides first.
#define CLAIM(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("with %zu bytes: %s", size_bytes, #condition);                                \
        }                                                                                          \
    } while (0)

static struct ch_heap *heap;

static int make_heap(void **state)
{
    (void)state;
    heap = ch_heap_create(&(struct ch_config){.arena_bytes = 64 * MIB});
    return heap == NULL;
}

static int end_heap(void **state)
{
    (void)state;
    struct ch_stats stats = ch_heap_stats(heap);
    bool is_whole = ch_heap_check(heap).invariant == CH_INVARIANTS;
    ch_heap_destroy(heap);
    return stats.live_blocks != 0 || stats.live_bytes != 0 || !is_whole;
}

static void a_block_is_aligned_and_has_the_size_that_was_asked_for(void **state)
{
    (void)state;
    for (size_t size_bytes = 0; size_bytes <= SIZES; size_bytes++) {
        void *block = ch_heap_alloc(heap, size_bytes);
        CLAIM(block != NULL);
        CLAIM((uintptr_t)block % CH_GRANULE_BYTES == 0);
        CLAIM(ch_heap_size_bytes(heap, block) == size_bytes);
        CLAIM(ch_heap_owns(heap, block));
        CLAIM(ch_heap_stats(heap).live_bytes == size_bytes);
        CLAIM(ch_heap_stats(heap).live_blocks == 1);
        ch_heap_free(heap, block);
        CLAIM(ch_heap_size_bytes(heap, block) == SIZE_MAX);
        CLAIM(!ch_heap_owns(heap, block));
    }
}

static void a_block_grows_to_each_size_and_shrinks_from_it(void **state)
{
    (void)state;
    void *block = ch_heap_alloc(heap, 0);
    for (size_t size_bytes = 0; size_bytes <= SIZES; size_bytes++) {
        const size_t targets[] = {size_bytes, size_bytes / 2, size_bytes * 2, size_bytes};
        for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
            block = ch_heap_realloc(heap, block, targets[i]);
            CLAIM(block != NULL);
            CLAIM(ch_heap_size_bytes(heap, block) == targets[i]);
            CLAIM(ch_heap_stats(heap).live_bytes == targets[i]);
            CLAIM(ch_heap_stats(heap).live_blocks == 1);
        }
    }
    ch_heap_free(heap, block);
}

static void a_block_keeps_its_size_when_a_reallocate_is_refused(void **state)
{
    (void)state;
    static const size_t refused[] = {64 * MIB, 64 * MIB + 1, SIZE_MAX / 2, SIZE_MAX - 4096,
                                     SIZE_MAX};
    for (size_t size_bytes = 0; size_bytes <= SIZES; size_bytes++) {
        void *block = ch_heap_alloc(heap, size_bytes);
        struct ch_stats before = ch_heap_stats(heap);
        CLAIM(ch_heap_realloc(heap, block, refused[size_bytes % 5]) == NULL);
        struct ch_stats after = ch_heap_stats(heap);
        CLAIM(ch_heap_size_bytes(heap, block) == size_bytes);
        CLAIM(after.live_bytes == before.live_bytes && after.live_blocks == before.live_blocks);
        ch_heap_free(heap, block);
    }
}

// Each size lives beside the next one up: no two share a byte, and each keeps its own.
static void blocks_of_each_size_live_side_by_side(void **state)
{
    (void)state;
    static void *blocks[4000];
    size_t total = 0;
    for (size_t size_bytes = 0; size_bytes < 4000; size_bytes++) {
        blocks[size_bytes] = ch_heap_alloc(heap, size_bytes);
        CLAIM(blocks[size_bytes] != NULL);
        fill_write(blocks[size_bytes], size_bytes, fill_of(size_bytes));
        total += size_bytes;
    }
    assert_int_equal(ch_heap_stats(heap).live_blocks, 4000);
    assert_int_equal(ch_heap_stats(heap).live_bytes, total);
    for (size_t size_bytes = 0; size_bytes < 4000; size_bytes++) {
        void *block = blocks[size_bytes];
        CLAIM(ch_heap_size_bytes(heap, block) == size_bytes);
        CLAIM(fill_find_wrong(block, size_bytes, fill_of(size_bytes), size_bytes) == SIZE_MAX);
    }
    for (size_t size_bytes = 0; size_bytes < 4000; size_bytes++) {
        ch_heap_free(heap, blocks[size_bytes]);
    }
}

// The same class, and the same pages: there is no reason to move, so the same address.
static void a_block_stays_where_it_is_while_its_room_is_large_enough(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{97, 112}, {112, 97},      {1, 0},
                                      {0, 8},    {20001, 20480}, {20480, 16385}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = ch_heap_alloc(heap, sizes[i][0]);
        assert_ptr_equal(ch_heap_realloc(heap, block, sizes[i][1]), block);
        assert_int_equal(ch_heap_size_bytes(heap, block), sizes[i][1]);
        ch_heap_free(heap, block);
    }
}

static void a_reallocate_of_no_block_is_an_allocate(void **state)
{
    (void)state;
    for (size_t size_bytes = 0; size_bytes < 40000; size_bytes += 333) {
        void *block = ch_heap_realloc(heap, NULL, size_bytes);
        CLAIM(block != NULL);
        CLAIM(ch_heap_size_bytes(heap, block) == size_bytes);
        ch_heap_free(heap, block);
    }
    ch_heap_free(heap, NULL);
}

#define ON_HEAP(claim) cmocka_unit_test_setup_teardown(claim, make_heap, end_heap)

int run_exact_claims(void)
{
    const struct CMUnitTest claims[] = {
        ON_HEAP(a_block_is_aligned_and_has_the_size_that_was_asked_for),
        ON_HEAP(a_block_grows_to_each_size_and_shrinks_from_it),
        ON_HEAP(a_block_keeps_its_size_when_a_reallocate_is_refused),
        ON_HEAP(blocks_of_each_size_live_side_by_side),
        ON_HEAP(a_block_stays_where_it_is_while_its_room_is_large_enough),
        ON_HEAP(a_reallocate_of_no_block_is_an_allocate),
    };
    return cmocka_run_group_tests_name("exact sizes", claims, NULL, NULL);
}
