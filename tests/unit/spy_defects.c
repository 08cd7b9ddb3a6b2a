// Section 3.5: the ways in which another implementation is known to miss the contract, one by one.

#define _DEFAULT_SOURCE // For limits on memory.

#include "cmocka_headers.h"
#include "faces.h"
#include "recorder.h"
#include "scratch.h"
#include "spy_groups.h"

#include <limits.h>
#include <stdio.h>
#ifndef _WIN32 // It has no limits on memory for W11.
#include <sys/resource.h>
#endif

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
    recorder_expect(&spy, "PreRealloc %p 8 %p 0, PostRealloc %p 0", NULL, NULL, other);
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

#ifndef _WIN32

// What the process may write to besides its stack, in bytes; 0 where that is not told.
static rlim_t writable_bytes(void)
{
    char line[256];
    unsigned long kibibytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof(line), status) != NULL &&
           sscanf(line, "VmData: %lu kB", &kibibytes) != 1) {
    }
    if (status != NULL) {
        (void)fclose(status);
    }
    return (rlim_t)kibibytes * 1024;
}

#define BLOCKS 60000U

static void *blocks[BLOCKS];

static size_t allocate_blocks(struct recorder *spy, const struct face *face)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        if (spy != NULL) {
            recorder_forget(spy);
        }
        blocks[i] = face->alloc(8);
        if (blocks[i] == NULL) {
            return i;
        }
    }
    return BLOCKS;
}

// The heap has its pages already, so it is the spy's table that gets none.
static void W11_a_block_that_can_not_be_noted_is_not_allocated(const struct face *face)
{
    assert_int_equal(allocate_blocks(NULL, face), BLOCKS);
    for (size_t i = 0; i < BLOCKS - 1; i++) {
        face->free(blocks[i]);
    }
    void *old = blocks[BLOCKS - 1];
    struct recorder spy;
    recorder_register(&spy);
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_DATA, &limit), 0);
    const struct rlimit tight = {.rlim_cur = writable_bytes(), .rlim_max = limit.rlim_max};
    size_t requests = scratch.page_requests;
    assert_int_equal(setrlimit(RLIMIT_DATA, &tight), 0);
    size_t count = allocate_blocks(&spy, face);
    void *changed = face->realloc(old, 10);
    assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);

    assert_in_range(count, 500, BLOCKS - 1);
    recorder_expect(&spy, "PreAlloc 8, PostAlloc %p, PreRealloc %p 10 %p 0, PostRealloc %p 0", NULL,
                    old, old, NULL);
    assert_null(changed);
    assert_int_equal(scratch.page_requests, requests);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, count + 1);
    face->free(old);
    recorder_expect(&spy, "PreFree %p 0, PostFree 0", old);
    for (size_t i = 0; i < count; i++) {
        face->free(blocks[i]);
        recorder_expect(&spy, "PreFree %p 1, PostFree 1", blocks[i]);
    }
    recorder_revoke(&spy);
}

#endif

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
#ifndef _WIN32
        ON_ALL_FACES(W11_a_block_that_can_not_be_noted_is_not_allocated),
#endif
    };
    return cmocka_run_group_tests_name("spy_defects", rows, NULL, NULL);
}
