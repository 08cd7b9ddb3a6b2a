// Rows F1 to F4, and section 2.5: effects of Free, also with a pointer that is no block.

#include "cmocka_headers.h"
#include "faces.h"
#include "groups.h"
#include "scratch.h"

static void F1_free_of_null_has_no_effect(const struct face *face)
{
    void *block = face->alloc(100);
    assert_non_null(block);
    fill(block, 100, 1);
    face->free(NULL);
    assert_int_equal(face->size_bytes(block), 100);
    assert_filled(block, 100, 1);
    face->free(block);
}

// Any face may free a block, whichever made it and whichever resized it.
static void F2_a_block_of_one_face_is_a_block_of_every_face(const struct face *face)
{
    (void)face;
    static const struct face *const faces[] = {&face_CoTaskMem, &face_IMalloc, &face_CComHeap};
    for (size_t i = 0; i < 27; i++) {
        const struct face *maker = faces[i % 3];
        const struct face *resizer = faces[i / 3 % 3];
        const struct face *ender = faces[i / 9];
        void *block = maker->alloc(100);
        assert_non_null(block);
        fill(block, 100, 2);
        assert_int_equal(resizer->size_bytes(block), 100);
        block = resizer->realloc(block, 5000);
        assert_non_null(block);
        assert_filled(block, 100, 2);
        assert_int_equal(ender->size_bytes(block), 5000);
        ender->free(block);
        assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
    }
}

static void F3_a_freed_block_is_no_block(const struct face *face)
{
    static const size_t sizes[] = {0, 1, 1000, 100000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        void *block = face->alloc(sizes[i]);
        assert_non_null(block);
        assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), 1);
        face->free(block);
        assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), 0);
        assert_true(face->size_bytes(block) == SIZE_MAX);
        assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
    }
}

// Each block is freed once as it was allocated, and once with another size.
static void F4_the_bytes_that_are_freed_are_those_of_the_block(const struct face *face)
{
    static const size_t sizes[] = {0, 1, 27, 1000, 100000};
    void *kept = face->alloc(50);
    assert_non_null(kept);
    for (size_t i = 0; i < 2 * COUNT_OF(sizes); i++) {
        size_t size_bytes = sizes[i / 2];
        void *block = face->alloc(size_bytes);
        assert_non_null(block);
        if (i % 2 == 1) {
            size_bytes += 300;
            block = face->realloc(block, size_bytes);
            assert_non_null(block);
        }
        assert_int_equal(ch_heap_stats(scratch.heap).live_bytes, 50 + size_bytes);
        face->free(block);
        assert_int_equal(ch_heap_stats(scratch.heap).live_bytes, 50);
        assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 1);
    }
    face->free(kept);
}

static void S2_5_1_free_of_a_freed_block_is_a_fault(const struct face *face)
{
    void *block = face->alloc(100);
    void *other = face->alloc(100);
    assert_non_null(block);
    assert_non_null(other);
    face->free(block);
    face->free(block);
    scratch_expect_fault(CH_FAULT_FREE_TWICE, block);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 1);
    face->free(other);
}

static void S2_5_1_free_inside_a_block_is_a_fault(const struct face *face)
{
    unsigned char *block = face->alloc(100);
    assert_non_null(block);
    fill(block, 100, 3);
    face->free(block + 16);
    scratch_expect_fault(CH_FAULT_FREE_INTERIOR, block + 16);
    assert_int_equal(face->size_bytes(block), 100);
    assert_filled(block, 100, 3);
    face->free(block);
}

static void S2_5_1_free_of_foreign_memory_is_a_fault(const struct face *face)
{
    unsigned char bytes[32];
    face->free(bytes);
    scratch_expect_fault(CH_FAULT_FREE_FOREIGN, bytes);

    struct ch_heap *private_heap = ch_heap_create(&(struct ch_config){
        .arena_bytes = CH_ARENA_BYTES_MIN,
    });
    assert_non_null(private_heap);
    void *block = ch_heap_alloc(private_heap, 100);
    face->free(block);
    scratch_expect_fault(CH_FAULT_FREE_FOREIGN, block);
    assert_true(ch_heap_owns(private_heap, block));
    ch_heap_destroy(private_heap);
}

int run_free_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_ALL_FACES(F1_free_of_null_has_no_effect),
        ROW(F2_a_block_of_one_face_is_a_block_of_every_face),
        ON_ALL_FACES(F3_a_freed_block_is_no_block),
        ON_ALL_FACES(F4_the_bytes_that_are_freed_are_those_of_the_block),
        ON_ALL_FACES(S2_5_1_free_of_a_freed_block_is_a_fault),
        ON_ALL_FACES(S2_5_1_free_inside_a_block_is_a_fault),
        ON_ALL_FACES(S2_5_1_free_of_foreign_memory_is_a_fault),
    };
    return cmocka_run_group_tests_name("free", rows, NULL, NULL);
}
