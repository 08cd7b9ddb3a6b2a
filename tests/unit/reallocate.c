// Rows R1 to R7, R10 and R11: the rules of Realloc. R8 and R9, the limit, are in limits.c.

#include "cmocka_headers.h"
#include "faces.h"
#include "groups.h"
#include "scratch.h"

static void check_null_and_size_allocates(const struct face *face)
{
    void *block = face->realloc(NULL, 100);
    assert_non_null(block);
    assert_int_equal(face->size_bytes(block), 100);
    fill(block, 100, 1);
    assert_filled(block, 100, 1);
    face->free(block);
}

static void check_null_and_zero_allocates(const struct face *face)
{
    void *one = face->realloc(NULL, 0);
    void *other = face->realloc(NULL, 0);
    assert_non_null(one);
    assert_non_null(other);
    assert_ptr_not_equal(one, other);
    assert_int_equal(face->size_bytes(one), 0);
    face->free(one);
    face->free(other);
}

static void check_block_and_zero_frees(const struct face *face)
{
    static const size_t sizes[] = {0, 1, 100, 100000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        void *block = face->alloc(sizes[i]);
        assert_non_null(block);
        assert_null(face->realloc(block, 0));
        assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), 0);
        assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
    }
}

static void R1_realloc_of_null_allocates(const struct face *face)
{
    check_null_and_size_allocates(face);
}

static void R2_realloc_of_null_to_zero_gives_a_zero_block(const struct face *face)
{
    check_null_and_zero_allocates(face);
}

static void R3_realloc_to_zero_frees_and_returns_null(const struct face *face)
{
    check_block_and_zero_frees(face);
}

// Between two neighbours, so that the kept bytes show when the block moves and when it doesn't.
static void check_resize(const struct face *face, size_t old_bytes, size_t new_bytes)
{
    void *before = face->alloc(old_bytes);
    void *block = face->alloc(old_bytes);
    void *after = face->alloc(old_bytes);
    assert_non_null(before);
    assert_non_null(block);
    assert_non_null(after);
    fill(before, old_bytes, 1);
    fill(block, old_bytes, 2);
    fill(after, old_bytes, 3);

    block = face->realloc(block, new_bytes);
    assert_non_null(block);
    assert_int_equal(face->size_bytes(block), new_bytes);
    assert_filled(block, old_bytes < new_bytes ? old_bytes : new_bytes, 2);
    fill(block, new_bytes, 4);

    assert_filled(before, old_bytes, 1);
    assert_filled(after, old_bytes, 3);
    assert_filled(block, new_bytes, 4);
    face->free(before);
    face->free(block);
    face->free(after);
}

static void R4_realloc_keeps_what_fits_and_sets_the_size(const struct face *face)
{
    static const size_t sizes[] = {1, 15, 16, 17, 100, 1000, 4096, 33000, 70000, 1000000};
    for (size_t from = 0; from < COUNT_OF(sizes); from++) {
        for (size_t to = 0; to < COUNT_OF(sizes); to++) {
            check_resize(face, sizes[from], sizes[to]);
        }
    }
}

// The pages of the scratch heap are garbage when they are fresh, so zeros would be written by the
// heap.
static void R5_the_new_tail_is_not_set(const struct face *face)
{
    static const size_t sizes[] = {17, 1000, 200000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        scratch_restart(CH_ARENA_BYTES_DEFAULT);
        void *small = face->alloc(16);
        assert_non_null(small);
        unsigned char *block = face->realloc(small, sizes[i]);
        assert_non_null(block);
        for (size_t at = 16; at < sizes[i]; at++) {
            assert_int_equal(block[at], SCRATCH_GARBAGE);
        }
        face->free(block);
    }
}

static void assert_untouched(const struct face *face, void *block, size_t size_bytes)
{
    assert_int_equal(face->size_bytes(block), size_bytes);
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), 1);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 1);
    assert_filled(block, size_bytes, 5);
}

static void R6_failed_realloc_leaves_the_old_block(const struct face *face)
{
    static const size_t sizes[] = {10, 1000, 50000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        scratch_restart(CH_ARENA_BYTES_MIN);
        void *block = face->alloc(sizes[i]);
        assert_non_null(block);
        fill(block, sizes[i], 5);
        assert_null(face->realloc(block, CH_ARENA_BYTES_MIN));
        assert_untouched(face, block, sizes[i]);
        assert_null(face->realloc(block, SIZE_MAX));
        assert_untouched(face, block, sizes[i]);
        assert_null(face->realloc(block, SIZE_MAX - 16));
        assert_untouched(face, block, sizes[i]);
        face->free(block);
    }
}

static void R6_refused_realloc_leaves_the_old_block(const struct face *face)
{
    static const size_t sizes[] = {10, 1000, 50000, 1000000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        void *block = face->alloc(sizes[i]);
        assert_non_null(block);
        fill(block, sizes[i], 5);
        scratch.refuses_pages = true;
        assert_null(face->realloc(block, 64 * 1024 * 1024));
        assert_untouched(face, block, sizes[i]);
        scratch.refuses_pages = false;
        block = face->realloc(block, 2 * sizes[i]);
        assert_non_null(block);
        assert_filled(block, sizes[i], 5);
        face->free(block);
    }
}

// So a caller that sees NULL knows from its own arguments whether the old block is still its own.
static void R7_null_means_freed_only_for_a_block_and_zero(const struct face *face)
{
    IMalloc *allocator = task_allocator();

    void *block = face->realloc(NULL, 0);
    assert_non_null(block);
    assert_null(face->realloc(block, SIZE_MAX));
    assert_int_equal(IMalloc_DidAlloc(allocator, block), 1);
    assert_null(face->realloc(block, 0));
    assert_int_equal(IMalloc_DidAlloc(allocator, block), 0);
    assert_null(face->realloc(NULL, SIZE_MAX));
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
}

static void R10_com_heap_reallocates_as_task_memory_does(const struct face *face)
{
    check_null_and_size_allocates(face);
    check_null_and_zero_allocates(face);
    check_block_and_zero_frees(face);
}

static void R11_realloc_of_a_freed_block_is_a_fault(const struct face *face)
{
    void *block = face->alloc(100);
    assert_non_null(block);
    face->free(block);
    assert_null(face->realloc(block, 200));
    scratch_expect_fault(CH_FAULT_REALLOC_STALE, block);
}

static void R11_realloc_inside_a_block_is_a_fault(const struct face *face)
{
    unsigned char *block = face->alloc(100);
    assert_non_null(block);
    fill(block, 100, 6);
    assert_null(face->realloc(block + 4, 200));
    scratch_expect_fault(CH_FAULT_REALLOC_INTERIOR, block + 4);
    assert_int_equal(face->size_bytes(block), 100);
    assert_filled(block, 100, 6);
    face->free(block);
}

static void R11_realloc_of_foreign_memory_is_a_fault(const struct face *face)
{
    unsigned char bytes[32];
    fill(bytes, sizeof bytes, 7);
    assert_null(face->realloc(bytes, 200));
    scratch_expect_fault(CH_FAULT_REALLOC_FOREIGN, bytes);
    assert_filled(bytes, sizeof bytes, 7);
}

// Realloc to 0 is a free, so a wrong pointer is a fault of free.
static void R11_realloc_of_a_bad_pointer_to_zero_is_a_fault_of_free(const struct face *face)
{
    unsigned char *block = face->alloc(100);
    assert_non_null(block);
    assert_null(face->realloc(block + 4, 0));
    scratch_expect_fault(CH_FAULT_FREE_INTERIOR, block + 4);
    assert_int_equal(face->size_bytes(block), 100);
    face->free(block);
    assert_null(face->realloc(block, 0));
    scratch_expect_fault(CH_FAULT_FREE_TWICE, block);
    unsigned char byte = 0;
    assert_null(face->realloc(&byte, 0));
    scratch_expect_fault(CH_FAULT_FREE_FOREIGN, &byte);
}

int run_reallocate_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_TASK_FACES(R1_realloc_of_null_allocates),
        ON_TASK_FACES(R2_realloc_of_null_to_zero_gives_a_zero_block),
        ON_TASK_FACES(R3_realloc_to_zero_frees_and_returns_null),
        ON_ALL_FACES(R4_realloc_keeps_what_fits_and_sets_the_size),
        ON_ALL_FACES(R5_the_new_tail_is_not_set),
        ON_ALL_FACES(R6_failed_realloc_leaves_the_old_block),
        ON_ALL_FACES(R6_refused_realloc_leaves_the_old_block),
        ON_ALL_FACES(R7_null_means_freed_only_for_a_block_and_zero),
        ON_FACE(R10_com_heap_reallocates_as_task_memory_does, CComHeap),
        ON_ALL_FACES(R11_realloc_of_a_freed_block_is_a_fault),
        ON_ALL_FACES(R11_realloc_inside_a_block_is_a_fault),
        ON_ALL_FACES(R11_realloc_of_foreign_memory_is_a_fault),
        ON_ALL_FACES(R11_realloc_of_a_bad_pointer_to_zero_is_a_fault_of_free),
    };
    return cmocka_run_group_tests_name("reallocate", rows, NULL, NULL);
}
