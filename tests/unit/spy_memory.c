// Row W11 of section 3.5, and sections 3.1 and 3.4 likewise: the spy where there is no memory to
// note which blocks are spied. The set of spied pointers has memory of its own, so the process gets
// none.

#define _DEFAULT_SOURCE // For limits on memory.

#include "cmocka_headers.h"
#include "faces.h"
#include "recorder.h"
#include "scratch.h"
#include "spy_groups.h"

#include <stdio.h>
#include <sys/resource.h>

static struct rlimit usual_limit;

// Returns the bytes that the process may write to besides its stack; 0 where the system does not
// say.
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

// From here on the process may write to no page more, until memory_ends_being_tight.
static void memory_is_tight(void)
{
    assert_int_equal(getrlimit(RLIMIT_DATA, &usual_limit), 0);
    const struct rlimit tight = {.rlim_cur = writable_bytes(), .rlim_max = usual_limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_DATA, &tight), 0);
}

static void memory_ends_being_tight(void)
{
    assert_int_equal(setrlimit(RLIMIT_DATA, &usual_limit), 0);
}

// The reference that the query added is given back.
static void S3_1_8_a_spy_that_there_is_no_memory_for_is_not_registered(const struct face *face)
{
    struct recorder spy;
    recorder_init(&spy);
    memory_is_tight();
    HRESULT result = CoRegisterMallocSpy(&spy.spy);
    memory_ends_being_tight();
    assert_int_equal(result, E_OUTOFMEMORY);
    recorder_expect(&spy, "Release");
    assert_int_equal(spy.references, 0);
    face->free(face->alloc(8));
    recorder_expect(&spy, "%s", "");
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
    recorder_register(&spy);
    recorder_revoke(&spy);
}

#define BLOCKS 60000U

static void *blocks[BLOCKS];

static size_t allocate_blocks(struct recorder *spy, const struct face *face, size_t size_bytes,
                              size_t most)
{
    for (size_t i = 0; i < most; i++) {
        if (spy != NULL) {
            recorder_forget(spy);
        }
        blocks[i] = face->alloc(size_bytes);
        if (blocks[i] == NULL) {
            return i;
        }
    }
    return most;
}

// From now on, the heap has pages for these blocks and this one.
static void *begin_with_pages(const struct face *face)
{
    assert_int_equal(allocate_blocks(NULL, face, 8, BLOCKS), BLOCKS);
    for (size_t i = 0; i < BLOCKS - 1; i++) {
        face->free(blocks[i]);
    }
    return blocks[BLOCKS - 1];
}

static void free_spied_blocks(struct recorder *spy, const struct face *face, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        face->free(blocks[i]);
        recorder_expect(spy, "PreFree %p 1, PostFree 1", blocks[i]);
    }
}

// The heap has its pages already, so the spy's table gets none.
static void W11_a_block_that_can_not_be_noted_is_not_allocated(const struct face *face)
{
    void *old = begin_with_pages(face);
    struct recorder spy;
    recorder_register(&spy);
    size_t requests = scratch.page_requests;
    memory_is_tight();
    size_t count = allocate_blocks(&spy, face, 8, BLOCKS);
    void *changed = face->realloc(old, 10);
    memory_ends_being_tight();

    assert_in_range(count, 500, BLOCKS - 1);
    recorder_expect(&spy, "PreAlloc 8, PostAlloc %p, PreRealloc %p 10 %p 0, PostRealloc %p 0", NULL,
                    old, old, NULL);
    assert_null(changed);
    assert_int_equal(scratch.page_requests, requests);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, count + 1);
    face->free(old);
    recorder_expect(&spy, "PreFree %p 0, PostFree 0", old);
    free_spied_blocks(&spy, face, count);
    recorder_revoke(&spy);
}

static void W11_nor_is_what_the_spy_hands_out_instead(const struct face *face)
{
    void *old = begin_with_pages(face);
    struct recorder spy;
    recorder_register(&spy);
    memory_is_tight();
    size_t count = allocate_blocks(&spy, face, 8, BLOCKS);
    spy.instead = old;
    void *given = face->realloc(old, 10);
    memory_ends_being_tight();

    assert_null(given);
    recorder_forget(&spy);
    face->free(old);
    recorder_expect(&spy, "PreFree %p 0, PostFree 0", old);
    free_spied_blocks(&spy, face, count);
    recorder_revoke(&spy);
}

static void W11_a_block_ends_by_zero_bytes_though_none_can_be_noted(const struct face *face)
{
    void *old = begin_with_pages(face);
    struct recorder spy;
    recorder_register(&spy);
    memory_is_tight();
    size_t count = allocate_blocks(&spy, face, 8, BLOCKS);
    recorder_forget(&spy);
    void *last = blocks[count - 1];
    void *gone = face->realloc(last, 0);
    memory_ends_being_tight();

    assert_null(gone);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", last);
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), last), 0);
    recorder_expect(&spy, "PreDidAlloc %p 0, PostDidAlloc %p 0 0", last, last); // And no mark.
    face->free(old);
    recorder_forget(&spy);
    free_spied_blocks(&spy, face, count - 1);
    recorder_revoke(&spy);
}

// The set of spied pointers has been larger, and so has room.
static void S3_4_7a_an_empty_block_that_can_not_be_noted_is_not_allocated(const struct face *face)
{
    void *old = begin_with_pages(face);
    struct recorder spy;
    recorder_register(&spy);
    assert_int_equal(allocate_blocks(&spy, face, 8, BLOCKS / 3), BLOCKS / 3);
    for (size_t i = 0; i < BLOCKS / 3; i++) {
        recorder_forget(&spy);
        face->free(blocks[i]);
    }
    spy.header_bytes = CH_GRANULE_BYTES;
    memory_is_tight();
    size_t count = allocate_blocks(&spy, face, 0, BLOCKS / 3);
    recorder_expect(&spy, "PreAlloc 0, PostAlloc %p", NULL);
    void *other = face->alloc(1);
    memory_ends_being_tight();

    assert_in_range(count, 500, BLOCKS / 3 - 1);
    assert_non_null(other); // So there was room for the block.
    recorder_forget(&spy);
    face->free(other);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", other);
    face->free(old);
    recorder_forget(&spy);
    free_spied_blocks(&spy, face, count);
    recorder_revoke(&spy);
}

int run_spy_memory_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_ALL_FACES(S3_1_8_a_spy_that_there_is_no_memory_for_is_not_registered),
        ON_ALL_FACES(W11_a_block_that_can_not_be_noted_is_not_allocated),
        ON_ALL_FACES(W11_nor_is_what_the_spy_hands_out_instead),
        ON_ALL_FACES(W11_a_block_ends_by_zero_bytes_though_none_can_be_noted),
        ON_ALL_FACES(S3_4_7a_an_empty_block_that_can_not_be_noted_is_not_allocated),
    };
    return cmocka_run_group_tests_name("spy_memory", rows, NULL, NULL);
}
