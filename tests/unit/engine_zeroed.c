// ch_heap_alloc_zeroed: zeros over any former bytes, on pages that come as garbage and on the
// system's. It does not touch pages that come as zeros.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include <string.h>

#define SLOTS 24U
#define STEPS 1000U

static bool is_zero(const unsigned char *block, size_t size_bytes)
{
    return size_bytes == 0 || (block[0] == 0 && memcmp(block, block + 1, size_bytes - 1) == 0);
}

// Mostly large: to 16 MiB, beyond which a block is cleared by its world.
static size_t any_size(uint64_t *random)
{
    return (size_t)(churn_random(random) % ((uint64_t)1 << (8 + churn_random(random) % 17)));
}

// Takes zeroed blocks, fills them with other bytes and frees them, in no order. Returns the number
// of granted blocks.
static size_t churn_zeroed(struct ch_heap *heap)
{
    unsigned char *blocks[SLOTS] = {NULL};
    uint64_t random = 1;
    size_t granted = 0;
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned char **block = &blocks[churn_random(&random) % SLOTS];
        if (*block != NULL) {
            ch_heap_free(heap, *block);
        }
        size_t size_bytes = any_size(&random);
        *block = ch_heap_alloc_zeroed(heap, size_bytes);
        if (*block != NULL) {
            granted++;
            assert_true(is_zero(*block, size_bytes));
            assert_int_equal(ch_heap_size_bytes(heap, *block), size_bytes);
            memset(*block, 0xa5, size_bytes);
        }
        if (churn_random(&random) % 64 == 0) {
            ch_heap_minimize(heap);
        }
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        ch_heap_free(heap, blocks[i]);
    }
    return granted;
}

static void a_zeroed_block_is_zeros_on_the_systems_pages(void **state)
{
    (void)state;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 256 * MIB});
    assert_non_null(heap);
    assert_true(churn_zeroed(heap) > STEPS / 2);
    assert_int_equal(ch_heap_check(heap).invariant, CH_INVARIANTS);
    ch_heap_destroy(heap);
}

static void a_zeroed_block_is_zeros_where_pages_are_garbage(void **state)
{
    (void)state;
    struct watch watch = watch_open();
    struct ch_heap *heap = watch_heap(&watch, 64 * MIB);
    assert_true(churn_zeroed(heap) > STEPS / 2);
    watch_end_empty(&watch, heap);
}

static void a_zeroed_block_that_was_refused_once_is_zeros(void **state)
{
    (void)state;
    for (size_t refuse_at = 0; refuse_at < 8; refuse_at++) {
        struct watch watch = watch_open();
        struct ch_heap *heap = watch_heap(&watch, 16 * MIB);
        unsigned char *dirty = ch_heap_alloc(heap, MIB);
        assert_non_null(dirty);
        memset(dirty, 0xa5, MIB);
        ch_heap_free(heap, dirty);
        watch.refuse_at = watch.requests + refuse_at;
        unsigned char *block = ch_heap_alloc_zeroed(heap, 3 * MIB);
        assert_true(block == NULL || is_zero(block, 3 * MIB));
        ch_heap_free(heap, block);
        watch_relent(&watch);
        watch_end_empty(&watch, heap);
    }
}

int run_zeroed_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(a_zeroed_block_is_zeros_on_the_systems_pages),
        cmocka_unit_test(a_zeroed_block_is_zeros_where_pages_are_garbage),
        cmocka_unit_test(a_zeroed_block_that_was_refused_once_is_zeros),
    };
    return cmocka_run_group_tests_name("zeroed blocks", claims, NULL, NULL);
}
