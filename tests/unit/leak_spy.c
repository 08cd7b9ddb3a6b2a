// The leak-counting spy: it reports exactly the live blocks.

#define _GNU_SOURCE // For streams over functions.

#include "cmocka_headers.h"
#include "faces.h"
#include "recorder.h"
#include "scratch.h"
#include "spy_groups.h"

#include <comheap/leakspy.h>

#include <limits.h>
#include <stdio.h>
#ifndef _WIN32
#include <sys/types.h>
#include <unistd.h>
#endif

static struct ch_leak_spy *begin(void)
{
    struct ch_leak_spy *spy = ch_leak_spy_create();
    assert_non_null(spy);
    assert_int_equal(CoRegisterMallocSpy(ch_leak_spy_object(spy)), S_OK);
    return spy;
}

static void end(struct ch_leak_spy *spy)
{
    assert_int_equal(CoRevokeMallocSpy(), S_OK);
    ch_leak_spy_destroy(spy);
}

static void assert_counts(struct ch_leak_spy *spy, size_t blocks, size_t bytes, size_t allocations)
{
    struct ch_leak_counts counts = ch_leak_spy_counts(spy);
    assert_int_equal(counts.live_blocks, blocks);
    assert_int_equal(counts.live_bytes, bytes);
    assert_int_equal(counts.allocations, allocations);
    assert_int_equal(counts.lost, 0);
}

static void leaks_are_told_by_number_size_and_place(const struct face *face)
{
    struct ch_leak_spy *spy = begin();
    void *blocks[20];
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = face->alloc(10 + i);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        if (i != 4 && i != 16) {
            face->free(blocks[i]);
        }
    }
    assert_counts(spy, 2, 14 + 26, 20);
    struct ch_leak leaks[3];
    assert_int_equal(ch_leak_spy_list(spy, leaks, COUNT_OF(leaks)), 2);
    assert_int_equal(leaks[0].number, 5);
    assert_int_equal(leaks[0].size_bytes, 14);
    assert_ptr_equal(leaks[0].block, blocks[4]);
    assert_int_equal(leaks[1].number, 17);
    assert_int_equal(leaks[1].size_bytes, 26);
    assert_ptr_equal(leaks[1].block, blocks[16]);
    assert_int_equal(ch_leak_spy_list(spy, leaks, 1), 1);
    assert_int_equal(ch_leak_spy_list(spy, NULL, 0), 0);
    face->free(blocks[16]);
    face->free(blocks[4]);
    assert_counts(spy, 0, 0, 20);
    end(spy);
}

static void a_reallocated_block_keeps_its_number(const struct face *face)
{
    scratch_restart(8 * CH_ARENA_BYTES_MIN);
    void *old = face->alloc(5);
    void *gone = face->alloc(6);
    struct ch_leak_spy *spy = begin();
    void *block = face->alloc(7);
    old = face->realloc(old, 3000); // It is spied from now on.
    assert_counts(spy, 2, 3007, 2);
    block = face->realloc(block, 4000);
    assert_non_null(block);
    assert_null(face->realloc(block, INT_MAX));
    assert_null(face->realloc(gone, 0));
    assert_counts(spy, 2, 7000, 2);
    struct ch_leak leak;
    assert_int_equal(ch_leak_spy_list(spy, &leak, 1), 1);
    assert_int_equal(leak.number, 1);
    assert_int_equal(leak.size_bytes, 4000);
    assert_ptr_equal(leak.block, block);
    assert_null(face->realloc(block, 0));
    assert_counts(spy, 1, 3000, 2);
    face->free(old);
    assert_counts(spy, 0, 0, 2);
    end(spy);
}

static void a_block_may_come_and_go_by_reallocating(const struct face *face)
{
    struct ch_leak_spy *spy = begin();
    void *block = face->realloc(NULL, 9);
    void *empty = face->realloc(NULL, 0);
    assert_counts(spy, 2, 9, 2);
    assert_null(face->realloc(block, 0));
    assert_counts(spy, 1, 0, 2);
    assert_null(face->realloc(empty, 0));
    assert_counts(spy, 0, 0, 2);
    end(spy);
}

static void what_was_refused_is_no_leak(const struct face *face)
{
    scratch_restart(CH_ARENA_BYTES_MIN);
    struct ch_leak_spy *spy = begin();
    assert_null(face->alloc(INT_MAX));
    assert_null(face->realloc(NULL, INT_MAX));
    assert_counts(spy, 0, 0, 0);
    end(spy);
}

static void assert_answers(void *block, size_t size_bytes, int is_block)
{
    assert_int_equal(IMalloc_GetSize(task_allocator(), block), size_bytes);
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), is_block);
}

static void it_changes_no_call(const struct face *face)
{
    char foreign = 0;
    void *old = face->alloc(5);
    struct ch_leak_spy *spy = begin();
    void *block = face->alloc(6);
    fill(block, 6, 1);
    assert_int_equal(ch_heap_size_bytes(scratch.heap, block), 6);
    assert_answers(old, 5, 1);
    assert_answers(block, 6, 1);
    assert_answers(&foreign, SIZE_MAX, 0);
    assert_answers((unsigned char *)block + 1, SIZE_MAX, 0);
    assert_answers(NULL, SIZE_MAX, -1);
    block = face->realloc(block, 5000);
    assert_filled(block, 6, 1);
    assert_answers(block, 5000, 1);
    IMalloc_HeapMinimize(task_allocator());
    face->free(old);
    assert_answers(old, SIZE_MAX, 0);
    face->free(block);
    end(spy);
}

// More than its first table has room for; it keeps every address apart from every other.
static void many_blocks_are_found_again(const struct face *face)
{
    static void *blocks[20000];
    struct ch_leak_spy *spy = begin();
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = face->alloc(i % 50);
    }
    assert_counts(spy, COUNT_OF(blocks), COUNT_OF(blocks) / 50 * (49 * 50 / 2), COUNT_OF(blocks));
    for (size_t i = COUNT_OF(blocks); i > 0; i -= 2) {
        face->free(blocks[i - 2]);
        blocks[i - 1] = face->realloc(blocks[i - 1], 100); // Found later at its new place.
        assert_non_null(blocks[i - 1]);
    }
    static struct ch_leak leaks[COUNT_OF(blocks)];
    assert_int_equal(ch_leak_spy_list(spy, leaks, COUNT_OF(leaks)), COUNT_OF(blocks) / 2);
    for (size_t i = 1; i < COUNT_OF(blocks); i += 2) {
        assert_int_equal(leaks[i / 2].number, i + 1);
        assert_ptr_equal(leaks[i / 2].block, blocks[i]);
        face->free(blocks[i]);
    }
    assert_counts(spy, 0, 0, COUNT_OF(blocks));
    end(spy);
}

static void a_line_is_printed_for_each_leak(const struct face *face)
{
    struct ch_leak_spy *spy = begin();
    void *one = face->alloc(1);
    void *other = face->alloc(40);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(ch_leak_spy_print(spy, file), 2);
    rewind(file);
    char text[200] = "";
    (void)fread(text, 1, sizeof(text) - 1, file);
    assert_int_equal(fclose(file), 0);
    char expected[200];
    (void)snprintf(expected, sizeof(expected),
                   "block #1 of 1 byte leaked, at %p\nblock #2 of 40 bytes leaked, at %p\n", one,
                   other);
    assert_string_equal(text, expected);
    face->free(one);
    face->free(other);
    end(spy);
}

#ifndef _WIN32 // It has neither such streams, nor such a count of addresses.
// A stream whose function leads back to task memory: it makes a block, and ends the output.
static ssize_t write_and_free(void *cookie, const char *bytes, size_t count)
{
    void ***next = cookie;
    (void)bytes;
    CoTaskMemFree(**next);
    *(*next)++ = CoTaskMemAlloc(3);
    return (ssize_t)count;
}

static void the_stream_may_use_task_memory(const struct face *face)
{
    struct ch_leak_spy *spy = begin();
    void *blocks[200];
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = face->alloc(3);
    }
    void **next = blocks;
    FILE *file = fopencookie(&next, "w", (cookie_io_functions_t){.write = write_and_free});
    assert_non_null(file);
    assert_int_equal(setvbuf(file, NULL, _IOLBF, BUFSIZ), 0);
    (void)alarm(10); // In place of waiting for ever.
    assert_int_equal(ch_leak_spy_print(spy, file), COUNT_OF(blocks));
    (void)alarm(0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(next - blocks, COUNT_OF(blocks));
    assert_counts(spy, COUNT_OF(blocks), 3 * COUNT_OF(blocks), 2 * COUNT_OF(blocks));
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        face->free(blocks[i]);
    }
    end(spy);
}

// Returns the bytes of addresses of the process, with memory behind them or not.
static size_t mapped_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    (void)fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

// No sanitizer sees a heap that is never ended, but its addresses are gone.
static void all_of_it_goes_with_it(const struct face *face)
{
    ch_leak_spy_destroy(ch_leak_spy_create());
    face->free(face->alloc(8)); // So that the heap of task memory has its pages.
    size_t before_bytes = mapped_bytes();
    struct ch_leak_spy *spy = begin();
    size_t heaps_bytes = mapped_bytes() - before_bytes; // Its own, and that of the spied pointers.
    end(spy);
    assert_true(mapped_bytes() - before_bytes < heaps_bytes / 8);
    spy = begin();
    void *block = face->alloc(8);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    ch_leak_spy_destroy(spy);
    face->free(block);
    assert_true(mapped_bytes() - before_bytes < heaps_bytes / 8);
}
#endif

// The recording spy sees calls on task memory; the leak spy's own are none.
static void it_needs_no_task_memory(const struct face *face)
{
    (void)face;
    size_t blocks = ch_heap_stats(scratch.heap).live_blocks;
    struct recorder recorder;
    recorder_register(&recorder);
    struct ch_leak_spy *spy = ch_leak_spy_create();
    assert_non_null(spy);
    assert_int_equal(CoRegisterMallocSpy(ch_leak_spy_object(spy)), CO_E_OBJISREG);
    ch_leak_spy_destroy(spy);
    recorder_expect(&recorder, "%s", "");
    recorder_revoke(&recorder);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, blocks);
}

static void one_that_is_destroyed_goes_with_its_last_block(const struct face *face)
{
    struct ch_leak_spy *spy = begin();
    void *block = face->alloc(8);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    ch_leak_spy_destroy(spy);
    face->free(block);
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
    ch_leak_spy_destroy(NULL);
}

static void it_is_an_object_of_com(const struct face *face)
{
    (void)face;
    struct ch_leak_spy *spy = ch_leak_spy_create();
    IMallocSpy *object = ch_leak_spy_object(spy);
    void *found = NULL;
    assert_int_equal(IMallocSpy_QueryInterface(object, &IID_IUnknown, &found), S_OK);
    assert_ptr_equal(found, object);
    assert_int_equal(IMallocSpy_AddRef(object), 3);
    assert_int_equal(IMallocSpy_Release(object), 2);
    assert_int_equal(IMallocSpy_Release(object), 1);
    assert_int_equal(IMallocSpy_QueryInterface(object, &IID_IMalloc, &found), E_NOINTERFACE);
    assert_null(found);
    assert_int_equal(IMallocSpy_QueryInterface(object, &IID_IMalloc, NULL), E_POINTER);
    ch_leak_spy_destroy(spy);
}

int run_leak_spy_tests(void)
{
    const struct CMUnitTest tests[] = {
        ON_ALL_FACES(leaks_are_told_by_number_size_and_place),
        ON_ALL_FACES(a_reallocated_block_keeps_its_number),
        ON_ALL_FACES(a_block_may_come_and_go_by_reallocating),
        ON_ALL_FACES(what_was_refused_is_no_leak),
        ON_ALL_FACES(it_changes_no_call),
        ON_ALL_FACES(many_blocks_are_found_again),
        ON_ALL_FACES(a_line_is_printed_for_each_leak),
#ifndef _WIN32
        ON_ALL_FACES(the_stream_may_use_task_memory),
        ON_ALL_FACES(all_of_it_goes_with_it),
#endif
        ROW(it_needs_no_task_memory),
        ON_ALL_FACES(one_that_is_destroyed_goes_with_its_last_block),
        ROW(it_is_an_object_of_com),
    };
    return cmocka_run_group_tests_name("leak_spy", tests, NULL, NULL);
}
