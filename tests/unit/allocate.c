// Rows A1 to A3 and A11 to A15: results of Alloc. The rows about large sizes are in limits.c, and
// A14, which needs a process in which nothing was called yet, is in task_heap.c.

#include "cmocka_headers.h"
#include "faces.h"
#include "groups.h"
#include "scratch.h"

static void check_zero_blocks(const struct face *face)
{
    void *one = face->alloc(0);
    void *other = face->alloc(0);
    assert_non_null(one);
    assert_non_null(other);
    assert_ptr_not_equal(one, other);
    assert_int_equal(face->size_bytes(one), 0);
    assert_int_equal(face->size_bytes(other), 0);
    face->free(one);
    assert_int_equal(face->size_bytes(other), 0);
    face->free(other);
}

static void A1_zero_bytes_give_a_block_of_their_own(const struct face *face)
{
    check_zero_blocks(face);
}

static void A2_zero_bytes_give_a_block_through_com_heap(const struct face *face)
{
    check_zero_blocks(face);
}

static void A3_one_byte_is_a_block_of_one_byte(const struct face *face)
{
    unsigned char *block = face->alloc(1);
    assert_non_null(block);
    assert_int_equal(face->size_bytes(block), 1);
    *block = 0x5A;
    assert_int_equal(*block, 0x5A);
    face->free(block);
}

// The pages of the scratch heap are garbage when they are fresh, so zeros would be written by the
// heap.
static void A11_the_bytes_of_a_block_are_not_set(const struct face *face)
{
    static const size_t sizes[] = {1, 100, 5000, 200000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        unsigned char *block = face->alloc(sizes[i]);
        assert_non_null(block);
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(block[at], SCRATCH_GARBAGE);
        }
        face->free(block);
    }
}

static void A12_every_block_is_aligned_for_any_object(const struct face *face)
{
    size_t alignment = SIZE_MAX > UINT32_MAX ? 16 : 8;
    void *blocks[300];
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = face->alloc(i * i); // Up to 87 KiB: small and large blocks.
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % alignment, 0);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = face->realloc(blocks[i], i * 7 + 1);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % alignment, 0);
        face->free(blocks[i]);
    }
}

static void A13_no_room_in_the_arena_is_null_and_nothing_more(const struct face *face)
{
    scratch_restart(CH_ARENA_BYTES_MIN);
    void *blocks[CH_ARENA_BYTES_MIN / 1024] = {NULL};
    size_t count = 0;
    void *block = face->alloc(1024);
    while (block != NULL) {
        assert_in_range(count, 0, COUNT_OF(blocks) - 1);
        fill(block, 1024, (unsigned)count);
        blocks[count++] = block;
        block = face->alloc(1024);
    }
    assert_in_range(count, 1, COUNT_OF(blocks));
    for (size_t i = 0; i < count; i++) {
        assert_filled(blocks[i], 1024, (unsigned)i);
        assert_int_equal(face->size_bytes(blocks[i]), 1024);
    }
    face->free(blocks[0]);
    blocks[0] = face->alloc(1024);
    assert_non_null(blocks[0]);
    for (size_t i = 0; i < count; i++) {
        face->free(blocks[i]);
    }
}

static void A13_a_refused_page_is_null_and_nothing_more(const struct face *face)
{
    scratch.refuses_pages = true;
    assert_null(face->alloc(64 * 1024 * 1024));
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
    scratch.refuses_pages = false;
    void *block = face->alloc(64 * 1024 * 1024);
    assert_non_null(block);
    face->free(block);
}

// Whatever a block occupies, its size is the requested size, and nothing else writes those bytes.
static void A15_all_that_was_asked_for_may_be_used(const struct face *face)
{
    void *blocks[600];
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = face->alloc(i);
        assert_non_null(blocks[i]);
        fill(blocks[i], i, (unsigned)i);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        assert_int_equal(face->size_bytes(blocks[i]), i);
        assert_filled(blocks[i], i, (unsigned)i);
        face->free(blocks[i]);
    }
}

int run_allocate_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_TASK_FACES(A1_zero_bytes_give_a_block_of_their_own),
        ON_FACE(A2_zero_bytes_give_a_block_through_com_heap, CComHeap),
        ON_ALL_FACES(A3_one_byte_is_a_block_of_one_byte),
        ON_ALL_FACES(A11_the_bytes_of_a_block_are_not_set),
        ON_ALL_FACES(A12_every_block_is_aligned_for_any_object),
        ON_ALL_FACES(A13_no_room_in_the_arena_is_null_and_nothing_more),
        ON_ALL_FACES(A13_a_refused_page_is_null_and_nothing_more),
        ON_ALL_FACES(A15_all_that_was_asked_for_may_be_used),
    };
    return cmocka_run_group_tests_name("allocate", rows, NULL, NULL);
}
