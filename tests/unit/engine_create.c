// The promises of ch_heap_create and ch_heap_destroy: NULL for each documented reason and for no
// other, nothing kept after a refusal, nothing left behind at the end.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/class.h"
#include "engine/state.h"
#include "world/asan.h"

static struct ch_heap *create(struct watch *watch, size_t arena_bytes)
{
    return ch_heap_create(&(struct ch_config){
        .arena_bytes = arena_bytes,
        .pages = watch_pages(watch),
        .world = watch,
    });
}

static void no_config_at_all_is_all_defaults(void **state)
{
    (void)state;
    struct ch_heap *heap = ch_heap_create(NULL);
    assert_non_null(heap);
    assert_true(ch_heap_stats(heap).arena_bytes == CH_ARENA_BYTES_DEFAULT);
    void *block = ch_heap_alloc(heap, 100);
    assert_non_null(block);
    assert_int_equal(ch_heap_size_bytes(heap, block), 100);
    ch_heap_destroy(heap);
}

// The heap does not take the longest free range whole: files and stacks need addresses, too.
static void a_default_arena_leaves_others_half_of_the_addresses_that_there_are(void **state)
{
    (void)state;
    for (size_t longest = CH_ARENA_BYTES_DEFAULT; longest >= 1024 * KIB;
         longest = longest / 3 * 2) {
        struct watch watch = watch_open();
        watch.longest_bytes = longest;
        if (longest < CH_ARENA_BYTES_SCARCE) {
            assert_null(create(&watch, 0));
            assert_null(watch.start);
            continue;
        }
        struct ch_heap *heap = watch_heap(&watch, 0);
        size_t arena_bytes = ch_heap_stats(heap).arena_bytes;
        assert_int_equal(arena_bytes, watch.size_bytes);
        assert_true(arena_bytes >= CH_ARENA_BYTES_SCARCE);
        assert_true(arena_bytes >= longest / 4);
        assert_true(longest == CH_ARENA_BYTES_DEFAULT || arena_bytes <= longest / 2 ||
                    arena_bytes < 2 * CH_ARENA_BYTES_SCARCE);
        size_t given_back = watch.releases;
        ch_heap_destroy(heap);
        assert_int_equal(watch.releases, given_back + 1);
        assert_null(watch.breach);
    }
}

static void an_arena_below_the_least_is_refused_before_anything_is_asked_for(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 4096, CH_ARENA_BYTES_MIN - 4096, CH_ARENA_BYTES_MIN - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct watch watch = watch_open();
        assert_null(create(&watch, sizes[i]));
        assert_int_equal(watch.reserves, 0);
    }
}

static void the_least_arena_and_any_odd_one_above_it_make_a_heap(void **state)
{
    (void)state;
    for (size_t odd = 0; odd < 9000; odd += 449) {
        struct watch watch = watch_open();
        struct ch_heap *heap = watch_heap(&watch, CH_ARENA_BYTES_MIN + odd);
        size_t arena_bytes = ch_heap_stats(heap).arena_bytes;
        assert_true(arena_bytes <= CH_ARENA_BYTES_MIN + odd);
        assert_true(arena_bytes + 4096 > CH_ARENA_BYTES_MIN + odd);
        assert_int_equal(arena_bytes, watch.size_bytes);
        assert_non_null(ch_heap_alloc(heap, 100));
        watch_end(&watch, heap);
    }
}

static void a_range_that_is_refused_makes_no_heap(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    watch.refuses_reserve = true;
    assert_null(create(&watch, MIB));
    assert_int_equal(watch.reserves, 1);
    assert_int_equal(watch.requests, 0);
    assert_null(watch.breach);
}

static void first_pages_that_are_refused_make_no_heap_and_keep_no_range(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    watch.refuse_at = 0;
    assert_null(create(&watch, MIB));
    assert_int_equal(watch.refusals, 1);
    assert_int_equal(watch.releases, 1);
    assert_null(watch.start);
    assert_null(watch.breach);
}

static void a_page_size_above_that_of_a_span_is_refused(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    watch.page_bytes = 2 * CH_SPAN_BYTES;
    assert_null(create(&watch, 64 * MIB));
    assert_int_equal(watch.reserves, 0);
}

static void every_page_size_up_to_that_of_a_span_makes_a_heap_that_works(void **state)
{
    (void)state;
    for (size_t page_bytes = 4096; page_bytes <= CH_SPAN_BYTES; page_bytes *= 2) {
        struct watch watch = watch_open();
        watch.page_bytes = page_bytes;
        watch.move = WATCH_MOVE_WORKS;
        struct ch_heap *heap = watch_heap(&watch, 16 * MIB);
        struct churn churn = {.heap = heap, .random = page_bytes, .most_bytes = 400 * KIB};
        for (unsigned i = 0; i < 4000; i++) {
            churn_step(&churn);
            if (i % 128 == 0) {
                watch_assert_whole(&watch, heap);
            }
        }
        churn_end(&churn);
        assert_string_equal(churn.wrong == NULL ? "" : churn.wrong, "");
        watch_end_empty(&watch, heap);
    }
}

#if SIZE_MAX > UINT32_MAX
// The tables take a page each. With pages of 64 KiB the smallest arena has none left for blocks.
static void an_arena_without_room_for_a_page_is_a_heap_that_grants_nothing(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    watch.page_bytes = CH_SPAN_BYTES;
    struct ch_heap *heap = watch_heap(&watch, CH_ARENA_BYTES_MIN);
    assert_null(ch_heap_alloc(heap, 0));
    assert_null(ch_heap_alloc(heap, CH_SMALL_BYTES + 1));
    assert_false(ch_heap_owns(heap, heap));
    ch_heap_free(heap, heap);
    watch_expect_fault(&watch, CH_FAULT_FREE_FOREIGN, heap);
    watch_end_empty(&watch, heap);
}

#ifndef _WIN32 // Wine keeps a byte for each page: 4 GiB.
// More pages than an index of 32 bits can count: the arena is used as far as it can.
static void an_arena_of_more_pages_than_can_be_counted_grants_no_block_in_part(void **state)
{
    (void)state;
    const size_t tib = (size_t)1 << 40;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 17 * tib});
    assert_non_null(heap);
    assert_null(ch_heap_alloc(heap, 16 * tib));
    assert_null(ch_heap_alloc(heap, 16 * tib + 1));
    assert_null(ch_heap_alloc(heap, 16 * tib + CH_SMALL_BYTES));
    unsigned char *block = ch_heap_alloc(heap, 100 * KIB);
    assert_non_null(block);
    assert_null(ch_heap_realloc(heap, block, 16 * tib + 100 * KIB));
    assert_int_equal(ch_heap_size_bytes(heap, block), 100 * KIB);
    assert_string_equal(ch_invariant_sentence(ch_heap_check(heap).invariant), "");
    ch_heap_destroy(heap);
}
#endif
#endif

static void the_end_of_no_heap_has_no_effect(void **state)
{
    (void)state;
    ch_heap_destroy(NULL);
}

// Makes blocks, and free page runs, short and long, where spans and large blocks were. `kinds` has
// a bit for each.
static void fill_heap(struct ch_heap *heap, unsigned kinds)
{
    void *spans[64];
    for (size_t i = 0; i < 64; i++) {
        spans[i] = ch_heap_alloc(heap, CH_SMALL_BYTES);
    }
    void *runs[6];
    static const size_t sizes[6] = {20001, 30001, 20001, 900001, 20001, 100001};
    for (size_t i = 0; i < 6; i++) {
        runs[i] = ch_heap_alloc(heap, sizes[i]);
    }
    for (size_t i = 0; i < 64; i++) {
        bool is_freed = (kinds & 1) != 0 && (i < 20 || i >= 40);
        ch_heap_free(heap, is_freed ? spans[i] : NULL);
    }
    for (size_t i = 1; i < 6 && (kinds & 2) != 0; i += 2) {
        ch_heap_free(heap, runs[i]); // One short, one long, and the last one.
    }
    for (size_t i = 0; i < 300 && (kinds & 4) != 0; i++) {
        void *block = ch_heap_alloc(heap, i * 7 % 300);
        ch_heap_free(heap, i % 3 == 0 ? block : NULL);
    }
    if ((kinds & 8) != 0) {
        ch_heap_minimize(heap);
    }
    if ((kinds & 16) != 0) { // All of the rest: a run is now where spans have been.
        (void)ch_heap_alloc(heap, watch_largest(heap));
    }
}

static void the_end_of_a_heap_leaves_nothing_committed_and_nothing_poisoned(void **state)
{
    (void)state;
    for (unsigned kinds = 0; kinds < 32; kinds++) {
        struct watch watch = watch_open();
        watch.keeps_range = true;
        struct ch_heap *heap = watch_heap(&watch, 4 * MIB);
        fill_heap(heap, kinds);
        watch_end(&watch, heap);
#ifdef HAS_ASAN
        assert_null(__asan_region_is_poisoned(watch.start, watch.size_bytes));
#endif
        watch_drop(&watch);
    }
}

static void heaps_do_not_know_of_each_other(void **state)
{
    (void)state;
    struct watch watches[4];
    struct churn churns[4];
    for (size_t i = 0; i < 4; i++) {
        watches[i] = watch_open();
        churns[i] = (struct churn){.random = i, .most_bytes = 100 * KIB};
        churns[i].heap = watch_heap(&watches[i], 8 * MIB);
    }
    for (unsigned step = 0; step < 4000; step++) {
        struct churn *churn = &churns[step % 4];
        churn_step(churn);
        const struct churn_slot *slot = &churn->slots[step % CHURN_SLOTS];
        assert_int_equal(ch_heap_owns(churn->heap, slot->block), slot->block != NULL);
        assert_false(ch_heap_owns(churns[(step + 1) % 4].heap, slot->block));
    }
    for (size_t i = 0; i < 4; i++) {
        if (i % 2 == 0) {
            churn_end(&churns[i]);
        }
        assert_string_equal(churns[i].wrong == NULL ? "" : churns[i].wrong, "");
        watch_end(&watches[i], churns[i].heap);
    }
}

#define BOUNDED 20U

// Returns whether one of the ways to get a block, or another size of it, granted that size.
static bool ask(struct ch_heap *heap, void **block, unsigned way, size_t size_bytes)
{
    void *other = way % 4 == 0     ? ch_heap_realloc(heap, *block, size_bytes)
                  : *block != NULL ? (ch_heap_resize(heap, *block, size_bytes) ? *block : NULL)
                  : way % 4 == 1   ? ch_heap_alloc_aligned(heap, size_bytes, 8192)
                                   : ch_heap_alloc(heap, size_bytes);
    *block = other != NULL ? other : *block;
    return other != NULL;
}

static void work_within(const struct ch_config *config)
{
    struct ch_heap *heap = ch_heap_create(config);
    void *blocks[BOUNDED] = {NULL};
    size_t granted = 0;
    for (uint32_t step = 0, random = 1; step < 20000; step++) {
        random = random * 1103515245 + 12345;
        unsigned at = random >> 16 & 31;
        size_t size_bytes = (size_t)(random >> 8 & 0xffff) >> (random >> 27 & 15);
        if (at >= BOUNDED) {
            ch_heap_free(heap, blocks[at - BOUNDED]);
            blocks[at - BOUNDED] = NULL;
            continue;
        }
        granted += ask(heap, &blocks[at], random >> 24, size_bytes);
        struct ch_stats stats = ch_heap_stats(heap);
        assert_true(config->live_bytes == 0 || stats.live_bytes <= config->live_bytes);
        assert_true(blocks[at] == NULL ||
                    ch_heap_size_bytes(heap, blocks[at]) <= config->block_bytes);
    }
    assert_true(granted > 1000);
    assert_int_equal(ch_heap_check(heap).invariant, CH_INVARIANTS);
    ch_heap_destroy(heap);
}

static void no_way_to_have_a_block_leads_out_of_the_bounds(void **state)
{
    (void)state;
    static const struct ch_config configs[] = {
        {.arena_bytes = 8 * MIB, .live_bytes = 100 * KIB, .block_bytes = 64 * KIB},
        {.arena_bytes = 8 * MIB, .live_bytes = 3 * KIB, .block_bytes = 64 * KIB},
        {.arena_bytes = 8 * MIB, .block_bytes = 32 * KIB},
        {.arena_bytes = 8 * MIB, .block_bytes = 100},
    };
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        work_within(&configs[i]);
    }
}

int run_create_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(no_config_at_all_is_all_defaults),
        cmocka_unit_test(a_default_arena_leaves_others_half_of_the_addresses_that_there_are),
        cmocka_unit_test(an_arena_below_the_least_is_refused_before_anything_is_asked_for),
        cmocka_unit_test(the_least_arena_and_any_odd_one_above_it_make_a_heap),
        cmocka_unit_test(a_range_that_is_refused_makes_no_heap),
        cmocka_unit_test(first_pages_that_are_refused_make_no_heap_and_keep_no_range),
        cmocka_unit_test(a_page_size_above_that_of_a_span_is_refused),
        cmocka_unit_test(every_page_size_up_to_that_of_a_span_makes_a_heap_that_works),
#if SIZE_MAX > UINT32_MAX
        cmocka_unit_test(an_arena_without_room_for_a_page_is_a_heap_that_grants_nothing),
#ifndef _WIN32
        cmocka_unit_test(an_arena_of_more_pages_than_can_be_counted_grants_no_block_in_part),
#endif
#endif
        cmocka_unit_test(the_end_of_no_heap_has_no_effect),
        cmocka_unit_test(the_end_of_a_heap_leaves_nothing_committed_and_nothing_poisoned),
        cmocka_unit_test(heaps_do_not_know_of_each_other),
        cmocka_unit_test(no_way_to_have_a_block_leads_out_of_the_bounds),
    };
    return cmocka_run_group_tests_name("create and destroy", claims, NULL, NULL);
}
