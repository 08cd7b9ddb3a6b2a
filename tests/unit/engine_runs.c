// Page runs and the large blocks in them: which run a block gets, what happens to the rest of it,
// how free neighbors join, and when a block can stay. The claims compare addresses, and check the
// heap's invariants after each step.
//
// A block takes the high end of a free page run. So, on a fresh heap, each block lies right below
// the one before.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/state.h"
#include "laws/fill.h"

#define PAGE ((size_t)4096)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct watch watch;
static struct ch_heap *heap;

static void assert_all_free(void)
{
    assert_int_equal(heap->runs[0].kind, CH_RUN_FREE);
    assert_int_equal(heap->runs[0].pages, heap->page_count);
}

// A thread cache would keep the blocks that are freed: the thread has none meanwhile.
static int make(size_t arena_bytes)
{
    assert_true(ch_thread_cache_select(0));
    watch = watch_open();
    heap = watch_heap(&watch, arena_bytes);
    return 0;
}

static int make_heap(void **state)
{
    (void)state;
    return make(16 * MIB);
}

static int end_heap(void **state)
{
    (void)state;
    assert_true(ch_thread_cache_select(1));
    ch_heap_minimize(heap);
    assert_all_free();
    watch_end_empty(&watch, heap);
    return 0;
}

// Returns a block that fills these pages except for one byte.
static unsigned char *take(size_t pages)
{
    unsigned char *block = ch_heap_alloc(heap, pages * PAGE - 1);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % PAGE, 0);
    assert_int_equal(ch_heap_size_bytes(heap, block), pages * PAGE - 1);
    watch_assert_whole(&watch, heap);
    return block;
}

static void give(void *block)
{
    ch_heap_free(heap, block);
    assert_int_equal(watch.faults, 0);
    watch_assert_whole(&watch, heap);
}

static bool stays(unsigned char *block, size_t pages)
{
    unsigned char *resized = ch_heap_realloc(heap, block, pages * PAGE - 1);
    assert_non_null(resized);
    assert_int_equal(ch_heap_size_bytes(heap, resized), pages * PAGE - 1);
    watch_assert_whole(&watch, heap);
    if (resized != block) {
        give(resized);
    }
    return resized == block;
}

static unsigned char *end_of_pages(void)
{
    return heap->pages + (size_t)heap->page_count * PAGE;
}

// Free runs of these lengths, from the end of the arena downward, with a live page run after each.
static void make_holes(const size_t *pages, size_t count, unsigned char **holes, void **walls)
{
    for (size_t i = 0; i < count; i++) {
        holes[i] = take(pages[i]);
        walls[i] = take(5);
    }
    for (size_t i = 0; i < count; i++) {
        give(holes[i]);
    }
}

static void give_all(void **blocks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        give(blocks[i]);
    }
}

static void runs_are_taken_from_the_end_downward(void **state)
{
    (void)state;
    unsigned char *first = take(7);
    unsigned char *second = take(5);
    unsigned char *third = take(100);
    assert_ptr_equal(first, end_of_pages() - 7 * PAGE);
    assert_ptr_equal(second, first - 5 * PAGE);
    assert_ptr_equal(third, second - 100 * PAGE);
    give(second);
    give(first);
    give(third);
}

static void a_short_block_gets_the_shortest_run_that_fits(void **state)
{
    (void)state;
    static const size_t pages[] = {12, 7, 9, 30, 8, 20};
    unsigned char *holes[COUNT_OF(pages)];
    void *walls[COUNT_OF(pages)];
    make_holes(pages, COUNT_OF(pages), holes, walls);
    static const size_t order[] = {1, 4, 2, 0, 5, 3}; // From the shortest up.
    void *blocks[COUNT_OF(pages)];
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        size_t hole = order[i];
        size_t shorter = i == 0 ? 6 : pages[order[i - 1]] + 1;
        unsigned char *block = take(shorter); // No shorter run fits: it takes this one's end.
        assert_ptr_equal(block, holes[hole] + (pages[hole] - shorter) * PAGE);
        blocks[i] = block;
    }
    give_all(blocks, COUNT_OF(order));
    give_all(walls, COUNT_OF(walls));
}

// Lengths that share a list: the heap searches the list for the best, in any order.
static void a_long_block_gets_the_shortest_run_of_those_about_its_length(void **state)
{
    (void)state;
    static const size_t pages[] = {42, 40, 43, 41, 66, 71, 64, 69};
    unsigned char *holes[COUNT_OF(pages)];
    void *walls[COUNT_OF(pages)];
    make_holes(pages, COUNT_OF(pages), holes, walls);
    static const size_t order[] = {3, 0, 1, 2, 7, 5, 4, 6};
    void *blocks[COUNT_OF(pages)];
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        blocks[i] = take(pages[order[i]]);
        assert_ptr_equal(blocks[i], holes[order[i]]);
    }
    give_all(walls, COUNT_OF(walls));
    give_all(blocks, COUNT_OF(order));
}

// Any number of runs that are too short may share a list with one that fits. A search gives up on
// them as long as there is a longer run, so that a call costs the same however many there are.
// Where the arena has nothing else, the search finds it.
static void a_search_gives_up_on_a_list_only_where_something_else_fits(void **state)
{
    (void)state;
    static const size_t pages[] = {67, 64, 65, 66, 64, 65, 66, 64, 65, 66, 64, 65};
    unsigned char *holes[COUNT_OF(pages)];
    void *walls[COUNT_OF(pages)];
    make_holes(pages, COUNT_OF(pages), holes, walls);
    unsigned char *lowest = walls[COUNT_OF(walls) - 1];
    unsigned char *of_longest = take(67);
    assert_ptr_equal(of_longest, lowest - 67 * PAGE);
    unsigned char *rest = take(heap->runs[0].pages);
    assert_ptr_equal(rest, heap->pages);
    unsigned char *found = take(67);
    assert_ptr_equal(found, holes[0]);
    assert_null(ch_heap_alloc(heap, 67 * PAGE));
    give(found);
    give(rest);
    give(of_longest);
    give_all(walls, COUNT_OF(walls));
}

static void a_short_run_is_preferred_to_a_long_one(void **state)
{
    (void)state;
    unsigned char *hole = take(50);
    unsigned char *wall = take(5);
    give(hole);
    unsigned char *fits = take(49);
    assert_ptr_equal(fits, hole + PAGE);
    unsigned char *does_not = take(51);
    assert_ptr_equal(does_not, wall - 51 * PAGE);
    give(fits);
    give(does_not);
    give(wall);
}

static void a_run_that_is_longer_than_the_block_is_split(void **state)
{
    (void)state;
    unsigned char *hole = take(20);
    unsigned char *wall = take(5);
    give(hole);
    unsigned char *tail = take(8);
    unsigned char *middle = take(7);
    unsigned char *head = take(5);
    assert_ptr_equal(tail, hole + 12 * PAGE);
    assert_ptr_equal(middle, hole + 5 * PAGE);
    assert_ptr_equal(head, hole);
    give(middle);
    give(head);
    give(tail);
    give(wall);
}

// Five neighbours, freed in each of the 120 orders. Each freed run joins its free neighbours at
// once: left, right and on both sides. In the end all of it is one run again.
static void neighbours_join_in_whatever_order_they_are_freed(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 120; order++) {
        unsigned char *wall =
            take(6);     // At the end of the arena, so that they lie between two walls,
        void *blocks[5]; // and, when that one is freed, at the end.
        for (size_t i = 0; i < 5; i++) {
            blocks[i] = take(5 + i);
        }
        unsigned char *other_wall = take(6);
        unsigned left = order;
        for (unsigned remaining = 5; remaining > 0; left /= remaining, remaining--) {
            unsigned chosen = left % remaining;
            give(blocks[chosen]);
            blocks[chosen] = blocks[remaining - 1];
        }
        unsigned char *joined = take(5 + 6 + 7 + 8 + 9);
        assert_ptr_equal(joined, other_wall + 6 * PAGE);
        give(order % 2 == 0 ? joined : wall);
        give(order % 2 == 0 ? wall : joined);
        give(other_wall);
        assert_all_free();
    }
}

static void a_freed_run_joins_those_on_both_of_its_sides(void **state)
{
    (void)state;
    unsigned char *top = take(5);
    unsigned char *upper = take(6);
    unsigned char *lower = take(7);
    uint32_t top_page = heap->page_count - 5;
    give(upper);
    assert_int_equal(heap->runs[0].pages, top_page - 13);
    assert_int_equal(heap->runs[top_page - 6].pages, 6);
    give(lower);
    assert_int_equal(heap->runs[0].pages, top_page);
    assert_int_equal(heap->runs[top_page - 1].pages, top_page);
    unsigned char *next = take(9);
    assert_ptr_equal(next, top - 9 * PAGE);
    give(top);
    give(next);
}

// Told by the records alone, without the check.
static void page_runs_tile_the_pages(void **state)
{
    (void)state;
    static void *blocks[64];
    for (unsigned step = 0; step < 2000; step++) {
        void **slot = &blocks[step * 37 % 64];
        ch_heap_free(heap, *slot);
        size_t size_bytes = step % 3 == 0 ? step * 7 : PAGE * (5 + step % 90);
        *slot = ch_heap_alloc(heap, size_bytes);
        assert_non_null(*slot);
        uint32_t page = 0;
        for (bool was_free = false; page < heap->page_count; page += heap->runs[page].pages) {
            const struct ch_run *run = &heap->runs[page];
            bool is_free = run->kind == CH_RUN_FREE;
            assert_int_equal(heap->runs[page + run->pages - 1].pages, run->pages);
            assert_false(was_free && is_free);
            was_free = is_free;
        }
        assert_int_equal(page, heap->page_count);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        give(blocks[i]);
    }
}

static void a_block_grows_into_the_free_run_behind_it(void **state)
{
    (void)state;
    unsigned char *wall = take(5);
    unsigned char *behind = take(10);
    unsigned char *block = take(6);
    fill_write(block, 6 * PAGE - 1, fill_of(1));
    give(behind);
    assert_true(stays(block, 9));  // A part of it,
    assert_true(stays(block, 16)); // and exactly all.
    assert_true(fill_find_wrong(block, 6 * PAGE - 1, fill_of(1), 6 * PAGE - 1) == SIZE_MAX);
    assert_ptr_equal(block + 16 * PAGE, wall);
    assert_int_equal(ch_heap_stats(heap).live_bytes, 21 * PAGE - 2);
    assert_false(stays(block, 17)); // The wall is live: the block moved, and its place is free.
    give(wall);
}

static void a_block_behind_which_the_free_run_is_too_short_moves(void **state)
{
    (void)state;
    unsigned char *wall = take(5);
    unsigned char *behind = take(10);
    unsigned char *block = take(6);
    give(behind);
    assert_false(stays(block, 17));
    unsigned char *again = take(16); // All pages that it left joined: the run is whole again.
    assert_ptr_equal(again, wall - 16 * PAGE);
    give(again);
    give(wall);
}

// Returns the number of free pages behind the block.
static size_t room_behind(const unsigned char *block)
{
    uint32_t page = (uint32_t)((size_t)(block - heap->pages) / PAGE);
    uint32_t next = page + heap->runs[page].pages;
    bool is_free = next < heap->page_count && heap->runs[next].kind == CH_RUN_FREE;
    return is_free ? heap->runs[next].pages : 0;
}

static unsigned char *grow(unsigned char *block, size_t pages)
{
    unsigned char *grown = ch_heap_realloc(heap, block, pages * PAGE - 1);
    assert_non_null(grown);
    watch_assert_whole(&watch, heap);
    return grown;
}

// Room costs addresses only, and a block that needs them gets them.
static void a_block_that_moves_to_grow_gets_as_much_room_again(void **state)
{
    (void)state;
    unsigned char *wall = take(5);
    unsigned char *block = take(100);
    size_t committed = watch.committed_pages;
    unsigned char *moved = grow(block, 101);
    assert_ptr_equal(moved, block - 202 * PAGE);
    assert_int_equal(room_behind(moved), 101 + 100); // The place that it left follows its room.
    assert_true(watch.committed_pages <= committed + 101 + 8);
    assert_ptr_equal(grow(moved, 302), moved);
    assert_int_equal(room_behind(moved), 0);
    assert_ptr_equal(grow(moved, 102), moved);
    unsigned char *other = take(200);
    assert_ptr_equal(other, wall - 200 * PAGE);
    give(other);
    give(moved);
    give(wall);
}

static void a_block_that_grows_prefers_room_in_a_free_run(void **state)
{
    (void)state;
    unsigned char *hole = take(60);
    unsigned char *wall = take(5);
    unsigned char *block = take(20);
    give(hole);
    unsigned char *moved = grow(block, 25);
    assert_ptr_equal(moved, hole + 10 * PAGE);
    assert_int_equal(room_behind(moved), 25);
    give(moved);
    give(wall);
}

static void no_room_is_given_where_addresses_are_short(void **state)
{
    (void)state;
    unsigned char *wall = take(5);
    uint32_t longest = heap->runs[0].pages;
    unsigned char *block = take(longest / 16 - 10);
    unsigned char *moved = grow(block, longest / 16 + 1);    // More than a sixteenth of it.
    assert_int_equal(room_behind(moved), longest / 16 - 10); // Only the place that it left.
    give(moved);
    unsigned char *half = take(heap->page_count / 2);
    block = take(20);
    moved = grow(block, 21);
    assert_int_equal(room_behind(moved), 20);
    give(moved);
    give(half);
    give(wall);
}

// Each room of fresh pages may cost a mapping. Pages that were committed before cost none.
static void small_blocks_get_room_of_fresh_pages_8192_times(void **state)
{
    (void)state;
    unsigned char *wall = take(5);
    unsigned char *moved = grow(take(20), 21);
    assert_int_equal(heap->small_rooms, 1);
    give(moved);
    give(take(60));
    moved = grow(take(10), 11);
    assert_int_equal(heap->small_rooms, 1);
    give(moved);
    heap->small_rooms = 8192;
    unsigned char *block = take(20);
    moved = grow(block, 21);
    assert_int_equal(room_behind(moved), 20); // Only the place that it left.
    give(moved);
    block = take(2 * MIB / PAGE);
    moved = grow(block, 2 * MIB / PAGE + 1);
    assert_int_equal(room_behind(moved), 2 * (2 * MIB / PAGE) + 1);
    assert_int_equal(heap->small_rooms, 8192);
    give(moved);
    ch_heap_minimize(heap);
    assert_int_equal(heap->small_rooms, 8192);
    give(wall);
    ch_heap_minimize(heap);
    assert_int_equal(heap->small_rooms, 0);
}

static void the_last_run_of_the_arena_has_nothing_to_grow_into(void **state)
{
    (void)state;
    unsigned char *last = take(5);
    assert_ptr_equal(last + 5 * PAGE, end_of_pages());
    assert_false(stays(last, 6));
}

static void a_block_shrinks_where_it_is_and_its_end_is_free(void **state)
{
    (void)state;
    unsigned char *wall = take(5);
    unsigned char *behind = take(6);
    unsigned char *block = take(20);
    assert_true(stays(block, 14)); // [ block ][ free 6 ][ behind ]
    unsigned char *end = take(6);
    assert_ptr_equal(end, block + 14 * PAGE);
    give(end);
    give(behind);                 // [ block ][ free 12 ]
    assert_true(stays(block, 8)); // [ block ][ free 18 ]
    end = take(18);
    assert_ptr_equal(end, block + 8 * PAGE);
    give(end);
    assert_true(stays(block, 26));
    give(block);
    give(wall);
}

// Bytes come and go within the last page: no page changes hands.
static void a_block_that_needs_the_same_pages_asks_for_none(void **state)
{
    (void)state;
    unsigned char *block = take(10);
    size_t requests = watch.requests;
    for (size_t size_bytes = 9 * PAGE + 1; size_bytes <= 10 * PAGE; size_bytes += 7) {
        assert_ptr_equal(ch_heap_realloc(heap, block, size_bytes), block);
        assert_int_equal(ch_heap_size_bytes(heap, block), size_bytes);
        assert_int_equal(ch_heap_stats(heap).live_bytes, size_bytes);
    }
    assert_int_equal(watch.requests, requests);
    give(block);
}

// A heap whose world has nothing left can still give pages up.
static void a_block_shrinks_without_a_request(void **state)
{
    (void)state;
    unsigned char *wall = take(5);
    unsigned char *block = take(900);
    size_t requests = watch.requests;
    watch.refuse_at = 0;
    watch.refuses_after = true;
    for (size_t pages = 899; pages > 6; pages -= pages / 3) {
        assert_true(stays(block, pages));
        if (pages % 2 == 0) { // Without the records of the pages that it gave up before.
            ch_heap_minimize(heap);
        }
    }
    assert_int_equal(watch.requests, requests);
    watch_relent(&watch);
    give(block);
    give(wall);
}

static size_t idle_pages(void)
{
    return heap->committed_pages - heap->used_pages;
}

// Returns a bound of the idle pages, as ch_heap_minimize states it.
static size_t bound(size_t size_bytes)
{
    return heap->used_pages / 4 + size_bytes / PAGE;
}

static int make_long_heap(void **state)
{
    (void)state;
    return make(128 * MIB);
}

#define LONG_BLOCKS 60U

// Blocks of a MiB.
static void take_long(unsigned char **blocks, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        blocks[i] = take(MIB / PAGE);
    }
}

// The heap gives up somewhat more than it must, so that the next block does not make it give up
// again.
static void idle_pages_are_a_quarter_of_the_used_ones_and_32_MiB_at_most(void **state)
{
    (void)state;
    unsigned char *blocks[LONG_BLOCKS];
    take_long(blocks, LONG_BLOCKS);
    for (unsigned i = 0; i < LONG_BLOCKS; i++) {
        size_t decommits = watch.decommits;
        give(blocks[i]);
        assert_true(idle_pages() <= bound(32 * MIB));
        if (watch.decommits > decommits) {
            assert_true(idle_pages() <= bound(32 * MIB) * 3 / 4 + 1);
            assert_true(idle_pages() >= bound(32 * MIB) / 2);
        }
    }
    assert_true(watch.decommits > 0);
}

// Blocks that are freed and allocated again, all at once or one by one, cost no request for pages.
static void a_heap_that_is_filled_and_emptied_keeps_its_pages(void **state)
{
    (void)state;
    unsigned char *blocks[24];
    size_t requests = 0;
    for (unsigned turn = 0; turn < 8; turn++) {
        take_long(blocks, COUNT_OF(blocks));
        requests = turn == 0 ? watch.requests : requests;
        for (size_t i = 0; i < COUNT_OF(blocks); i++) {
            give(blocks[i]);
        }
    }
    assert_int_equal(watch.requests, requests);
    assert_int_equal(watch.decommits, 0);
}

// Time is the pages that come free. A period takes four times the pages that are kept for good.
static void a_heap_that_has_shrunk_gives_up_what_it_did_not_need_in_a_period(void **state)
{
    (void)state;
    unsigned char *blocks[24];
    take_long(blocks, COUNT_OF(blocks));
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        give(blocks[i]);
    }
    assert_true(idle_pages() >= 24 * MIB / PAGE);
    size_t freed = 0;
    for (; watch.decommits == 0; freed += 100) {
        give(take(100));
    }
    assert_true(freed >= 4 * bound(8 * MIB) - 100); // It was a whole period,
    assert_true(freed <= 8 * bound(8 * MIB) + 200); // and began with the end of another.
    assert_true(idle_pages() <= bound(8 * MIB) + 100);
    assert_true(idle_pages() >= bound(8 * MIB));
}

// Those pages stay, however long the heap does not need them.
static void a_heap_keeps_8_MiB_for_good(void **state)
{
    (void)state;
    unsigned char *blocks[8];
    take_long(blocks, COUNT_OF(blocks));
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        give(blocks[i]);
    }
    for (unsigned turn = 0; turn < 400; turn++) {
        give(take(100));
    }
    assert_int_equal(watch.decommits, 0);
    assert_true(idle_pages() >= 8 * MIB / PAGE);
}

#define ON_HEAP(claim) cmocka_unit_test_setup_teardown(claim, make_heap, end_heap)
#define ON_LONG_HEAP(claim) cmocka_unit_test_setup_teardown(claim, make_long_heap, end_heap)

int run_run_claims(void)
{
    const struct CMUnitTest claims[] = {
        ON_HEAP(runs_are_taken_from_the_end_downward),
        ON_HEAP(a_short_block_gets_the_shortest_run_that_fits),
        ON_HEAP(a_long_block_gets_the_shortest_run_of_those_about_its_length),
        ON_HEAP(a_search_gives_up_on_a_list_only_where_something_else_fits),
        ON_HEAP(a_short_run_is_preferred_to_a_long_one),
        ON_HEAP(a_run_that_is_longer_than_the_block_is_split),
        ON_HEAP(neighbours_join_in_whatever_order_they_are_freed),
        ON_HEAP(a_freed_run_joins_those_on_both_of_its_sides),
        ON_HEAP(page_runs_tile_the_pages),
        ON_HEAP(a_block_grows_into_the_free_run_behind_it),
        ON_HEAP(a_block_behind_which_the_free_run_is_too_short_moves),
        ON_HEAP(a_block_that_moves_to_grow_gets_as_much_room_again),
        ON_HEAP(a_block_that_grows_prefers_room_in_a_free_run),
        ON_HEAP(no_room_is_given_where_addresses_are_short),
        ON_LONG_HEAP(small_blocks_get_room_of_fresh_pages_8192_times),
        ON_HEAP(the_last_run_of_the_arena_has_nothing_to_grow_into),
        ON_HEAP(a_block_shrinks_where_it_is_and_its_end_is_free),
        ON_HEAP(a_block_that_needs_the_same_pages_asks_for_none),
        ON_HEAP(a_block_shrinks_without_a_request),
        ON_LONG_HEAP(idle_pages_are_a_quarter_of_the_used_ones_and_32_MiB_at_most),
        ON_LONG_HEAP(a_heap_that_is_filled_and_emptied_keeps_its_pages),
        ON_LONG_HEAP(a_heap_that_has_shrunk_gives_up_what_it_did_not_need_in_a_period),
        ON_LONG_HEAP(a_heap_keeps_8_MiB_for_good),
    };
    return cmocka_run_group_tests_name("runs", claims, NULL, NULL);
}
