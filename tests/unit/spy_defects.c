// Section 3.5: the ways in which another implementation is known to miss the contract, one by one,
// except W11, which spy_memory.c has.

#include "cmocka_headers.h"
#include "faces.h"
#include "recorder.h"
#include "scratch.h"
#include "spy_groups.h"

#include <limits.h>

#define HEADER_BYTES 64U

static void W1_what_the_spy_asks_for_is_there_to_be_used(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = HEADER_BYTES;
    unsigned char *block = face->alloc(100);
    fill(block - HEADER_BYTES, 100 + HEADER_BYTES, 1);
    assert_int_equal(ch_heap_stats(scratch.heap).live_bytes, 100 + HEADER_BYTES);
    face->free(block);
    recorder_revoke(&spy);
}

static void W2_a_block_that_could_not_change_is_spied_when_it_is_freed(const struct face *face)
{
    scratch_restart(CH_ARENA_BYTES_MIN);
    for (int refuses = 0; refuses < 2; refuses++) {
        struct recorder spy;
        recorder_register(&spy);
        void *block = face->alloc(100);
        spy.refuses = refuses == 1;
        assert_null(face->realloc(block, INT_MAX));
        recorder_forget(&spy);
        face->free(block);
        recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
        recorder_revoke(&spy);
    }
}

static void W3_reallocating_to_nothing_leaks_nothing(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(100);
    assert_null(face->realloc(block, 0));
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), 0);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
    recorder_revoke(&spy);
}

static void W4_null_is_never_spied(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(100);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    recorder_forget(&spy);
    void *other = face->realloc(NULL, 8);
    recorder_expect(&spy, "PreAlloc 8, PostAlloc %p", other);
    face->free(other);
    assert_int_equal(spy.releases, 0);
    face->free(block);
    assert_int_equal(spy.releases, 1);
}

static void W5_the_spy_does_not_go_amid_a_reallocation(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = HEADER_BYTES;
    unsigned char *block = face->alloc(100);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    recorder_forget(&spy);
    unsigned char *moved = face->realloc(block, 5000);
    recorder_expect(&spy, "PreRealloc %p 5000 %p 1, PostRealloc %p 1", (void *)block, (void *)block,
                    (void *)(moved - HEADER_BYTES));
    face->free(moved);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1, Release", (void *)moved);
}

static void W6_a_spy_without_blocks_may_be_asked_about_any(const struct face *face)
{
    void *old = face->alloc(100);
    struct recorder spy;
    recorder_register(&spy);
    assert_int_equal(face->size_bytes(old), 100);
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), old), 1);
    recorder_expect(&spy,
                    "PreGetSize %p 0, PostGetSize 100 0, PreDidAlloc %p 0, PostDidAlloc %p 0 1",
                    old, old, old);
    face->free(old);
    recorder_revoke(&spy);
}

static void W7_the_spy_is_told_what_the_caller_asked_about(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = HEADER_BYTES;
    void *block = face->alloc(100);
    recorder_forget(&spy);
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), 1);
    recorder_expect(&spy, "PreDidAlloc %p 1, PostDidAlloc %p 1 1", block, block);
    face->free(block);
    recorder_revoke(&spy);
}

static void W8_a_block_from_before_is_not_spied_while_it_is_reallocated(const struct face *face)
{
    void *old = face->alloc(8);
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->realloc(old, 5000);
    recorder_expect(&spy, "PreRealloc %p 5000 %p 0, PostRealloc %p 0", old, old, block);
    face->free(block);
    recorder_revoke(&spy);
}

static void W10_a_failed_query_leaves_null(const struct face *face)
{
    (void)face;
    void *found = &found;
    assert_int_equal(IMalloc_QueryInterface(task_allocator(), &IID_IMallocSpy, &found),
                     E_NOINTERFACE);
    assert_null(found);
}

static void W12_reallocating_from_nothing_or_to_nothing_is_none(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->realloc(NULL, 100);
    assert_null(face->realloc(block, 0));
    recorder_expect(&spy, "PreAlloc 100, PostAlloc %p, PreFree %p 1, PostFree 1", block, block);
    recorder_revoke(&spy);
}

int run_spy_defect_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_ALL_FACES(W1_what_the_spy_asks_for_is_there_to_be_used),
        ON_ALL_FACES(W2_a_block_that_could_not_change_is_spied_when_it_is_freed),
        ON_ALL_FACES(W3_reallocating_to_nothing_leaks_nothing),
        ON_ALL_FACES(W4_null_is_never_spied),
        ON_ALL_FACES(W5_the_spy_does_not_go_amid_a_reallocation),
        ON_ALL_FACES(W6_a_spy_without_blocks_may_be_asked_about_any),
        ON_ALL_FACES(W7_the_spy_is_told_what_the_caller_asked_about),
        ON_ALL_FACES(W8_a_block_from_before_is_not_spied_while_it_is_reallocated),
        ROW(W10_a_failed_query_leaves_null),
        ON_ALL_FACES(W12_reallocating_from_nothing_or_to_nothing_is_none),
    };
    return cmocka_run_group_tests_name("spy_defects", rows, NULL, NULL);
}
