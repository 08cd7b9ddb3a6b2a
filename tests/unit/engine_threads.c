// Several threads on one heap: sizes stay exact, bytes stay whose they are, and a block may be
// ended on a thread that did not make it.

#include "churn.h"
#include "cmocka_headers.h"
#include "engine_groups.h"
#include "watch.h"

#include "harness/fill.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4U
#define STEPS 20000U
#define PASSED_BYTES ((size_t)333)

// A block on its way from one thread to another.
static _Atomic(void *) passed;

struct worker {
    struct churn churn;
    pthread_t thread;
};

// Puts a block there, and ends the one that it finds.
static void pass_on(struct churn *churn)
{
    void *block = ch_heap_alloc(churn->heap, PASSED_BYTES);
    fill_write(block, PASSED_BYTES, fill_of(5));
    void *found = atomic_exchange(&passed, block);
    if (found != NULL) {
        if (ch_heap_size_bytes(churn->heap, found) != PASSED_BYTES ||
            fill_find_wrong(found, PASSED_BYTES, fill_of(5), PASSED_BYTES) != SIZE_MAX) {
            churn->wrong = "a block was not passed on as it was";
        }
        ch_heap_free(churn->heap, found);
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct churn *churn = &worker->churn;
    for (unsigned i = 0; i < STEPS; i++) {
        churn_step(churn);
        if (i % 5 == 0) {
            pass_on(churn);
        }
        if (i % 1000 == 0) {
            ch_heap_minimize(churn->heap);
            if (ch_heap_check(churn->heap).invariant != CH_INVARIANTS) {
                churn->wrong = "an invariant does not hold";
            }
        }
    }
    churn_end(churn);
    return NULL;
}

static void threads_share_a_heap(void **state)
{
    (void)state;
    static struct worker workers[THREADS];
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 512 * MIB});
    assert_non_null(heap);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].churn = (struct churn){.heap = heap, .random = i, .most_bytes = 200 * KIB};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_string_equal(workers[i].churn.wrong == NULL ? "" : workers[i].churn.wrong, "");
    }
    ch_heap_free(heap, atomic_exchange(&passed, NULL));
    assert_int_equal(ch_heap_stats(heap).live_blocks, 0);
    assert_int_equal(ch_heap_stats(heap).live_bytes, 0);
    assert_string_equal(ch_invariant_sentence(ch_heap_check(heap).invariant), "");
    ch_heap_destroy(heap);
}

int run_thread_claims(void)
{
    const struct CMUnitTest claims[] = {
        cmocka_unit_test(threads_share_a_heap),
    };
    return cmocka_run_group_tests_name("threads", claims, NULL, NULL);
}
