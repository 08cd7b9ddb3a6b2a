// The first principle: the engine never reads or writes a byte that it hands out, nor a free one,
// except to copy the block in a moving reallocate.
//
// Shown twice. On pages that can't be touched, a read or a write is a crash. On pages full of a
// pattern, no byte may change.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/state.h"
#include "world/asan.h"

#include <string.h>

static void the_engine_works_on_pages_that_nobody_can_touch(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    struct ch_heap *heap = watch_heap(&watch, 16 * MIB);
    watch.untouchable = heap->pages;
    struct churn churn = {.heap = heap, .random = 1, .most_bytes = 300 * KIB};
    churn.leaves_blocks = true;
    churn.stays = true;
    for (unsigned i = 0; i < 20000; i++) {
        churn_step(&churn);
        if (i % 500 == 0) {
            watch_assert_whole(&watch, heap);
            ch_heap_minimize(heap);
            watch_assert_whole(&watch, heap);
        }
    }
    churn_end(&churn);
    assert_string_equal(churn.wrong == NULL ? "" : churn.wrong, "");
    watch_end(&watch, heap);
}

// The engine does not touch blocks that the world moves either.
static void a_move_that_the_world_does_touches_no_block(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    watch.move = WATCH_MOVE_WORKS;
    struct ch_heap *heap = watch_heap(&watch, 16 * MIB);
    watch.untouchable = heap->pages;
    void *block = ch_heap_alloc(heap, 2 * MIB);
    void *moved = ch_heap_realloc(heap, block, 3 * MIB);
    assert_non_null(moved);
    assert_ptr_not_equal(moved, block);
    assert_int_equal(watch.moves, 1);
    ch_heap_free(heap, moved);
    watch_end(&watch, heap);
}

// Reads a byte, poisoned or not.
UNINSTRUMENTED static void paint(unsigned char *start, size_t size_bytes, unsigned char byte)
{
    volatile unsigned char *bytes = start;
    for (size_t i = 0; i < size_bytes; i++) {
        bytes[i] = byte;
    }
}

UNINSTRUMENTED static size_t count_painted(const unsigned char *start, size_t size_bytes,
                                           unsigned char byte)
{
    size_t count = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        count += start[i] == byte;
    }
    return count;
}

#define ARENA_BYTES (2 * MIB)

// One block over all pages commits every one. They stay so: idle pages stay below the heap's limit.
static struct ch_heap *painted_heap(struct watch *watch, size_t *pages_bytes)
{
    *watch = watch_open();
    struct ch_heap *heap = watch_heap(watch, ARENA_BYTES);
    *pages_bytes = (size_t)heap->page_count * heap->page_bytes;
    void *all = ch_heap_alloc(heap, *pages_bytes);
    assert_ptr_equal(all, heap->pages);
    paint(heap->pages, *pages_bytes, 0x5a);
    ch_heap_free(heap, all);
    return heap;
}

static void no_byte_of_any_page_changes_while_blocks_come_and_go(void **state)
{
    (void)state;
    struct watch watch;
    size_t pages_bytes;
    struct ch_heap *heap = painted_heap(&watch, &pages_bytes);
    struct churn churn = {.heap = heap, .random = 2, .most_bytes = 100 * KIB};
    churn.leaves_blocks = true;
    churn.stays = true;
    for (unsigned i = 0; i < 20000; i++) {
        churn_step(&churn);
    }
    churn_end(&churn);
    assert_null(churn.wrong);
    assert_int_equal(watch.decommits, 0);
    assert_int_equal(count_painted(heap->pages, pages_bytes, 0x5a), pages_bytes);
    watch_end(&watch, heap);
}

// A caller that overwrites its bytes, freed or not, can't confuse the heap.
static void the_heap_is_whole_whatever_is_written_to_its_pages(void **state)
{
    (void)state;
    struct watch watch;
    size_t pages_bytes;
    struct ch_heap *heap = painted_heap(&watch, &pages_bytes);
    struct churn churn = {.heap = heap, .random = 3, .most_bytes = 100 * KIB};
    churn.leaves_blocks = true;
    for (unsigned i = 0; i < 4000; i++) {
        churn_step(&churn);
        if (i % 40 == 0) {
            paint(heap->pages, pages_bytes, (unsigned char)(i / 40));
            watch_assert_whole(&watch, heap);
        }
    }
    churn_end(&churn);
    assert_null(churn.wrong);
    watch_end(&watch, heap);
}

static void a_moving_reallocate_writes_the_kept_bytes_and_no_other(void **state)
{
    (void)state;
    struct watch watch;
    size_t pages_bytes;
    struct ch_heap *heap = painted_heap(&watch, &pages_bytes);
    static const size_t sizes[][2] = {{100, 200}, {200, 100},   {0, 50},       {16000, 20001},
                                      {7, 30001}, {20001, 300}, {20001, 50001}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t from = sizes[i][0];
        size_t to = sizes[i][1];
        size_t kept = from < to ? from : to;
        unsigned char *block = ch_heap_alloc(heap, from);
        paint(block, from, 0xc3);
        unsigned char *moved = ch_heap_realloc(heap, block, to);
        assert_non_null(moved);
        assert_ptr_not_equal(moved, block);
        assert_int_equal(count_painted(moved, kept, 0xc3), kept);
        assert_int_equal(count_painted(block, from, 0xc3), from);
        paint(block, from, 0x5a);
        paint(moved, kept, 0x5a);
        assert_int_equal(count_painted(heap->pages, pages_bytes, 0x5a), pages_bytes);
        ch_heap_free(heap, moved);
    }
    watch_end(&watch, heap);
}

int run_untouched_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(the_engine_works_on_pages_that_nobody_can_touch),
        cmocka_unit_test(a_move_that_the_world_does_touches_no_block),
        cmocka_unit_test(no_byte_of_any_page_changes_while_blocks_come_and_go),
        cmocka_unit_test(the_heap_is_whole_whatever_is_written_to_its_pages),
        cmocka_unit_test(a_moving_reallocate_writes_the_kept_bytes_and_no_other),
    };
    return cmocka_run_group_tests_name("untouched bytes", claims, NULL, NULL);
}
