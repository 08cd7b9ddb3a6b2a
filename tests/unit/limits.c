// Rows A4 to A10, R8 and R9: sizes about INT_MAX, where CComHeap has a limit and task memory has
// none, and sizes that no memory has. Huge blocks are read only at their ends.

#include "cmocka_headers.h"
#include "faces.h"
#include "groups.h"
#include "scratch.h"

#include <limits.h>

#define LIMIT ((size_t)INT_MAX)

// Sizes above the limit. Those that need more than 32 bits are small ones when they lose the rest.
static const size_t too_large[] = {
    LIMIT + 1,
    LIMIT + 2,
    UINT32_MAX - 1,
    UINT32_MAX,
#if SIZE_MAX > UINT32_MAX
    (size_t)UINT32_MAX + 1,
    (size_t)UINT32_MAX + 17,
    (size_t)3 << 32,
#endif
    SIZE_MAX / 2 + 1,
    SIZE_MAX - 16,
    SIZE_MAX,
};

static void check_huge_block(const struct face *face, unsigned char *block, size_t size_bytes)
{
    assert_non_null(block);
    assert_true(face->size_bytes(block) == size_bytes);
    block[0] = 0x11;
    block[size_bytes / 2] = 0x22;
    block[size_bytes - 1] = 0x33;
    assert_int_equal(block[0], 0x11);
    assert_int_equal(block[size_bytes / 2], 0x22);
    assert_int_equal(block[size_bytes - 1], 0x33);
}

static void check_huge_alloc(const struct face *face, size_t size_bytes)
{
    unsigned char *block = face->alloc(size_bytes);
    check_huge_block(face, block, size_bytes);
    face->free(block);
}

static void check_huge_realloc(const struct face *face, size_t size_bytes)
{
    unsigned char *block = face->alloc(1000);
    assert_non_null(block);
    fill(block, 1000, 1);
    block = face->realloc(block, size_bytes);
    assert_non_null(block);
    assert_filled(block, 1000, 1);
    check_huge_block(face, block, size_bytes);
    block = face->realloc(block, 500);
    assert_non_null(block);
    assert_int_equal(face->size_bytes(block), 500);
    assert_int_equal(block[0], 0x11);
    face->free(block);
}

static void A4_task_memory_grants_INT_MAX(const struct face *face)
{
    check_huge_alloc(face, LIMIT);
    check_huge_realloc(face, LIMIT);
}

static void A5_com_heap_grants_INT_MAX(const struct face *face)
{
    check_huge_alloc(face, LIMIT - 1);
    check_huge_alloc(face, LIMIT);
    check_huge_realloc(face, LIMIT);
}

#if SIZE_MAX > UINT32_MAX
static void A6_task_memory_grants_more_than_INT_MAX(const struct face *face)
{
    check_huge_alloc(face, LIMIT + 1);
    check_huge_realloc(face, LIMIT + 1);
    check_huge_alloc(face, (size_t)UINT32_MAX + 17);
}
#endif

// The heap asks for no page: the request never gets as far as task memory.
static void check_refused_by_com_heap(const struct face *face, size_t size_bytes)
{
    size_t requests = scratch.page_requests;
    assert_null(face->alloc(size_bytes));
    assert_int_equal(scratch.page_requests, requests);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
}

static void A7_com_heap_refuses_more_than_INT_MAX(const struct face *face)
{
    for (size_t i = 0; i < COUNT_OF(too_large); i++) {
        check_refused_by_com_heap(face, too_large[i]);
    }
}

// The sizes that 32-bit pointers still allow.
static void A8_the_limit_is_the_same_for_every_width_of_a_pointer(const struct face *face)
{
    check_refused_by_com_heap(face, (size_t)INT_MAX + 1);
    check_refused_by_com_heap(face, (size_t)UINT32_MAX - 16);
    check_refused_by_com_heap(face, (size_t)UINT32_MAX);
}

static void A9_impossible_sizes_are_null_and_do_not_wrap(const struct face *face)
{
    static const size_t sizes[] = {
        SIZE_MAX,
        SIZE_MAX - 1,
        SIZE_MAX - 15,
        SIZE_MAX - 16,
        SIZE_MAX - 4096,
#if SIZE_MAX > UINT32_MAX // With 32 bits, half of them is a size that may be granted.
        SIZE_MAX / 2,
        SIZE_MAX / 2 + 1,
        (size_t)1 << 40,
#endif
    };
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        assert_null(face->alloc(sizes[i]));
        assert_null(face->realloc(NULL, sizes[i]));
        assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
    }
    void *block = face->alloc(100);
    assert_non_null(block);
    face->free(block);
}

static void A10_com_heap_refuses_SIZE_MAX(const struct face *face)
{
    check_refused_by_com_heap(face, SIZE_MAX);
}

static void R8_com_heap_refuses_to_reallocate_above_INT_MAX(const struct face *face)
{
    void *block = face->alloc(1000);
    assert_non_null(block);
    fill(block, 1000, 2);
    size_t requests = scratch.page_requests;
    for (size_t i = 0; i < COUNT_OF(too_large); i++) {
        assert_null(face->realloc(block, too_large[i]));
        assert_int_equal(scratch.page_requests, requests);
        assert_int_equal(face->size_bytes(block), 1000);
        assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), 1);
        assert_filled(block, 1000, 2);
    }
    face->free(block);
}

static void R9_com_heap_refuses_to_reallocate_null_above_INT_MAX(const struct face *face)
{
    size_t requests = scratch.page_requests;
    for (size_t i = 0; i < COUNT_OF(too_large); i++) {
        assert_null(face->realloc(NULL, too_large[i]));
        assert_int_equal(scratch.page_requests, requests);
        assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
    }
}

int run_limit_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_TASK_FACES(A4_task_memory_grants_INT_MAX),
        ON_FACE(A5_com_heap_grants_INT_MAX, CComHeap),
#if SIZE_MAX > UINT32_MAX
        ON_TASK_FACES(A6_task_memory_grants_more_than_INT_MAX),
#endif
        ON_FACE(A7_com_heap_refuses_more_than_INT_MAX, CComHeap),
        ON_FACE(A8_the_limit_is_the_same_for_every_width_of_a_pointer, CComHeap),
        ON_TASK_FACES(A9_impossible_sizes_are_null_and_do_not_wrap),
        ON_FACE(A10_com_heap_refuses_SIZE_MAX, CComHeap),
        ON_FACE(R8_com_heap_refuses_to_reallocate_above_INT_MAX, CComHeap),
        ON_FACE(R9_com_heap_refuses_to_reallocate_null_above_INT_MAX, CComHeap),
    };
    return cmocka_run_group_tests_name("limits", rows, NULL, NULL);
}
