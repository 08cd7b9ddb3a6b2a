// The numbers of lanes on real threads. No two threads have the same one, and a thread that ends
// gives its own back. Blocks that wait in a lane go back into the heap when another thread
// minimizes it, and threads that find no free lane work without one. A thread that ends has no lane
// left, not of the heap of the process either.
//
//     lanes

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

// Each of more threads than lanes tries each lane in turn, starting at its own place.
static void select_any(unsigned number, void *argument)
{
    struct selection *selection = argument;
    for (unsigned i = 0; i < 10 * CH_THREAD_CACHES; i++) {
        unsigned lane = 1 + (number + i) % (CH_THREAD_CACHES - 1);
        if (ch_thread_cache_select(lane)) {
            unsigned others = atomic_fetch_add(&selection->holders[lane], 1);
            CLAIM(others == 0, "lane %u was given to two threads", lane);
            CLAIM(ch_thread_cache_select(lane), "a thread was refused the lane that it has");
            atomic_fetch_sub(&selection->holders[lane], 1);
            CLAIM(ch_thread_cache_select(0), "a thread can't leave its lane");
        }
    }
    crew_meet(&selection->meeting, THREADS);
    if (number >= 1 && number < CH_THREAD_CACHES) { // All are free now.
        CLAIM(ch_thread_cache_select(number), "lane %u is free, but refused", number);
    }
    crew_meet(&selection->meeting, THREADS);
    for (unsigned lane = 1; lane < CH_THREAD_CACHES; lane++) { // Now no lane is free.
        CLAIM(ch_thread_cache_select(lane) == (lane == number),
              "lane %u has a thread, but not this one", lane);
    }
    crew_meet(&selection->meeting, THREADS);
}

static void no_two_threads_have_the_same(void)
{
    struct selection selection = {0};
    CLAIM(ch_thread_cache_select(0), "the first thread can't leave its lane");
    CLAIM(!ch_thread_cache_select(CH_THREAD_CACHES), "there is a lane beyond the last");
    CLAIM(!ch_thread_cache_select(UINT32_MAX), "there is a lane far beyond the last");
    crew_run(THREADS, select_any, &selection);
}

static void select_one(unsigned lane, void *heap)
{
    CLAIM(ch_thread_cache_select(lane), "lane %u is free, but refused", lane);
    use(heap, lane);
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
        for (unsigned lane = 1; lane < CH_THREAD_CACHES; lane++) {
            crew_join(crew_start(select_one, lane, heap));
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
          "a lane without a thread keeps %zu bytes from being given back",
          ch_heap_stats(heap).committed_bytes - fresh_bytes);

    // The same for a lane that its thread has left, and for one that it has.
    CLAIM(ch_thread_cache_select(1), "lane 1 is free, but refused");
    use(heap, 1);
    CLAIM(ch_thread_cache_select(2), "lane 2 is free, but refused");
    use(heap, 2);
    CLAIM(minimize(heap) > fresh_bytes, "two lanes hold nothing");
    CLAIM(ch_heap_stats(heap).committed_bytes == fresh_bytes, "a lane was not flushed");
    held_claim_all(heap, NULL, 0);
    held_claim_invariants(heap);
    ch_heap_destroy(heap);
    CLAIM(ch_thread_cache_select(0), "the first thread can't leave its lane");
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

static void more_threads_than_lanes_work(void)
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
static void use_without_a_lane(void *heap)
{
    for (unsigned i = 0; i < 2; i++) {
        CLAIM(ch_thread_number == 0, "a thread that has ended has number %u", ch_thread_number);
        CLAIM(ch_process_lane == &ch_lane_closed, "a thread that has ended has a lane");
        use(heap, 0);
    }
}

static void use_and_end(unsigned number, void *heap)
{
    CLAIM(ch_process_lane == &ch_lane_closed, "a thread begins with a lane");
    use(heap, number);
    ch_process_find_lane();
    CLAIM(ch_lane_is_open(ch_process_lane) && ch_process_lane == ch_lane_mine(heap),
          "a thread that has called has not its own lane");
    CLAIM(pthread_setspecific(last, heap) == 0, "there is no end to a thread");
}

static void a_thread_that_ends_has_none(void)
{
    struct ch_heap *heap = ch_heap_of_process();
    CLAIM(heap != NULL && pthread_key_create(&last, use_without_a_lane) == 0, "there is no heap");
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
    more_threads_than_lanes_work();
    a_thread_that_ends_has_none();
    return 0;
}
