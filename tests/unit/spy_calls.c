// Section 3.4: the spy's view of each call, and the effect of its answers.

#include "cmocka_headers.h"
#include "faces.h"
#include "recorder.h"
#include "scratch.h"
#include "spy_groups.h"

#include <limits.h>

#define HEADER_BYTES 64U

static void
S3_4_1_the_spy_says_how_much_is_allocated_and_what_the_caller_gets(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = HEADER_BYTES;
    unsigned char *block = face->alloc(100);
    assert_non_null(block);
    recorder_expect(&spy, "PreAlloc 100, PostAlloc %p", (void *)(block - HEADER_BYTES));
    assert_int_equal(ch_heap_size_bytes(scratch.heap, block - HEADER_BYTES), 100 + HEADER_BYTES);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", (void *)block);
    recorder_revoke(&spy);
}

static void S3_4_1_a_refused_request_allocates_nothing(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.refuses = true;
    assert_null(face->alloc(100));
    recorder_expect(&spy, "PreAlloc 100");
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
    recorder_revoke(&spy);
}

static void S3_4_1_the_spy_is_told_that_there_is_no_memory(const struct face *face)
{
    scratch_restart(CH_ARENA_BYTES_MIN);
    struct recorder spy;
    recorder_register(&spy);
    assert_null(face->alloc(INT_MAX));
    recorder_expect(&spy, "PreAlloc %d, PostAlloc %p", INT_MAX, NULL);
    recorder_revoke(&spy);
}

// The spy keeps the block, so the revoke waits for no block.
static void S3_4_1_what_the_caller_does_not_get_is_not_spied(const struct face *face)
{
    void *kept = face->alloc(100);
    face->free(kept);
    struct recorder spy;
    recorder_register(&spy);
    spy.loses_block = true;
    assert_null(face->alloc(100));
    recorder_expect(&spy, "PreAlloc 100, PostAlloc %p", kept);
    recorder_revoke(&spy);
    face->free(kept);
}

static void S3_4_2_null_is_freed_without_the_spy(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    face->free(NULL);
    recorder_expect(&spy, "%s", "");
    recorder_revoke(&spy);
}

static void S3_4_2_a_pointer_that_is_no_block_is_a_fault_still(const struct face *face)
{
    unsigned char bytes[32];
    struct recorder spy;
    recorder_register(&spy);
    face->free(bytes);
    scratch_expect_fault(CH_FAULT_FREE_FOREIGN, bytes);
    recorder_expect(&spy, "PreFree %p 0, PostFree 0", (void *)bytes);
    recorder_revoke(&spy);
}

static void S3_4_3_the_spy_says_what_is_reallocated_and_how_much(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = HEADER_BYTES;
    unsigned char *block = face->alloc(100);
    fill(block, 100, 1);
    recorder_forget(&spy);
    unsigned char *moved = face->realloc(block, 5000);
    assert_non_null(moved);
    recorder_expect(&spy, "PreRealloc %p 5000 %p 1, PostRealloc %p 1", (void *)block, (void *)block,
                    (void *)(moved - HEADER_BYTES));
    assert_int_equal(ch_heap_size_bytes(scratch.heap, moved - HEADER_BYTES), 5000 + HEADER_BYTES);
    assert_filled(moved, 100, 1);
    face->free(moved);
    recorder_revoke(&spy);
}

static void S3_4_3_a_refused_request_leaves_the_block_spied(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(100);
    fill(block, 100, 2);
    recorder_forget(&spy);
    spy.refuses = true;
    assert_null(face->realloc(block, 200));
    recorder_expect(&spy, "PreRealloc %p 200 %p 1", block, block);
    assert_int_equal(face->size_bytes(block), 100);
    recorder_expect(&spy, "PreGetSize %p 1, PostGetSize 100 1", block);
    assert_filled(block, 100, 2);
    face->free(block);
    recorder_revoke(&spy);
}

static void S3_4_3_where_there_is_no_memory_the_block_stays_spied(const struct face *face)
{
    scratch_restart(CH_ARENA_BYTES_MIN);
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(100);
    recorder_forget(&spy);
    assert_null(face->realloc(block, INT_MAX));
    recorder_expect(&spy, "PreRealloc %p %d %p 1, PostRealloc %p 1", block, INT_MAX, block, NULL);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    recorder_forget(&spy);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1, Release", block);
}

// A spy may repair a failure by handing out the block that could not be changed.
static void S3_4_3_what_the_spy_hands_out_instead_is_spied(const struct face *face)
{
    scratch_restart(CH_ARENA_BYTES_MIN);
    void *block = face->alloc(100);
    struct recorder spy;
    recorder_register(&spy);
    spy.instead = block;
    assert_ptr_equal(face->realloc(block, INT_MAX), block);
    recorder_expect(&spy, "PreRealloc %p %d %p 0, PostRealloc %p 0", block, INT_MAX, block, NULL);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
    recorder_revoke(&spy);
}

static void S3_4_3_what_the_spy_hands_out_instead_may_be_spied_already(const struct face *face)
{
    scratch_restart(CH_ARENA_BYTES_MIN);
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(100);
    spy.instead = block;
    assert_ptr_equal(face->realloc(block, INT_MAX), block);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    recorder_forget(&spy);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1, Release", block); // There is one of it.
}

static void S3_4_3_zero_bytes_free_the_block(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(100);
    recorder_forget(&spy);
    assert_null(face->realloc(block, 0));
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
    recorder_revoke(&spy);
}

static void S3_4_3_zero_bytes_free_what_is_no_block_with_a_fault(const struct face *face)
{
    unsigned char bytes[32];
    struct recorder spy;
    recorder_register(&spy);
    assert_null(face->realloc(bytes, 0));
    scratch_expect_fault(CH_FAULT_FREE_FOREIGN, bytes);
    recorder_expect(&spy, "PreFree %p 0, PostFree 0", (void *)bytes);
    recorder_revoke(&spy);
}

// The spy keeps it, so the revoke waits for no block.
static void S3_4_3_what_zero_bytes_would_free_the_spy_may_keep(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(100);
    recorder_forget(&spy);
    spy.hides_block = true;
    assert_null(face->realloc(block, 0));
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
    assert_int_equal(ch_heap_size_bytes(scratch.heap, block), 100);
    recorder_revoke(&spy);
    face->free(block);
}

// NULL is reallocated in its place; where there is no memory for that, the block stays spied.
static void S3_4_3_a_block_that_the_spy_hides_does_not_end(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(100);
    spy.hides_block = true;
    recorder_forget(&spy);
    scratch.refuses_pages = true;
    assert_null(face->realloc(block, 200));
    scratch.refuses_pages = false;
    recorder_expect(&spy, "PreRealloc %p 200 %p 1, PostRealloc %p 1", block, block, NULL);
    void *other = face->realloc(block, 200);
    assert_non_null(other);
    recorder_expect(&spy, "PreRealloc %p 200 %p 1, PostRealloc %p 1", block, block, other);
    spy.hides_block = false;
    face->free(other);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", other);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 0, PostFree 0", block); // The caller got the other one.
    recorder_revoke(&spy);
}

static void S3_4_3_null_is_allocated(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->realloc(NULL, 100);
    recorder_expect(&spy, "PreAlloc 100, PostAlloc %p", block);
    void *empty = face->realloc(NULL, 0);
    assert_non_null(empty);
    recorder_expect(&spy, "PreAlloc 0, PostAlloc %p", empty);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
    face->free(empty);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", empty);
    recorder_revoke(&spy);
}

static void S3_4_3_null_is_not_allocated_where_that_is_refused(const struct face *face)
{
    scratch_restart(CH_ARENA_BYTES_MIN);
    struct recorder spy;
    recorder_register(&spy);
    assert_null(face->realloc(NULL, INT_MAX));
    recorder_expect(&spy, "PreAlloc %d, PostAlloc %p", INT_MAX, NULL);
    spy.refuses = true;
    assert_null(face->realloc(NULL, 100));
    recorder_expect(&spy, "PreAlloc 100");
    recorder_revoke(&spy);
}

static void S3_4_4_the_spy_hides_what_it_added_to_the_size(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = HEADER_BYTES;
    void *block = face->alloc(27);
    recorder_forget(&spy);
    assert_int_equal(face->size_bytes(block), 27);
    recorder_expect(&spy, "PreGetSize %p 1, PostGetSize %u 1", block, 27 + HEADER_BYTES);
    assert_true(face->size_bytes(NULL) == SIZE_MAX);
    recorder_expect(&spy, "%s", "");
    face->free(block);
    recorder_revoke(&spy);
}

static void S3_4_5_both_methods_are_told_the_callers_pointer(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = HEADER_BYTES;
    void *block = face->alloc(27);
    recorder_forget(&spy);
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), 1);
    recorder_expect(&spy, "PreDidAlloc %p 1, PostDidAlloc %p 1 1", block, block);
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), &spy), 0);
    recorder_expect(&spy, "PreDidAlloc %p 0, PostDidAlloc %p 0 0", (void *)&spy, (void *)&spy);
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), NULL), -1);
    recorder_expect(&spy, "%s", "");
    face->free(block);
    recorder_revoke(&spy);
}

static void S3_4_5_the_spy_says_what_is_asked_about_and_what_is_answered(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(27);
    recorder_forget(&spy);
    spy.asked_instead = block;
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), &spy), 1);
    recorder_expect(&spy, "PreDidAlloc %p 0, PostDidAlloc %p 0 1", (void *)&spy, (void *)&spy);
    spy.asked_instead = &spy;
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), 0);
    recorder_expect(&spy, "PreDidAlloc %p 1, PostDidAlloc %p 1 0", block, block);
    spy.did_alloc_more = -1;
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), -1);
    recorder_expect(&spy, "PreDidAlloc %p 1, PostDidAlloc %p 1 0", block, block);
    face->free(block);
    recorder_revoke(&spy);
}

static void S3_4_6_minimizing_is_told(const struct face *face)
{
    (void)face;
    struct recorder spy;
    recorder_register(&spy);
    IMalloc_HeapMinimize(task_allocator());
    recorder_expect(&spy, "PreHeapMinimize, PostHeapMinimize");
    recorder_revoke(&spy);
}

static void S3_4_7_zero_bytes_are_requests_too_and_zero_is_no_refusal(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.refuses = true;
    void *block = face->alloc(0);
    assert_non_null(block);
    recorder_expect(&spy, "PreAlloc 0, PostAlloc %p", block);
    assert_null(face->realloc(block, 0));
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
    recorder_revoke(&spy);
}

static void S3_4_9_what_CComHeap_refuses_is_not_told(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(8);
    recorder_forget(&spy);
    assert_null(face->alloc((size_t)INT_MAX + 1));
    assert_null(face->realloc(block, (size_t)INT_MAX + 1));
    recorder_expect(&spy, "%s", "");
    face->free(block);
    recorder_revoke(&spy);
}

int run_spy_call_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_ALL_FACES(S3_4_1_the_spy_says_how_much_is_allocated_and_what_the_caller_gets),
        ON_ALL_FACES(S3_4_1_a_refused_request_allocates_nothing),
        ON_ALL_FACES(S3_4_1_the_spy_is_told_that_there_is_no_memory),
        ON_ALL_FACES(S3_4_1_what_the_caller_does_not_get_is_not_spied),
        ON_ALL_FACES(S3_4_2_null_is_freed_without_the_spy),
        ON_ALL_FACES(S3_4_2_a_pointer_that_is_no_block_is_a_fault_still),
        ON_ALL_FACES(S3_4_3_the_spy_says_what_is_reallocated_and_how_much),
        ON_ALL_FACES(S3_4_3_a_refused_request_leaves_the_block_spied),
        ON_ALL_FACES(S3_4_3_where_there_is_no_memory_the_block_stays_spied),
        ON_ALL_FACES(S3_4_3_what_the_spy_hands_out_instead_is_spied),
        ON_ALL_FACES(S3_4_3_what_the_spy_hands_out_instead_may_be_spied_already),
        ON_ALL_FACES(S3_4_3_zero_bytes_free_the_block),
        ON_ALL_FACES(S3_4_3_zero_bytes_free_what_is_no_block_with_a_fault),
        ON_ALL_FACES(S3_4_3_what_zero_bytes_would_free_the_spy_may_keep),
        ON_ALL_FACES(S3_4_3_a_block_that_the_spy_hides_does_not_end),
        ON_ALL_FACES(S3_4_3_null_is_allocated),
        ON_ALL_FACES(S3_4_3_null_is_not_allocated_where_that_is_refused),
        ON_ALL_FACES(S3_4_4_the_spy_hides_what_it_added_to_the_size),
        ON_ALL_FACES(S3_4_5_both_methods_are_told_the_callers_pointer),
        ON_ALL_FACES(S3_4_5_the_spy_says_what_is_asked_about_and_what_is_answered),
        ROW(S3_4_6_minimizing_is_told),
        ON_ALL_FACES(S3_4_7_zero_bytes_are_requests_too_and_zero_is_no_refusal),
        ON_FACE(S3_4_9_what_CComHeap_refuses_is_not_told, CComHeap),
    };
    return cmocka_run_group_tests_name("spy_calls", rows, NULL, NULL);
}
