// ch_heap_check can name any breakage. The tables of a heap are damaged on purpose, in every way
// that each invariant speaks of; ch_heap_check must name exactly that invariant, at the right
// place.
//
// The table of breakages is drawn from invariants.def, so no invariant is without one.

#include "engine_broken.h"
#include "cmocka_headers.h"
#include "engine_groups.h"

#include <stdio.h>
#include <string.h>

#include "engine/cache.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void *take(const struct scene *scene, size_t size_bytes)
{
    void *block = ch_heap_alloc(scene->heap, size_bytes);
    assert_non_null(block);
    return block;
}

static void take_runs(struct scene *scene, void *blocks[SCENE_RUNS])
{
    static const size_t pages[SCENE_RUNS] = SCENE_RUN_PAGES;
    for (size_t i = SCENE_RUNS; i-- > 0;) { // The last one is taken first.
        blocks[i] = take(scene, pages[i] * 4096);
        scene->runs[i] = (uint32_t)(ch_offset(scene->heap, blocks[i]) / 4096);
    }
}

// The arena is so large that the ends of each table are pages apart.
static void set_scene(struct scene *scene)
{
    *scene = (struct scene){.watch = watch_open()};
    scene->heap = watch_heap(&scene->watch, 300 * MIB);
    void *blocks[4 * CH_MAGAZINE_BLOCKS];
    void *full[8];
    for (size_t i = 0; i < COUNT_OF(full); i++) {
        full[i] = take(scene, CH_SMALL_BYTES);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = take(scene, 100);
    }
    scene->other = take(scene, 200);
    scene->last = take(scene, CH_SMALL_BYTES);
    void *runs[SCENE_RUNS];
    take_runs(scene, runs);
    for (size_t i = 4; i < 8; i++) {
        ch_heap_free(scene->heap, full[i]);
    }
    ch_heap_minimize(scene->heap);
    ch_heap_free(scene->heap, runs[RUN_SHORT_HOLE]);
    ch_heap_free(scene->heap, runs[RUN_LONG_HOLE]);
    // More than the thread cache can hold: the first go to their span.
    for (size_t i = 0; i < 2 * CH_MAGAZINE_BLOCKS; i++) {
        ch_heap_free(scene->heap, blocks[i]);
    }
    scene->live = blocks[4 * CH_MAGAZINE_BLOCKS - 1];
    scene->in_span = blocks[0];
    scene->in_cache = blocks[2 * CH_MAGAZINE_BLOCKS - 1];
}

static void a_heap_that_is_whole_is_said_to_be_whole(void **state)
{
    (void)state;
    struct scene scene;
    set_scene(&scene);
    assert_int_equal(ch_span_end(scene.heap), SCENE_SPANS);
    assert_int_equal(scene.heap->runs[SPAN_FREE * scene.heap->span_pages].kind, CH_RUN_FREE);
    assert_int_equal(scene.heap->runs[scene_rest(scene.heap)].pages,
                     scene.runs[RUN_BOTTOM] - scene_rest(scene.heap));
    assert_true(ch_cache_count(ch_cache_mine(scene.heap), SCENE_CLASS) > 2);
    struct ch_broken broken = ch_heap_check(scene.heap);
    assert_int_equal(broken.invariant, CH_INVARIANTS);
    assert_null(broken.where);
    watch_end(&scene.watch, scene.heap);
}

// Everything that the heap knows, page by page, before and after.
static void a_check_writes_nothing(void **state)
{
    (void)state;
    struct scene scene;
    set_scene(&scene);
    static unsigned char before[64][4096];
    size_t table_pages = (size_t)(scene.heap->pages - (unsigned char *)scene.heap) / 4096;
    size_t copied = 0;
    for (size_t page = 0; page < table_pages; page++) {
        if (scene.watch.is_committed[page]) {
            assert_true(copied < COUNT_OF(before));
            memcpy(before[copied++], scene.watch.start + page * 4096, 4096);
        }
    }
    assert_int_equal(ch_heap_check(scene.heap).invariant, CH_INVARIANTS);
    for (size_t page = 0, next = 0; page < table_pages; page++) {
        if (scene.watch.is_committed[page]) {
            assert_memory_equal(before[next++], scene.watch.start + page * 4096, 4096);
        }
    }
    watch_end(&scene.watch, scene.heap);
}

struct suspect {
    enum ch_invariant invariant;
    const char *name;
    const struct breakage *breakages;
};

#define CH_INVARIANT_DEF(id, sentence) {CH_INVARIANT_##id, #id, breaks_##id},
static const struct suspect suspects[CH_INVARIANTS] = {
#include <comheap/invariants.def>
};
#undef CH_INVARIANT_DEF

static void the_check_names_it(void **state)
{
    const struct suspect *suspect = *state;
    assert_non_null(suspect->breakages[0].name);
    for (const struct breakage *breakage = suspect->breakages; breakage->name != NULL; breakage++) {
        struct scene scene;
        set_scene(&scene);
        const void *where = breakage->apply(&scene);
        struct ch_broken broken = ch_heap_check(scene.heap);
        if (broken.invariant != suspect->invariant || broken.where != where) {
            fail_msg("%s: '%s' at %p, not at %p", breakage->name,
                     ch_invariant_sentence(broken.invariant), broken.where, where);
        }
        watch_drop(&scene.watch);
    }
}

int run_broken_claims(void)
{
    const struct CMUnitTest whole[] = {
        cmocka_unit_test(a_heap_that_is_whole_is_said_to_be_whole),
        cmocka_unit_test(a_check_writes_nothing),
    };
    struct CMUnitTest broken[CH_INVARIANTS];
    char names[CH_INVARIANTS][64];
    for (size_t i = 0; i < CH_INVARIANTS; i++) {
        (void)snprintf(names[i], sizeof names[i], "the_check_names_it.%s", suspects[i].name);
        broken[i] = (struct CMUnitTest){
            .name = names[i],
            .test_func = the_check_names_it,
            .initial_state = (void *)(uintptr_t)&suspects[i],
        };
    }
    return cmocka_run_group_tests_name("whole heaps", whole, NULL, NULL) +
           cmocka_run_group_tests_name("broken heaps", broken, NULL, NULL);
}
