// Pages that the world refuses. Each request for pages that a call makes is refused in turn, once
// alone and once with all that follow. The call then returns NULL or finds another way. Nothing
// leaks, nothing changes that should not, and afterwards the same call succeeds.

#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "engine/class.h"
#include "engine/state.h"
#include "laws/fill.h"

#define ARENA_BYTES (16 * MIB)
#define HELD 8U

/// A heap on which a call is made: first its blocks, and then the call.
struct call {
    size_t held_bytes[HELD]; ///< Allocated in this order; 0: no more.
    unsigned freed;          ///< A bit for each that is freed again.
    bool minimizes;          ///< And then minimized.
    int resized;             ///< The index of the block to reallocate; -1: one is allocated.
    size_t size_bytes;       ///< The size of that call.
};

#define LARGE (100 * KIB)

static const struct call small_alloc_in_a_fresh_heap = {.resized = -1, .size_bytes = 100};
static const struct call small_alloc_in_a_free_span = {
    .held_bytes = {CH_SMALL_BYTES, CH_SMALL_BYTES, CH_SMALL_BYTES, CH_SMALL_BYTES, 100},
    .freed = 0xf,
    .minimizes = true,
    .resized = -1,
    .size_bytes = 3000,
};
static const struct call small_alloc_in_one_more_span = {
    .held_bytes = {CH_SMALL_BYTES, CH_SMALL_BYTES, CH_SMALL_BYTES, CH_SMALL_BYTES},
    .resized = -1,
    .size_bytes = CH_SMALL_BYTES,
};
static const struct call large_alloc_in_a_fresh_heap = {.resized = -1, .size_bytes = LARGE};
static const struct call large_alloc_in_a_heap_with_idle_pages = {
    .held_bytes = {100, 200, 300, LARGE, LARGE},
    .freed = 0x1a,
    .resized = -1,
    .size_bytes = 3 * LARGE,
};
static const struct call large_alloc_in_a_free_run = {
    .held_bytes = {LARGE, LARGE, LARGE},
    .freed = 0x2,
    .minimizes = true,
    .resized = -1,
    .size_bytes = LARGE - 5000,
};
static const struct call realloc_in_place = {
    .held_bytes = {LARGE, LARGE, LARGE},
    .freed = 0x2,
    .minimizes = true,
    .resized = 2,
    .size_bytes = LARGE + 50 * KIB,
};
static const struct call realloc_that_moves = {
    .held_bytes = {LARGE, LARGE, 500},
    .resized = 0,
    .size_bytes = 2 * LARGE,
};
static const struct call realloc_from_small_to_large = {
    .held_bytes = {LARGE, 500},
    .resized = 1,
    .size_bytes = LARGE,
};
static const struct call realloc_from_large_to_small = {
    .held_bytes = {LARGE, LARGE},
    .resized = 0,
    .size_bytes = 500,
};
static const struct call realloc_to_another_class = {
    .held_bytes = {500, 600},
    .resized = 1,
    .size_bytes = 9000,
};

struct stage {
    struct watch watch;
    struct ch_heap *heap;
    void *held[HELD];
};

static void set_stage(struct stage *stage, const struct call *call)
{
    *stage = (struct stage){.watch = watch_open()};
    stage->heap = watch_heap(&stage->watch, ARENA_BYTES);
    for (unsigned i = 0; i < HELD && call->held_bytes[i] != 0; i++) {
        stage->held[i] = ch_heap_alloc(stage->heap, call->held_bytes[i]);
        assert_non_null(stage->held[i]);
        fill_write(stage->held[i], call->held_bytes[i], fill_of(i));
    }
    for (unsigned i = 0; i < HELD; i++) {
        if ((call->freed >> i & 1) != 0) {
            ch_heap_free(stage->heap, stage->held[i]);
            stage->held[i] = NULL;
        }
    }
    if (call->minimizes) {
        ch_heap_minimize(stage->heap);
    }
}

static void assert_held(const struct stage *stage, const struct call *call, int but)
{
    for (int i = 0; i < (int)HELD; i++) {
        if (stage->held[i] != NULL && i != but) {
            size_t size_bytes = call->held_bytes[i];
            assert_int_equal(ch_heap_size_bytes(stage->heap, stage->held[i]), size_bytes);
            assert_true(fill_find_wrong(stage->held[i], size_bytes, fill_of((unsigned)i),
                                        size_bytes) == SIZE_MAX);
        }
    }
}

static void *make_call(struct stage *stage, const struct call *call)
{
    if (call->resized < 0) {
        return ch_heap_alloc(stage->heap, call->size_bytes);
    }
    return ch_heap_realloc(stage->heap, stage->held[call->resized], call->size_bytes);
}

static void assert_granted(struct stage *stage, const struct call *call, void *block)
{
    assert_non_null(block);
    assert_int_equal(ch_heap_size_bytes(stage->heap, block), call->size_bytes);
    if (call->resized >= 0) {
        size_t old_bytes = call->held_bytes[call->resized];
        size_t kept = old_bytes < call->size_bytes ? old_bytes : call->size_bytes;
        assert_true(fill_find_wrong(block, old_bytes, fill_of((unsigned)call->resized), kept) ==
                    SIZE_MAX);
        stage->held[call->resized] = block;
    }
    assert_held(stage, call, call->resized);
    watch_assert_whole(&stage->watch, stage->heap);
    ch_heap_free(stage->heap, block);
    if (call->resized >= 0) {
        stage->held[call->resized] = NULL;
    }
}

// Refuses request k of the call. Returns whether the call made it, and adds to the count of NULLs.
static bool refuse(const struct call *call, size_t k, bool refuses_after, size_t *nulls)
{
    struct stage stage;
    set_stage(&stage, call);
    struct ch_stats before = ch_heap_stats(stage.heap);
    stage.watch.refuse_at = k;
    stage.watch.refuses_after = refuses_after;
    void *block = make_call(&stage, call);
    bool was_refused = stage.watch.refusals > 0;
    watch_relent(&stage.watch);
    if (block == NULL) {
        struct ch_stats after = ch_heap_stats(stage.heap);
        assert_true(was_refused);
        assert_int_equal(after.live_blocks, before.live_blocks);
        assert_int_equal(after.live_bytes, before.live_bytes);
        assert_held(&stage, call, -1);
        watch_assert_whole(&stage.watch, stage.heap);
        block = make_call(&stage, call);
        ++*nulls;
    }
    assert_granted(&stage, call, block);
    for (unsigned i = 0; i < HELD; i++) {
        ch_heap_free(stage.heap, stage.held[i]);
    }
    watch_end_empty(&stage.watch, stage.heap);
    return was_refused;
}

static void each_request_is_refused_in_turn(void **state)
{
    const struct call *call = *state;
    for (unsigned after = 0; after < 2; after++) {
        size_t nulls = 0;
        size_t k = 0;
        while (refuse(call, k, after == 1, &nulls)) {
            k++;
        }
        assert_true(k > 0);
        // With no pages at all, every call returns NULL; but a single refusal may be got around.
        assert_true(after == 0 || nulls == k);
    }
}

// Before a call fails, the heap gives up pages that it holds and does not need. The world has
// exactly the pages that it gave so far, and not one more.
static void idle_pages_are_given_back_when_the_world_has_no_more(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    struct ch_heap *heap = watch_heap(&watch, ARENA_BYTES);
    ch_heap_free(heap, ch_heap_alloc(heap, LARGE));
    void *small = ch_heap_alloc(heap, 100);
    assert_non_null(small);
    size_t decommits = watch.decommits;
    watch.refuse_at = 0;
    void *block = ch_heap_alloc(heap, 2 * LARGE);
    assert_int_equal(watch.refusals, 1);
    assert_true(watch.decommits > decommits);
    assert_non_null(block);
    ch_heap_free(heap, block);
    ch_heap_free(heap, small);
    watch_end(&watch, heap);
}

#define IN_TURN(call)                                                                              \
    {                                                                                              \
        "each_request_is_refused_in_turn." #call, each_request_is_refused_in_turn, NULL, NULL,     \
            (void *)(uintptr_t)&call                                                               \
    }

int run_refusal_claims(void)
{
    const struct CMUnitTest claims[] = {
        IN_TURN(small_alloc_in_a_fresh_heap),
        IN_TURN(small_alloc_in_a_free_span),
        IN_TURN(small_alloc_in_one_more_span),
        IN_TURN(large_alloc_in_a_fresh_heap),
        IN_TURN(large_alloc_in_a_heap_with_idle_pages),
        IN_TURN(large_alloc_in_a_free_run),
        IN_TURN(realloc_in_place),
        IN_TURN(realloc_that_moves),
        IN_TURN(realloc_from_small_to_large),
        IN_TURN(realloc_from_large_to_small),
        IN_TURN(realloc_to_another_class),
        cmocka_unit_test(idle_pages_are_given_back_when_the_world_has_no_more),
    };
    return cmocka_run_group_tests_name("refused pages", claims, NULL, NULL);
}
