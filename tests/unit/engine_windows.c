// Windows of the address space (pages/window.h), as a heap with the default arena gets one on Linux
// with pointers of 64 bits: it takes no addresses before its pages are committed, and none when it
// is gone. Where the system has no place for windows, these claims are skipped.

#define _GNU_SOURCE // For RLIMIT_AS and MAP_ANONYMOUS.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/state.h"
#include "pages/window.h"

#if defined(__linux__) && UINTPTR_MAX > UINT32_MAX

#define FIRST_SLOT ((uintptr_t)1 << 46)
#define SLOT_BYTES ((uintptr_t)1 << 38)
#define WINDOW_BYTES (1024 * MIB)
#define PAGE ((size_t)sysconf(_SC_PAGESIZE))

// Is there a place? Asks the system for the last page of the first slot, which no window has.
static int find_place(void **state)
{
    (void)state;
    void *wanted = (void *)(FIRST_SLOT + SLOT_BYTES - PAGE);
    void *page = mmap(wanted, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(page, MAP_FAILED);
    assert_int_equal(munmap(page, PAGE), 0);
    if (page != wanted) {
        skip();
    }
    return 0;
}

static size_t address_bytes(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu", &pages), 1);
    (void)fclose(file);
    return pages * PAGE;
}

// Returns the bytes that are mapped in the slot of an address.
static size_t mapped_in_slot(uintptr_t address)
{
    uintptr_t slot = address & ~(SLOT_BYTES - 1);
    size_t mapped = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    assert_non_null(file);
    char line[4096];
    while (fgets(line, sizeof line, file) != NULL) {
        uintptr_t begin, end;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &begin, &end) == 2 && begin >= slot &&
            end <= slot + SLOT_BYTES) {
            mapped += end - begin;
        }
    }
    (void)fclose(file);
    return mapped;
}

static struct ch_heap *make_heap(void)
{
    struct ch_heap *heap = ch_heap_create(NULL);
    assert_non_null(heap);
    return heap;
}

static void a_heap_takes_few_addresses_until_it_uses_them(void **state)
{
    (void)state;
    size_t before = address_bytes();
    struct ch_heap *heap = make_heap();
    assert_true(ch_heap_stats(heap).arena_bytes >= 64 * 1024 * MIB);
    assert_true(address_bytes() - before < 64 * MIB);
    void *block = ch_heap_alloc(heap, 100 * MIB);
    assert_non_null(block);
    assert_true(address_bytes() - before >= 100 * MIB);
    ch_heap_destroy(heap);
    assert_true(address_bytes() <= before + MIB);
}

static bool is_granted(size_t size_bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    void *start = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    return start != MAP_FAILED && munmap(start, size_bytes) == 0;
}

// Returns the number of the first step that went wrong; 0: none.
static int live_under_a_limit(struct ch_heap *heap, size_t limit_bytes)
{
    const struct rlimit limit = {limit_bytes, limit_bytes};
    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        return 1;
    }
    if (!is_granted(128 * MIB)) {
        return 2;
    }
    void *block = ch_heap_alloc(heap, 64 * MIB);
    if (block == NULL || ch_heap_alloc(heap, 1024 * MIB) != NULL || is_granted(300 * MIB)) {
        return 3;
    }
    ch_heap_free(heap, block);
    return ch_heap_check(heap).invariant == CH_INVARIANTS ? 0 : 4;
}

static void a_limit_that_is_set_later_leaves_room_for_others(void **state)
{
    (void)state;
    struct ch_heap *heap = make_heap();
    size_t limit_bytes = address_bytes() + 256 * MIB;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(live_under_a_limit(heap, limit_bytes));
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ch_heap_destroy(heap);
}

// Every byte can be written, and those of a part that was mapped are still there.
static void map_around(unsigned char *window, size_t pages, size_t from, size_t to, size_t step)
{
    for (size_t page = from; page < to; page += step) {
        assert_true(ch_window_open(window + page * PAGE, PAGE));
        window[page * PAGE] = (unsigned char)(page + 1);
    }
    assert_true(ch_window_open(window, pages * PAGE));
    for (size_t page = 0; page < pages; page++) {
        bool was_mapped = page >= from && page < to && (page - from) % step == 0;
        assert_int_equal(window[page * PAGE], was_mapped ? page + 1 : 0);
        window[page * PAGE + PAGE - 1] = 1;
    }
    assert_int_equal(munmap(window, pages * PAGE), 0);
}

static void a_range_of_which_a_part_is_mapped_is_mapped(void **state)
{
    (void)state;
    unsigned char *window = ch_window_choose(WINDOW_BYTES);
    assert_non_null(window);
    map_around(window, 16, 0, 0, 1);  // None,
    map_around(window, 16, 0, 16, 1); // all,
    map_around(window, 16, 4, 8, 1);  // the middle,
    map_around(window, 17, 0, 5, 1);  // the first,
    map_around(window, 17, 9, 17, 1); // the last,
    map_around(window, 33, 1, 33, 2); // and every other page.
    ch_window_drop(window);
    assert_int_equal(mapped_in_slot((uintptr_t)window), 0);
}

static void a_range_outside_of_windows_is_not_mapped(void **state)
{
    (void)state;
    unsigned char *range = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(range, MAP_FAILED);
    assert_true(ch_window_open(range, 2 * PAGE));
    range[PAGE] = 1;
    assert_int_equal(munmap(range, 2 * PAGE), 0);
    assert_false(ch_window_open(range, 2 * PAGE));
}

static void a_heap_that_is_gone_leaves_nothing_in_its_slot(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 3; turn++) {
        struct ch_heap *heap = make_heap();
        uintptr_t address = (uintptr_t)heap;
        void *blocks[] = {ch_heap_alloc(heap, 10), ch_heap_alloc(heap, 40 * MIB),
                          ch_heap_alloc(heap, 300 * KIB)};
        ch_heap_free(heap, blocks[1]);
        ch_heap_minimize(heap);
        assert_true(mapped_in_slot(address) >= 300 * KIB);
        ch_heap_destroy(heap);
        assert_int_equal(mapped_in_slot(address), 0);
    }
}

#define HEAPS 70U

static void there_may_be_more_heaps_than_slots_and_none_overlaps_another(void **state)
{
    (void)state;
    struct ch_heap *heaps[HEAPS];
    unsigned char *blocks[HEAPS];
    for (unsigned i = 0; i < HEAPS; i++) {
        heaps[i] = make_heap();
        blocks[i] = ch_heap_alloc(heaps[i], 20 * KIB);
        assert_non_null(blocks[i]);
        memset(blocks[i], (int)i, 20 * KIB);
    }
    for (unsigned i = 0; i < HEAPS; i++) {
        uintptr_t begin = (uintptr_t)heaps[i];
        for (unsigned j = 0; j < HEAPS; j++) {
            size_t before = (uintptr_t)heaps[j] - begin;
            assert_true(i == j || before >= ch_heap_stats(heaps[i]).arena_bytes);
        }
        assert_int_equal(blocks[i][20 * KIB - 1], i);
    }
    for (unsigned i = 0; i < HEAPS; i++) {
        ch_heap_destroy(heaps[i]);
    }
}

static void a_window_is_neither_short_nor_long(void **state)
{
    (void)state;
    assert_null(ch_window_choose(MIB));
    assert_null(ch_window_choose((size_t)SLOT_BYTES));
}

#define WHERE_THERE_IS_A_PLACE(claim) cmocka_unit_test_setup(claim, find_place)

int run_window_claims(void)
{
    const struct CMUnitTest claims[] = {
        WHERE_THERE_IS_A_PLACE(a_heap_takes_few_addresses_until_it_uses_them),
        WHERE_THERE_IS_A_PLACE(a_limit_that_is_set_later_leaves_room_for_others),
        WHERE_THERE_IS_A_PLACE(a_range_of_which_a_part_is_mapped_is_mapped),
        WHERE_THERE_IS_A_PLACE(a_range_outside_of_windows_is_not_mapped),
        WHERE_THERE_IS_A_PLACE(a_heap_that_is_gone_leaves_nothing_in_its_slot),
        WHERE_THERE_IS_A_PLACE(there_may_be_more_heaps_than_slots_and_none_overlaps_another),
        WHERE_THERE_IS_A_PLACE(a_window_is_neither_short_nor_long),
    };
    return cmocka_run_group_tests_name("windows", claims, NULL, NULL);
}

#else

int run_window_claims(void)
{
    return 0;
}

#endif
