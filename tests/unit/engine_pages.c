// The contract of pages.h, from both sides. One is the system's own pages. The other is a heap on
// pages that can't move bytes, or report that they did not.

#define _GNU_SOURCE // For mincore and syscall.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "laws/fill.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RANGE_BYTES MIB
#define NO_ERROR_OF_OURS 12345

static unsigned char *reserve(void)
{
    unsigned char *start = ch_pages_os.reserve(NULL, RANGE_BYTES);
    assert_non_null(start);
    return start;
}

// Asks the kernel, which answers with an error instead of ending the process.
static bool is_readable(const void *byte)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    bool is_written = write(ends[1], byte, 1) == 1;
    (void)close(ends[0]);
    (void)close(ends[1]);
    return is_written;
}

static size_t count_resident(unsigned char *start, size_t pages)
{
    unsigned char flags[256];
    assert_true(pages <= sizeof flags);
    assert_int_equal(mincore(start, pages * ch_pages_os.os_page_bytes(NULL), flags), 0);
    size_t count = 0;
    for (size_t i = 0; i < pages; i++) {
        count += flags[i] & 1U;
    }
    return count;
}

static void the_page_size_of_the_system_is_a_power_of_two(void **state)
{
    (void)state;
    size_t page = ch_pages_os.os_page_bytes(NULL);
    assert_int_equal(page, sysconf(_SC_PAGESIZE));
    assert_int_equal(page & (page - 1), 0);
}

// So heaps made alike lay out their blocks alike, small arenas and large ones.
static void a_reservation_is_aligned_to_64_kib(void **state)
{
    (void)state;
    size_t page = ch_pages_os.os_page_bytes(NULL);
    for (size_t size_bytes = page; size_bytes <= (size_t)256 << 20; size_bytes *= 4) {
        for (int i = 0; i < 8; i++) {
            unsigned char *start = ch_pages_os.reserve(NULL, size_bytes);
            assert_non_null(start);
            assert_int_equal((uintptr_t)start % 65536, 0);
            assert_false(is_readable(start));
            ch_pages_os.release(NULL, start, size_bytes);
        }
    }
}

static void a_reserved_range_is_aligned_and_closed_until_it_is_committed(void **state)
{
    (void)state;
    size_t page = ch_pages_os.os_page_bytes(NULL);
    unsigned char *start = reserve();
    assert_int_equal((uintptr_t)start % page, 0);
    assert_false(is_readable(start));
    assert_false(is_readable(start + RANGE_BYTES - 1));
    assert_true(ch_pages_os.commit(NULL, start + page, 2 * page));
    assert_false(is_readable(start + page - 1));
    assert_false(is_readable(start + 3 * page));
    fill_write(start + page, 2 * page, fill_of(1));
    assert_true(fill_find_wrong(start + page, 2 * page, fill_of(1), 2 * page) == SIZE_MAX);
    ch_pages_os.release(NULL, start, RANGE_BYTES);
    assert_false(is_readable(start + page));
}

static void a_decommit_gives_memory_back_and_a_commit_opens_it_again(void **state)
{
    (void)state;
    size_t page = ch_pages_os.os_page_bytes(NULL);
    unsigned char *start = reserve();
    for (unsigned turn = 0; turn < 3; turn++) {
        assert_true(ch_pages_os.commit(NULL, start, 8 * page));
        for (size_t i = 0; i < 8; i++) {
            start[i * page] = 7;
        }
        assert_int_equal(count_resident(start, 8), 8);
        ch_pages_os.decommit(NULL, start + 2 * page, 4 * page);
        assert_int_equal(count_resident(start, 8), 4);
        assert_int_equal(start[page], 7);
        assert_int_equal(start[6 * page], 7);
        assert_true(ch_pages_os.commit(NULL, start + 2 * page, 4 * page));
        start[3 * page] = 8;
        assert_int_equal(start[3 * page], 8);
        ch_pages_os.decommit(NULL, start, 8 * page);
    }
    ch_pages_os.release(NULL, start, RANGE_BYTES);
}

static void a_move_keeps_every_byte_and_leaves_both_ranges_usable(void **state)
{
    (void)state;
    size_t page = ch_pages_os.os_page_bytes(NULL);
    unsigned char *start = reserve();
    unsigned char *to = start + 20 * page;
    assert_true(ch_pages_os.commit(NULL, start, 10 * page));
    assert_true(ch_pages_os.commit(NULL, to, 10 * page));
    for (unsigned turn = 0; turn < 3 && ch_pages_os.move != NULL; turn++) {
        for (size_t i = 0; i < 10; i++) {
            fill_write(start + i * page, FILL_WHOLE_BYTES, fill_of(turn * 10 + i));
        }
        assert_true(ch_pages_os.move(NULL, start, to, 10 * page));
        for (size_t i = 0; i < 10; i++) {
            assert_true(fill_find_wrong(to + i * page, FILL_WHOLE_BYTES, fill_of(turn * 10 + i),
                                        FILL_WHOLE_BYTES) == SIZE_MAX);
            start[i * page] = 1;
            to[i * page] = 2;
            assert_int_equal(start[i * page] + to[i * page], 3);
        }
    }
    ch_pages_os.release(NULL, start, RANGE_BYTES);
}

#define MOVED_PAGES 4U

// Moves filled pages to others, and returns the reported success. In either case the bytes are in
// the right place and both ranges can be written.
static bool moves(unsigned char *from, unsigned char *to)
{
    size_t size_bytes = MOVED_PAGES * ch_pages_os.os_page_bytes(NULL);
    fill_write(from, size_bytes, fill_of(3));
    memset(to, 4, size_bytes);
    bool is_moved = ch_pages_os.move(NULL, from, to, size_bytes);
    const unsigned char *bytes = is_moved ? to : from;
    assert_true(fill_find_wrong(bytes, size_bytes, fill_of(3), size_bytes) == SIZE_MAX);
    memset(from, 5, size_bytes);
    memset(to, 6, size_bytes);
    assert_int_equal(from[size_bytes - 1] + to[size_bytes - 1], 11);
    return is_moved;
}

// The kernel would refuse these too late, or with a side effect, so the heap has to copy.
static void a_range_is_moved_unless_it_is_locked_or_several_mappings(void **state)
{
    (void)state;
    if (ch_pages_os.move == NULL) {
        return;
    }
    size_t page = ch_pages_os.os_page_bytes(NULL);
    unsigned char *start = reserve();
    unsigned char *to = start + 20 * page;
    assert_true(ch_pages_os.commit(NULL, start, 60 * page));
    assert_true(moves(start, to));
    assert_true(moves(start, to + 2 * page)); // Over the end of the moved range.
    assert_false(moves(to, start));           // Two mappings: the first move and the next.
    assert_true(moves(start, start + 40 * page));
    if (syscall(SYS_mlock, start, 8 * page) == 0) { // AddressSanitizer makes mlock do nothing.
        assert_false(moves(start, to));
        assert_int_equal(syscall(SYS_munlock, start, 8 * page), 0);
    }
    ch_pages_os.release(NULL, start, RANGE_BYTES);
}

static void nothing_is_lost_where_the_kernel_allows_no_more_mappings(void **state)
{
    (void)state;
    if (ch_pages_os.move == NULL) {
        return;
    }
    size_t page = ch_pages_os.os_page_bytes(NULL);
    size_t many_bytes = 80000 * page;
    unsigned char *start = reserve();
    unsigned char *many = ch_pages_os.reserve(NULL, many_bytes);
    assert_non_null(many);
    assert_true(ch_pages_os.commit(NULL, start, 60 * page));
    size_t at = 0;
    while (at < many_bytes && ch_pages_os.commit(NULL, many + at, page)) {
        at += 2 * page;
    }
    bool is_moved = moves(start, start + 20 * page);
    ch_pages_os.release(NULL, many, many_bytes);
    assert_int_equal(is_moved, at >= many_bytes); // Some systems allow more mappings than that.
    assert_true(moves(start, start + 20 * page));
    ch_pages_os.release(NULL, start, RANGE_BYTES);
}

static void a_range_that_can_not_be_had_is_null(void **state)
{
    (void)state;
    size_t page = ch_pages_os.os_page_bytes(NULL);
    assert_null(ch_pages_os.reserve(NULL, SIZE_MAX / page * page));
    assert_null(ch_heap_create(&(struct ch_config){.arena_bytes = SIZE_MAX}));
}

static void no_call_of_the_systems_pages_touches_errno(void **state)
{
    (void)state;
    size_t page = ch_pages_os.os_page_bytes(NULL);
    errno = NO_ERROR_OF_OURS;
    void *refused = ch_pages_os.reserve(NULL, SIZE_MAX / page * page);
    assert_int_equal(errno, NO_ERROR_OF_OURS);
    assert_null(refused);
    unsigned char *start = ch_pages_os.reserve(NULL, RANGE_BYTES);
    bool is_committed = ch_pages_os.commit(NULL, start, 8 * page);
    ch_pages_os.decommit(NULL, start, page);
    bool is_moved =
        ch_pages_os.move == NULL || ch_pages_os.move(NULL, start, start + 4 * page, page);
    (void)ch_pages_os.os_page_bytes(NULL);
    ch_pages_os.release(NULL, start, RANGE_BYTES);
    // The range is gone, so now a move fails. engine_limits.c sees the others fail.
    bool is_moved_gone =
        ch_pages_os.move != NULL && ch_pages_os.move(NULL, start, start + 4 * page, page);
    assert_int_equal(errno, NO_ERROR_OF_OURS);
    assert_true(is_committed && is_moved);
    assert_false(is_moved_gone);
}

static void no_call_of_a_heap_touches_errno(void **state)
{
    (void)state;
    errno = NO_ERROR_OF_OURS;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 4 * MIB});
    void *block = ch_heap_alloc(heap, 200 * KIB);
    block = ch_heap_realloc(heap, block, MIB);
    void *refused = ch_heap_alloc(heap, 4 * MIB);
    void *also_refused = ch_heap_realloc(heap, block, SIZE_MAX);
    ch_heap_free(heap, block);
    ch_heap_minimize(heap);
    ch_heap_destroy(heap);
    struct ch_heap *impossible = ch_heap_create(&(struct ch_config){.arena_bytes = SIZE_MAX});
    assert_int_equal(errno, NO_ERROR_OF_OURS);
    assert_true(heap != NULL && block != NULL);
    assert_true(refused == NULL && also_refused == NULL && impossible == NULL);
}

static void a_heap_of_the_systems_pages_keeps_what_it_moves(void **state)
{
    (void)state;
    struct churn churn = {.random = 11, .most_bytes = MIB};
    churn.heap = ch_heap_create(&(struct ch_config){.arena_bytes = 512 * MIB});
    for (unsigned i = 0; i < 4000; i++) {
        churn_step(&churn);
    }
    assert_string_equal(ch_invariant_sentence(ch_heap_check(churn.heap).invariant), "");
    churn_end(&churn);
    assert_null(churn.wrong);
    ch_heap_destroy(churn.heap);
}

// Large blocks that grow by half, again and again, between others that make them move to fresh
// pages. Each byte counts.
static void keep_through_moves(enum watch_move move, size_t least_moves)
{
    struct watch watch = watch_open();
    watch.move = move;
    struct ch_heap *heap = watch_heap(&watch, 64 * MIB);
    for (size_t size_bytes = 500000; size_bytes < 8 * MIB; size_bytes += size_bytes / 2) {
        size_t larger_bytes = size_bytes + size_bytes / 2;
        unsigned char *block = ch_heap_alloc(heap, size_bytes);
        for (size_t i = 0; i < size_bytes; i++) {
            block[i] = fill_byte(fill_of(size_bytes), i);
        }
        void *wall = ch_heap_alloc(heap, 20000);
        unsigned char *moved = ch_heap_realloc(heap, block, larger_bytes);
        assert_non_null(moved);
        assert_ptr_not_equal(moved, block);
        assert_int_equal(ch_heap_size_bytes(heap, moved), larger_bytes);
        for (size_t i = 0; i < size_bytes; i++) {
            if (moved[i] != fill_byte(fill_of(size_bytes), i)) {
                fail_msg("byte %zu of %zu was lost", i, size_bytes);
            }
        }
        watch_assert_whole(&watch, heap);
        ch_heap_free(heap, wall);
        ch_heap_free(heap, moved);
        ch_heap_minimize(heap);
    }
    assert_true(watch.moves >= least_moves);
    watch_end(&watch, heap);
}

static void content_is_kept_where_pages_can_not_move(void **state)
{
    (void)state;
    keep_through_moves(WATCH_MOVE_ABSENT, 0);
}

static void content_is_kept_where_a_move_fails(void **state)
{
    (void)state;
    keep_through_moves(WATCH_MOVE_FAILS, 5);
}

static void content_is_kept_where_pages_move(void **state)
{
    (void)state;
    keep_through_moves(WATCH_MOVE_WORKS, 5);
}

static void a_zeroed_block_touches_no_page_that_the_system_zeroes(void **state)
{
    (void)state;
    size_t page = ch_pages_os.os_page_bytes(NULL);
    size_t size_bytes = 200 * page;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 16 * MIB});
    assert_non_null(heap);
    unsigned char *used = ch_heap_alloc(heap, 40 * page);
    memset(used, 1, 40 * page);
    unsigned char *block = ch_heap_alloc_zeroed(heap, size_bytes);
    assert_int_equal(count_resident(block, 200), 0);
    ch_heap_free(heap, used);
    ch_heap_free(heap, block);
    unsigned char *again = ch_heap_alloc_zeroed(heap, size_bytes + 100 * page); // Partly used.
    assert_non_null(again);
    for (size_t i = 0; i < size_bytes + 100 * page; i++) {
        assert_int_equal(again[i], 0);
    }
    ch_heap_destroy(heap);
}

int run_pages_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(the_page_size_of_the_system_is_a_power_of_two),
        cmocka_unit_test(a_reservation_is_aligned_to_64_kib),
        cmocka_unit_test(a_reserved_range_is_aligned_and_closed_until_it_is_committed),
        cmocka_unit_test(a_decommit_gives_memory_back_and_a_commit_opens_it_again),
        cmocka_unit_test(a_move_keeps_every_byte_and_leaves_both_ranges_usable),
        cmocka_unit_test(a_range_is_moved_unless_it_is_locked_or_several_mappings),
        cmocka_unit_test(nothing_is_lost_where_the_kernel_allows_no_more_mappings),
        cmocka_unit_test(a_range_that_can_not_be_had_is_null),
        cmocka_unit_test(no_call_of_the_systems_pages_touches_errno),
        cmocka_unit_test(no_call_of_a_heap_touches_errno),
        cmocka_unit_test(a_heap_of_the_systems_pages_keeps_what_it_moves),
        cmocka_unit_test(a_zeroed_block_touches_no_page_that_the_system_zeroes),
        cmocka_unit_test(content_is_kept_where_pages_can_not_move),
        cmocka_unit_test(content_is_kept_where_a_move_fails),
        cmocka_unit_test(content_is_kept_where_pages_move),
    };
    return cmocka_run_group_tests_name("pages", claims, NULL, NULL);
}
