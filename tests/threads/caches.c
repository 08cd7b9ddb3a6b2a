// The numbers of thread caches on real threads. No two threads have the same one, and a thread that
// ends gives its own back. Blocks that wait in a thread cache go back into the heap when another
// thread minimizes it, and threads that find no free thread cache work without one. A thread that
// ends has no thread cache left, not of the heap of the process either.
//
//     caches

#include "crew.h"
#include "held.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "engine/process.h"

#define THREADS 100U
#define BLOCKS 500U
#define BLOCK_BYTES ((size_t)1000)

static struct ch_heap *make_heap(void)
{
    struct ch_heap *heap =
        ch_heap_create(&(struct ch_config){.arena_bytes = 256 * MIB, .on_fault = crew_no_fault});
    CLAIM(heap != NULL, "there is no heap");
    return heap;
}

static void use(struct ch_heap *heap, unsigned number)
{
    void *blocks[BLOCKS];
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = ch_heap_alloc(heap, BLOCK_BYTES);
        CLAIM(blocks[i] != NULL, "thread %u was refused a block", number);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        ch_heap_free(heap, blocks[i]);
    }
}

struct selection {
    struct crew_meeting meeting;
    atomic_uint holders[CH_THREAD_CACHES];
};

// Each of more threads than thread caches tries each thread cache in turn, starting at its own
// place.
static void select_any(unsigned number, void *argument)
{
    struct selection *selection = argument;
    for (unsigned i = 0; i < 10 * CH_THREAD_CACHES; i++) {
        unsigned cache = 1 + (number + i) % (CH_THREAD_CACHES - 1);
        if (ch_thread_cache_select(cache)) {
            unsigned others = atomic_fetch_add(&selection->holders[cache], 1);
            CLAIM(others == 0, "thread cache %u was given to two threads", cache);
            CLAIM(ch_thread_cache_select(cache),
                  "a thread was refused the thread cache that it has");
            atomic_fetch_sub(&selection->holders[cache], 1);
            CLAIM(ch_thread_cache_select(0), "a thread can't leave its cache");
        }
    }
    crew_meet(&selection->meeting, THREADS);
    if (number >= 1 && number < CH_THREAD_CACHES) { // All are free now.
        CLAIM(ch_thread_cache_select(number), "thread cache %u is free, but refused", number);
    }
    crew_meet(&selection->meeting, THREADS);
    for (unsigned cache = 1; cache < CH_THREAD_CACHES; cache++) { // Now no thread cache is free.
        CLAIM(ch_thread_cache_select(cache) == (cache == number),
              "thread cache %u has a thread, but not this one", cache);
    }
    crew_meet(&selection->meeting, THREADS);
}

static void no_two_threads_have_the_same(void)
{
    struct selection selection = {0};
    CLAIM(ch_thread_cache_select(0), "the first thread can't leave its cache");
    CLAIM(!ch_thread_cache_select(CH_THREAD_CACHES), "there is a thread cache beyond the last");
    CLAIM(!ch_thread_cache_select(UINT32_MAX), "there is a thread cache far beyond the last");
    crew_run(THREADS, select_any, &selection);
}

static void select_one(unsigned cache, void *heap)
{
    CLAIM(ch_thread_cache_select(cache), "thread cache %u is free, but refused", cache);
    use(heap, cache);
}

// Returns the bytes that the heap holds, and minimizes it.
static size_t minimize(struct ch_heap *heap)
{
    size_t held_bytes = ch_heap_stats(heap).committed_bytes;
    ch_heap_minimize(heap);
    return held_bytes;
}

static void one_that_ends_gives_it_back(void)
{
    struct ch_heap *heap = make_heap();
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned cache = 1; cache < CH_THREAD_CACHES; cache++) {
            crew_join(crew_start(select_one, cache, heap));
        }
    }
    held_claim_all(heap, NULL, 0);
    held_claim_invariants(heap);
    ch_heap_destroy(heap);
}

static void what_is_left_is_flushed(void)
{
    struct ch_heap *heap = make_heap();
    size_t fresh_bytes = ch_heap_stats(heap).committed_bytes;
    crew_join(crew_start(select_one, CH_THREAD_CACHES - 1, heap));
    CLAIM(minimize(heap) > fresh_bytes, "a thread leaves nothing, so nothing is shown");
    CLAIM(ch_heap_stats(heap).committed_bytes == fresh_bytes,
          "a thread cache without a thread keeps %zu bytes from being given back",
          ch_heap_stats(heap).committed_bytes - fresh_bytes);

    // The same for a thread cache that its thread has left, and for one that it has.
    CLAIM(ch_thread_cache_select(1), "thread cache 1 is free, but refused");
    use(heap, 1);
    CLAIM(ch_thread_cache_select(2), "thread cache 2 is free, but refused");
    use(heap, 2);
    CLAIM(minimize(heap) > fresh_bytes, "two thread caches hold nothing");
    CLAIM(ch_heap_stats(heap).committed_bytes == fresh_bytes, "a thread cache was not flushed");
    held_claim_all(heap, NULL, 0);
    held_claim_invariants(heap);
    ch_heap_destroy(heap);
    CLAIM(ch_thread_cache_select(0), "the first thread can't leave its cache");
}

struct crowd {
    struct ch_heap *heap;
    struct crew_meeting meeting;
};

// All are alive, and have called the heap, before the first one continues.
static void crowd(unsigned number, void *argument)
{
    struct crowd *all = argument;
    struct held held = {0};
    CLAIM(held_allocate(all->heap, &held, BLOCK_BYTES + number, number), "a block was refused");
    crew_meet(&all->meeting, THREADS);
    held_look(all->heap, &held);
    use(all->heap, number);
    held_free(all->heap, &held);
}

static void more_threads_than_caches_work(void)
{
    struct crowd all = {.heap = make_heap()};
    size_t fresh_bytes = ch_heap_stats(all.heap).committed_bytes;
    for (unsigned i = 0; i < 3; i++) {
        crew_run(THREADS, crowd, &all);
        held_claim_all(all.heap, NULL, 0);
        ch_heap_minimize(all.heap);
        CLAIM(ch_heap_stats(all.heap).committed_bytes == fresh_bytes,
              "threads that are gone keep %zu bytes from being given back",
              ch_heap_stats(all.heap).committed_bytes - fresh_bytes);
        held_claim_invariants(all.heap);
    }
    ch_heap_destroy(all.heap);
}

static pthread_key_t last;

// Runs after the library's own at the end of a thread, as it was registered later.
static void use_without_a_cache(void *heap)
{
    for (unsigned i = 0; i < 2; i++) {
        CLAIM(ch_thread_number == 0, "a thread that has ended has number %u", ch_thread_number);
        CLAIM(ch_process_cache == &ch_cache_closed, "a thread that has ended has a thread cache");
        use(heap, 0);
    }
}

static void use_and_end(unsigned number, void *heap)
{
    CLAIM(ch_process_cache == &ch_cache_closed, "a thread begins with a thread cache");
    use(heap, number);
    ch_process_find_cache();
    CLAIM(ch_cache_is_open(ch_process_cache) && ch_process_cache == ch_cache_mine(heap),
          "a thread that has called has not its own thread cache");
    CLAIM(pthread_setspecific(last, heap) == 0, "there is no end to a thread");
}

static void a_thread_that_ends_has_none(void)
{
    struct ch_heap *heap = ch_heap_of_process();
    CLAIM(heap != NULL && pthread_key_create(&last, use_without_a_cache) == 0, "there is no heap");
    use(heap, 0); // The library has registered its own.
    for (unsigned round = 0; round < 3; round++) {
        crew_run(8, use_and_end, heap);
    }
    CLAIM(pthread_key_delete(last) == 0, "a key is lost");
    held_claim_invariants(heap);
}

int main(void)
{
    no_two_threads_have_the_same();
    one_that_ends_gives_it_back();
    what_is_left_is_flushed();
    more_threads_than_caches_work();
    a_thread_that_ends_has_none();
    return 0;
}
