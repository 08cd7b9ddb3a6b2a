// A set of pointers by itself. They are numbers here, and the set follows none.

#include "cmocka_headers.h"
#include "scratch.h"
#include "spy_groups.h"

#include "com/pointers.h"

#include <comheap/heap.h>

#define MOST 20000U

static struct ch_pointers set;
static struct ch_lock lock;

// Blocks of one class stand side by side like this.
static const void *pointer_at(size_t i)
{
    return (const void *)(uintptr_t)(0x10000 + 16 * i);
}

static void open_set(void)
{
    ch_lock_open(&lock);
    assert_true(ch_pointers_open(&set, scratch.heap, &lock));
}

static void close_set(void)
{
    assert_int_equal(set.reserved, 0);
    ch_heap_free(scratch.heap, set.slots);
}

static void add(const void *pointer)
{
    assert_true(ch_pointers_reserve(&set));
    ch_pointers_settle(&set, pointer);
}

static size_t slots(void)
{
    return (size_t)1 << set.slots_log2;
}

static void assert_holds(size_t from, size_t end, size_t step)
{
    for (size_t i = 0; i < MOST; i++) {
        bool is_in = i >= from && i < end && (i - from) % step == 0;
        assert_true(ch_pointers_has(&set, pointer_at(i)) == is_in);
    }
}

static void a_set_holds_what_was_added_and_not_removed(const struct face *face)
{
    (void)face;
    open_set();
    for (size_t i = 0; i < MOST; i++) {
        add(pointer_at(i));
        assert_true(4 * set.count <= 3 * slots()); // So a search ends soon.
    }
    assert_int_equal(set.count, MOST);
    assert_holds(0, MOST, 1);
    for (size_t i = 1; i < MOST; i += 2) {
        ch_pointers_remove(&set, pointer_at(i));
    }
    assert_int_equal(set.count, MOST / 2);
    assert_holds(0, MOST, 2);
    close_set();
}

static void a_set_that_has_grown_has_one_table(const struct face *face)
{
    (void)face;
    open_set();
    size_t first_slots = slots();
    for (size_t i = 0; i < MOST; i++) {
        add(pointer_at(i));
    }
    assert_true(slots() > 4 * first_slots);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 1);
    assert_int_equal(ch_heap_stats(scratch.heap).live_bytes, slots() * sizeof(uintptr_t));
    close_set();
}

static void a_pointer_is_in_a_set_once(const struct face *face)
{
    (void)face;
    open_set();
    add(pointer_at(0));
    add(pointer_at(0));
    add(NULL); // It is never in.
    assert_int_equal(set.count, 1);
    assert_int_equal(set.reserved, 0);
    assert_false(ch_pointers_has(&set, NULL));
    ch_pointers_remove(&set, NULL);
    ch_pointers_remove(&set, pointer_at(1));
    assert_int_equal(set.count, 1);
    ch_pointers_remove(&set, pointer_at(0));
    ch_pointers_remove(&set, pointer_at(0));
    assert_int_equal(set.count, 0);
    close_set();
}

// A spy that makes calls in its own calls has reserved several before the first is settled.
static void what_is_reserved_has_a_place(const struct face *face)
{
    (void)face;
    open_set();
    size_t first_slots = slots();
    for (size_t i = 0; i < first_slots; i++) {
        assert_true(ch_pointers_reserve(&set));
        assert_int_equal(set.reserved, i + 1);
    }
    size_t grown_slots = slots();
    assert_true(grown_slots > first_slots);
    for (size_t i = 0; i < first_slots; i++) {
        ch_pointers_settle(&set, pointer_at(i));
        assert_int_equal(set.reserved, first_slots - i - 1);
    }
    assert_int_equal(slots(), grown_slots);
    assert_holds(0, first_slots, 1);
    close_set();
}

int run_pointers_tests(void)
{
    const struct CMUnitTest tests[] = {
        ROW(a_set_holds_what_was_added_and_not_removed),
        ROW(a_set_that_has_grown_has_one_table),
        ROW(a_pointer_is_in_a_set_once),
        ROW(what_is_reserved_has_a_place),
    };
    return cmocka_run_group_tests_name("pointers", tests, NULL, NULL);
}
