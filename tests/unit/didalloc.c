// Rows D1 to D7: DidAlloc's answer about any pointer there is.

#include "cmocka_headers.h"
#include "faces.h"
#include "groups.h"
#include "scratch.h"

#include <stdlib.h>

static int did_alloc(void *pointer)
{
    return IMalloc_DidAlloc(task_allocator(), pointer);
}

static void D1_a_live_block_is_ours(const struct face *face)
{
    static const size_t sizes[] = {0, 1, 16, 100, 100000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        void *block = face->alloc(sizes[i]);
        assert_non_null(block);
        assert_int_equal(did_alloc(block), 1);
        block = face->realloc(block, sizes[i] + 1000);
        assert_int_equal(did_alloc(block), 1);
        face->free(block);
    }
}

static void D2_null_is_minus_one(const struct face *face)
{
    (void)face;
    assert_int_equal(did_alloc(NULL), -1);
}

static void D3_an_address_that_nothing_has_is_not_ours(const struct face *face)
{
    (void)face;
    assert_int_equal(did_alloc((void *)1), 0);
}

static void D4_the_inside_of_a_block_is_not_ours(const struct face *face)
{
    (void)face;
    static const size_t sizes[] = {100, 100000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        unsigned char *block = CoTaskMemAlloc(sizes[i]);
        assert_non_null(block);
        assert_int_equal(did_alloc(block + 1), 0);
        assert_int_equal(did_alloc(block + 4), 0);
        assert_int_equal(did_alloc(block + 16), 0);
        assert_int_equal(did_alloc(block + sizes[i] - 1), 0);
        CoTaskMemFree(block);
    }
}

static void D5_other_memory_and_freed_blocks_are_not_ours(const struct face *face)
{
    (void)face;
    unsigned char on_stack[32];
    static unsigned char in_image[32];
    assert_int_equal(did_alloc(on_stack), 0);
    assert_int_equal(did_alloc(in_image), 0);

    struct ch_heap *private_heap = ch_heap_create(&(struct ch_config){
        .arena_bytes = CH_ARENA_BYTES_MIN,
    });
    assert_non_null(private_heap);
    assert_int_equal(did_alloc(ch_heap_alloc(private_heap, 100)), 0);
    ch_heap_destroy(private_heap);

    void *block = CoTaskMemAlloc(100);
    assert_int_equal(did_alloc(block), 1);
    CoTaskMemFree(block);
    assert_int_equal(did_alloc(block), 0);
}

static void D6_blocks_of_the_c_heap_are_not_ours(const struct face *face)
{
    (void)face;
    void *block = malloc(100);
    assert_non_null(block);
    assert_int_equal(did_alloc(block), 0);
    free(block);
}

// Every address with one bit set or one bit changed from a live block's, and then a long walk.
static void D7_any_bit_pattern_may_be_asked_about(const struct face *face)
{
    (void)face;
    void *block = CoTaskMemAlloc(100);
    assert_non_null(block);
    for (unsigned bit = 0; bit < 8 * sizeof(void *); bit++) {
        uintptr_t one = (uintptr_t)1 << bit;
        assert_int_equal(did_alloc((void *)one), 0);
        assert_int_equal(did_alloc((void *)~one), 0);
        assert_int_equal(did_alloc((void *)((uintptr_t)block ^ one)), 0);
    }
    uint64_t pattern = 1;
    for (int i = 0; i < 100000; i++) {
        pattern = pattern * 6364136223846793005u + 1442695040888963407u;
        void *pointer = (void *)(uintptr_t)(pattern ^ (pattern >> 29));
        assert_int_equal(did_alloc(pointer), pointer == block ? 1 : 0);
    }
    CoTaskMemFree(block);
}

int run_didalloc_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_ALL_FACES(D1_a_live_block_is_ours),
        ROW(D2_null_is_minus_one),
        ROW(D3_an_address_that_nothing_has_is_not_ours),
        ROW(D4_the_inside_of_a_block_is_not_ours),
        ROW(D5_other_memory_and_freed_blocks_are_not_ours),
        ROW(D6_blocks_of_the_c_heap_are_not_ours),
        ROW(D7_any_bit_pattern_may_be_asked_about),
    };
    return cmocka_run_group_tests_name("didalloc", rows, NULL, NULL);
}
