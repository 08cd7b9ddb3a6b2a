// Two threads free the same block at the same moment, again and again. The second one raises
// FREE_TWICE, however close they are, and nothing is lost by it: no block is ever live twice, and
// the counts are right.
//
//     twice [PAIRS [SEED]]

#include "crew.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 2U
#define BATCH 200U

enum phase { PHASE_RACE, PHASE_AFTER, PHASES };

struct twice {
    struct ch_heap *heap;
    size_t batches;
    size_t size_bytes;
    uint64_t random;
    void *blocks[BATCH];
    void *after[THREADS][BATCH];
    enum phase phase; // Changes while no thread is in a call.
    atomic_size_t faults[PHASES];
    struct crew_meeting meeting;
};

static void count_fault(void *context, enum ch_fault fault, const void *block)
{
    struct twice *twice = context;
    CLAIM(fault == CH_FAULT_FREE_TWICE, "not the fault of a second free: %s (%p)",
          ch_fault_sentence(fault), block);
    atomic_fetch_add_explicit(&twice->faults[twice->phase], 1, memory_order_relaxed);
}

static void meet(struct twice *twice)
{
    crew_meet(&twice->meeting, THREADS);
}

static void allocate(const struct twice *twice, void **blocks)
{
    for (unsigned i = 0; i < BATCH; i++) {
        blocks[i] = ch_heap_alloc(twice->heap, twice->size_bytes);
        CLAIM(blocks[i] != NULL, "%zu bytes were refused", twice->size_bytes);
    }
}

static int by_address(const void *left, const void *right)
{
    uintptr_t a = (uintptr_t) * (void *const *)left;
    uintptr_t b = (uintptr_t) * (void *const *)right;
    return (a > b) - (a < b);
}

static void claim_disjoint(const struct twice *twice)
{
    void *all[THREADS * BATCH];
    for (unsigned i = 0; i < THREADS * BATCH; i++) {
        all[i] = twice->after[i / BATCH][i % BATCH];
    }
    qsort(all, THREADS * BATCH, sizeof *all, by_address);
    for (unsigned i = 0; i < THREADS * BATCH; i++) {
        CLAIM(i == 0 || (uintptr_t)all[i] - (uintptr_t)all[i - 1] >= twice->size_bytes,
              "%p was handed out while %p, %zu bytes, was live", all[i], all[i - 1],
              twice->size_bytes);
        CLAIM(ch_heap_size_bytes(twice->heap, all[i]) == twice->size_bytes,
              "live block %p has another size", all[i]);
    }
}

// Runs one batch. The first thread does the work of a single thread, while the other waits.
static void race(struct twice *twice, unsigned number, bool is_minimized)
{
    if (number == 0) {
        twice->size_bytes = 1 + crew_below(&twice->random, 600);
        twice->phase = PHASE_RACE;
        allocate(twice, twice->blocks);
    }
    for (unsigned i = 0; i < BATCH; i++) {
        meet(twice);
        ch_heap_free(twice->heap, twice->blocks[i]);
    }
    meet(twice);
    if (number == 0) {
        twice->phase = PHASE_AFTER;
        if (is_minimized) { // Blocks that wait to be handed out then go back to their span.
            ch_heap_minimize(twice->heap);
        }
    }
    for (unsigned turn = 0; turn < THREADS; turn++) { // One after the other: this is no race.
        meet(twice);
        if (turn == number) {
            allocate(twice, twice->after[number]);
        }
    }
    meet(twice);
    if (number == 0) {
        claim_disjoint(twice);
    }
    meet(twice);
    for (unsigned i = 0; i < BATCH; i++) {
        ch_heap_free(twice->heap, twice->after[number][i]);
    }
    meet(twice);
}

static void work(unsigned number, void *argument)
{
    struct twice *twice = argument;
    crew_stay(number);
    for (size_t i = 0; i < twice->batches; i++) {
        race(twice, number, i % 2 == 0);
    }
}

int main(int argc, char **argv)
{
    static struct twice twice;
    size_t pairs = (size_t)crew_operand(argc, argv, 1, 20000);
    uint64_t seed = crew_operand(argc, argv, 2, 1);
    twice.batches = pairs / BATCH;
    twice.random = seed;
    twice.heap = ch_heap_create(&(struct ch_config){
        .arena_bytes = 64 * MIB, .on_fault = count_fault, .on_fault_context = &twice});
    CLAIM(twice.heap != NULL, "there is no heap");
    crew_run(THREADS, work, &twice);

    size_t raced = twice.batches * BATCH;
    size_t caught = atomic_load(&twice.faults[PHASE_RACE]);
    CLAIM(caught == raced, "%zu pairs raised %zu faults", raced, caught);
    CLAIM(atomic_load(&twice.faults[PHASE_AFTER]) == 0, "a fault was raised later");
    printf("twice %zu %" PRIu64 ": each of %zu pairs raised its fault\n", pairs, seed, raced);
    struct ch_stats stats = ch_heap_stats(twice.heap);
    CLAIM(stats.live_blocks == 0 && stats.live_bytes == 0, "%zd blocks and %zd bytes are live",
          (ssize_t)stats.live_blocks, (ssize_t)stats.live_bytes);
    CLAIM(ch_heap_check(twice.heap).invariant == CH_INVARIANTS, "an invariant does not hold");
    ch_heap_destroy(twice.heap);
    return 0;
}
