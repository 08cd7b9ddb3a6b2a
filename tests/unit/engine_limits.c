// The system's pages, as Linux counts them: the charge for memory that a process may write to, the
// mappings that it has, and the pages that its core file would hold.

#define _GNU_SOURCE // For limits on memory.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

// A range of 64 MiB is a window, and a shorter one a mapping.
static size_t range_bytes;

#define NO_ERROR_OF_OURS 12345

static const struct ch_pages *const pages = &ch_pages_os;

static unsigned char *reserve(size_t size_bytes)
{
    unsigned char *start = pages->reserve(NULL, size_bytes);
    assert_non_null(start);
    return start;
}

// Returns the bytes that the kernel charges the process for, by its own count.
static size_t charged_bytes(void)
{
    char text[4096] = "";
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0 && read(file, text, sizeof text - 1) > 0);
    (void)close(file);
    const char *line = strstr(text, "VmData:");
    assert_non_null(line);
    return strtoul(line + strlen("VmData:"), NULL, 10) * KIB;
}

static struct rlimit usual_limit;

// Lets the kernel charge the process for so many bytes more.
static void limit_charge(size_t more_bytes)
{
    assert_int_equal(getrlimit(RLIMIT_DATA, &usual_limit), 0);
    const struct rlimit limit = {charged_bytes() + more_bytes, usual_limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
}

static void end_limit(void)
{
    assert_int_equal(setrlimit(RLIMIT_DATA, &usual_limit), 0);
}

static void a_range_is_charged_while_it_is_committed(void **state)
{
    (void)state;
    size_t before = charged_bytes();
    unsigned char *start = reserve(range_bytes);
    assert_int_equal(charged_bytes(), before);
    for (unsigned turn = 0; turn < 3; turn++) {
        assert_true(pages->commit(NULL, start, 16 * MIB));
        assert_int_equal(charged_bytes(), before + 16 * MIB);
        memset(start, 1, 16 * MIB);
        pages->decommit(NULL, start + MIB, 4 * MIB);
        assert_int_equal(charged_bytes(), before + 12 * MIB);
        pages->clear(NULL, start + 5 * MIB, 11 * MIB);
        assert_int_equal(charged_bytes(), before + 12 * MIB);
        pages->decommit(NULL, start, MIB);
        pages->decommit(NULL, start + 5 * MIB, 11 * MIB);
        assert_int_equal(charged_bytes(), before);
    }
    pages->release(NULL, start, range_bytes);
}

static void a_refused_range_is_not_charged_for_a_part_of_it(void **state)
{
    (void)state;
    size_t before = charged_bytes();
    unsigned char *start = reserve(range_bytes);
    assert_true(pages->commit(NULL, start, MIB));
    pages->decommit(NULL, start, MIB); // From here on there are two mappings.
    limit_charge(3 * MIB / 2);
    errno = NO_ERROR_OF_OURS;
    bool is_committed = pages->commit(NULL, start, 2 * MIB);
    int errno_after = errno;
    size_t after = charged_bytes();
    bool is_next_committed = pages->commit(NULL, start, 3 * MIB / 2);
    end_limit();
    assert_false(is_committed);
    assert_int_equal(errno_after, NO_ERROR_OF_OURS);
    assert_int_equal(after, before);
    assert_true(is_next_committed);
    pages->release(NULL, start, range_bytes);
}

static bool is_zero(const unsigned char *start, size_t size_bytes)
{
    return start[0] == 0 && memcmp(start, start + 1, size_bytes - 1) == 0;
}

static void a_decommitted_range_holds_zeros_then_and_when_it_is_committed_again(void **state)
{
    (void)state;
    unsigned char *start = reserve(range_bytes);
    assert_true(pages->commit(NULL, start, 3 * MIB));
    memset(start, 1, 3 * MIB);
    pages->decommit(NULL, start + MIB, MIB);
    assert_true(is_zero(start + MIB, MIB));
    assert_true(pages->commit(NULL, start + MIB, MIB));
    assert_true(is_zero(start + MIB, MIB));
    assert_int_equal(start[MIB - 1] + start[2 * MIB], 2);
    memset(start + MIB, 2, MIB);
    if (pages->move != NULL && pages->move(NULL, start + MIB, start, MIB)) {
        assert_int_equal(start[0] + start[MIB - 1], 4);
    }
    pages->release(NULL, start, range_bytes);
}

// Others can have the memory that a heap has given back.
static void a_limit_of_memory_does_not_count_what_a_heap_gave_back(void **state)
{
    (void)state;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = range_bytes});
    assert_non_null(heap);
    size_t before = charged_bytes();
    limit_charge(24 * MIB);
    for (unsigned turn = 0; turn < 3; turn++) {
        void *block = ch_heap_alloc(heap, 20 * MIB);
        void *refused = ch_heap_alloc(heap, 20 * MIB);
        ch_heap_free(heap, block);
        ch_heap_minimize(heap);
        assert_true(block != NULL && refused == NULL);
        assert_int_equal(charged_bytes(), before);
        void *other =
            mmap(NULL, 20 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(other != MAP_FAILED);
        assert_int_equal(munmap(other, 20 * MIB), 0);
    }
    end_limit();
    assert_string_equal(ch_invariant_sentence(ch_heap_check(heap).invariant), "");
    ch_heap_destroy(heap);
}

// Returns a range of one mapping, which is no window.
static unsigned char *map_many(size_t size_bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    unsigned char *start = mmap(NULL, size_bytes, PROT_NONE, flags, -1, 0);
    assert_ptr_not_equal(start, MAP_FAILED);
    return start;
}

// Makes mappings until the kernel allows no more. Returns false iff it allows a hundred thousand.
static bool use_up_mappings(unsigned char *range, size_t size_bytes)
{
    size_t page = pages->os_page_bytes(NULL);
    for (size_t at = page; at < size_bytes; at += 2 * page) {
        if (mprotect(range + at, page, PROT_READ) != 0) {
            return true;
        }
    }
    return false;
}

static void a_heap_begins_where_the_kernel_allows_no_more_mappings(void **state)
{
    (void)state;
    size_t many_bytes = 100000 * pages->os_page_bytes(NULL);
    unsigned char *many = map_many(many_bytes);
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = range_bytes});
    assert_non_null(heap);
    errno = NO_ERROR_OF_OURS;
    bool is_used_up = use_up_mappings(many, many_bytes);
    errno = NO_ERROR_OF_OURS;
    void *large = ch_heap_alloc(heap, 20 * MIB);
    void *small = ch_heap_alloc(heap, 100);
    int errno_after = errno;
    (void)munmap(many, many_bytes);
    assert_true(large != NULL && small != NULL);
    assert_int_equal(errno_after, NO_ERROR_OF_OURS);
    ch_heap_destroy(heap);
    if (!is_used_up) {
        skip(); // Some systems allow more mappings than that.
    }
}

static void a_decommit_loses_the_bytes_where_the_kernel_allows_no_more_mappings(void **state)
{
    (void)state;
    size_t many_bytes = 100000 * pages->os_page_bytes(NULL);
    unsigned char *many = map_many(many_bytes);
    unsigned char *start = reserve(range_bytes);
    assert_true(pages->commit(NULL, start, 3 * MIB));
    memset(start, 1, 3 * MIB);
    (void)use_up_mappings(many, many_bytes);
    errno = NO_ERROR_OF_OURS;
    pages->decommit(NULL, start + MIB, MIB);
    int errno_after = errno;
    bool is_lost = is_zero(start + MIB, MIB);
    bool is_committed = pages->commit(NULL, start + MIB, MIB);
    (void)munmap(many, many_bytes);
    assert_int_equal(errno_after, NO_ERROR_OF_OURS);
    assert_true(is_lost && is_committed);
    memset(start + MIB, 2, MIB);
    assert_int_equal(start[MIB - 1] + start[2 * MIB], 2);
    pages->release(NULL, start, range_bytes);
}

// Returns the mappings of the process.
static size_t count_mappings(void)
{
    char text[4096];
    size_t lines = 0;
    ssize_t length;
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    while ((length = read(file, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            lines += text[i] == '\n';
        }
    }
    (void)close(file);
    return lines;
}

// Every other page of a range is decommitted, so each is a mapping.
static void decommits_leave_half_of_the_mappings_to_others(void **state)
{
    (void)state;
    size_t page = pages->os_page_bytes(NULL);
    size_t many_bytes = 100000 * page;
    unsigned char *start = reserve(many_bytes);
    assert_true(pages->commit(NULL, start, many_bytes));
    for (size_t at = page; at < many_bytes; at += 2 * page) {
        start[at] = 1;
        pages->decommit(NULL, start + at, page);
        assert_int_equal(start[at], 0);
    }
    size_t mappings = count_mappings();
    assert_true(mappings > 30000 && mappings <= 32800);
    assert_true(pages->commit(NULL, start, many_bytes));
    for (unsigned i = 0; i < 5000; i++) { // There are few mappings again, as it comes to find out.
        pages->decommit(NULL, start, page);
        assert_true(pages->commit(NULL, start, page));
    }
    size_t before = charged_bytes();
    pages->decommit(NULL, start, 3 * page);
    assert_int_equal(charged_bytes(), before - 3 * page);
    pages->release(NULL, start, many_bytes);
}

static void decommit_often(unsigned char *committed, unsigned times)
{
    size_t page = pages->os_page_bytes(NULL);
    for (unsigned i = 0; i < times; i++) {
        pages->decommit(NULL, committed, page);
        assert_true(pages->commit(NULL, committed, page));
    }
}

// A count takes milliseconds, so few cuts are not worth one.
static void a_decommit_cuts_nothing_where_few_cuts_are_left(void **state)
{
    (void)state;
    size_t page = pages->os_page_bytes(NULL);
    unsigned char *start = reserve(16 * page);
    assert_true(pages->commit(NULL, start, 16 * page));
    size_t many_bytes = 40000 * page;
    unsigned char *many =
        mmap(NULL, many_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(many, MAP_FAILED);
    for (size_t at = page, left = (32768 - 1000 - count_mappings()) / 2; left > 0; left--) {
        assert_int_equal(mprotect(many + at, page, PROT_READ), 0);
        at += 2 * page;
    }
    decommit_often(start, 20000); // By then it has counted.
    size_t before = charged_bytes();
    pages->decommit(NULL, start + page, 3 * page);
    assert_int_equal(charged_bytes(), before);
    (void)munmap(many, many_bytes);
    decommit_often(start, 5000); // It counts again.
    pages->release(NULL, start, 16 * page);
}

// Returns whether the kernel marks the mapping of a byte as none that core files hold.
static bool is_left_out(const void *byte)
{
    char line[512];
    FILE *file = fopen("/proc/self/smaps", "r");
    assert_non_null(file);
    bool is_there = false;
    bool is_marked = true; // Of no mapping.
    while (fgets(line, sizeof line, file) != NULL) {
        uintptr_t begin;
        uintptr_t end;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
            is_there = begin <= (uintptr_t)byte && (uintptr_t)byte < end;
        } else if (is_there && strncmp(line, "VmFlags:", 8) == 0) {
            is_marked = strstr(line, " dd ") != NULL;
        }
    }
    (void)fclose(file);
    return is_marked;
}

static void a_core_file_holds_what_is_committed_and_no_more(void **state)
{
    (void)state;
    unsigned char *start = reserve(range_bytes);
    assert_true(is_left_out(start) && is_left_out(start + range_bytes - 1));
    for (unsigned turn = 0; turn < 2; turn++) {
        assert_true(pages->commit(NULL, start + MIB, 3 * MIB));
        assert_true(is_left_out(start) && is_left_out(start + 4 * MIB));
        assert_false(is_left_out(start + MIB) || is_left_out(start + 4 * MIB - 1));
        pages->decommit(NULL, start + 2 * MIB, MIB);
        assert_true(is_left_out(start + 2 * MIB) && is_left_out(start + 3 * MIB - 1));
        assert_false(is_left_out(start + 2 * MIB - 1) || is_left_out(start + 3 * MIB));
        pages->decommit(NULL, start + MIB, MIB);
        pages->decommit(NULL, start + 3 * MIB, MIB);
    }
    pages->release(NULL, start, range_bytes);
}

int run_limits_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(a_range_is_charged_while_it_is_committed),
        cmocka_unit_test(a_refused_range_is_not_charged_for_a_part_of_it),
        cmocka_unit_test(a_decommitted_range_holds_zeros_then_and_when_it_is_committed_again),
        cmocka_unit_test(a_limit_of_memory_does_not_count_what_a_heap_gave_back),
        cmocka_unit_test(a_heap_begins_where_the_kernel_allows_no_more_mappings),
        cmocka_unit_test(a_decommit_loses_the_bytes_where_the_kernel_allows_no_more_mappings),
        cmocka_unit_test(a_core_file_holds_what_is_committed_and_no_more),
        cmocka_unit_test(decommits_leave_half_of_the_mappings_to_others),
        cmocka_unit_test(a_decommit_cuts_nothing_where_few_cuts_are_left),
    };
    range_bytes = 32 * MIB;
    int failed = cmocka_run_group_tests_name("limits", claims, NULL, NULL);
    range_bytes = 64 * MIB;
    return failed + cmocka_run_group_tests_name("limits in a window", claims, NULL, NULL);
}
