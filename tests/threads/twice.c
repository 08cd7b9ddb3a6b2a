// Two threads free the same block at the same moment, again and again. The second one raises
// FREE_TWICE, however close they are, and nothing is lost by it: no block is ever live twice, and
// the counts are right. Or one of them resizes the block in its place: then the free succeeds, and
// the resizing raises a fault iff it comes second. The blocks are small, or large ones that a
// thread cache keeps.
//
//     twice [PAIRS [SEED]]

#include "crew.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 2U
#define BATCH 200U

// Large blocks of sizes from the first up to the last may be kept.
#define LEAST_LARGE_BYTES (17 * KIB)
#define MOST_LARGE_BYTES (256 * KIB)

// The first thread frees or resizes a block while the second one frees it; afterwards it does
// nothing.
enum phase { PHASE_FREE, PHASE_RESIZE, PHASE_AFTER, PHASES };

struct twice {
    struct ch_heap *heap;
    size_t batches;
    size_t free_batches;
    size_t resized;
    size_t size_bytes;
    uint64_t random;
    void *blocks[BATCH];
    void *after[THREADS][BATCH];
    enum phase phase; // Changes while no thread is in a call.
    atomic_size_t faults[PHASES];
    struct crew_meeting meeting;
};

static _Thread_local bool has_faulted;

static void count_fault(void *context, enum ch_fault fault, const void *block)
{
    struct twice *twice = context;
    CLAIM(fault == (twice->phase == PHASE_RESIZE ? CH_FAULT_REALLOC_STALE : CH_FAULT_FREE_TWICE),
          "not the fault of the second call: %s (%p)", ch_fault_sentence(fault), block);
    has_faulted = true;
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

static size_t any_size(struct twice *twice, bool is_large)
{
    size_t large_bytes = MOST_LARGE_BYTES - LEAST_LARGE_BYTES;
    return is_large ? LEAST_LARGE_BYTES + crew_below(&twice->random, large_bytes + 1)
                    : 1 + crew_below(&twice->random, 600);
}

// Resizes a block in its place: a large one may lose pages, or get some. Another thread may have
// freed it before.
static void resize(struct twice *twice, void *block)
{
    size_t old_bytes = twice->size_bytes;
    bool is_large = old_bytes >= LEAST_LARGE_BYTES;
    size_t least_bytes = is_large ? LEAST_LARGE_BYTES : 1;
    size_t size_bytes = least_bytes + crew_below(&twice->random, old_bytes - least_bytes + 1);
    bool grows = crew_below(&twice->random, 4) == 0;
    bool is_resized;
    has_faulted = false;
    if (is_large && crew_below(&twice->random, 2) == 0) {
        is_resized = ch_heap_realloc(twice->heap, block, size_bytes) != NULL;
        grows = false;
    } else {
        is_resized = ch_heap_resize(twice->heap, block, grows ? old_bytes + 5000 : size_bytes);
    }
    CLAIM(is_resized ? !has_faulted : has_faulted || grows, "%p of %zu bytes is resized: %d", block,
          old_bytes, is_resized);
    twice->resized += is_resized;
}

// Runs one batch. The first thread does the work of a single thread, while the other waits.
static void race(struct twice *twice, unsigned number, enum phase phase, bool is_large,
                 bool is_minimized)
{
    if (number == 0) {
        twice->size_bytes = any_size(twice, is_large);
        twice->phase = phase;
        twice->free_batches += phase == PHASE_FREE;
        allocate(twice, twice->blocks);
    }
    for (unsigned i = 0; i < BATCH; i++) {
        meet(twice);
        if (number == 0 && phase == PHASE_RESIZE) {
            resize(twice, twice->blocks[i]);
        } else {
            ch_heap_free(twice->heap, twice->blocks[i]);
        }
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
        race(twice, number, i % 3 == 2 ? PHASE_RESIZE : PHASE_FREE, i % 4 >= 2, i % 2 == 0);
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
        .arena_bytes = 256 * MIB, .on_fault = count_fault, .on_fault_context = &twice});
    CLAIM(twice.heap != NULL, "there is no heap");
    crew_run(THREADS, work, &twice);

    size_t raced = twice.free_batches * BATCH;
    size_t caught = atomic_load(&twice.faults[PHASE_FREE]);
    CLAIM(caught == raced, "%zu pairs raised %zu faults", raced, caught);
    CLAIM(atomic_load(&twice.faults[PHASE_AFTER]) == 0, "a fault was raised later");
    printf("twice %zu %" PRIu64 ": each of %zu pairs raised its fault, %zu blocks were resized in "
           "time and %zu too late\n",
           pairs, seed, raced, twice.resized, atomic_load(&twice.faults[PHASE_RESIZE]));
    struct ch_stats stats = ch_heap_stats(twice.heap);
    CLAIM(stats.live_blocks == 0 && stats.live_bytes == 0, "%zd blocks and %zd bytes are live",
          (ssize_t)stats.live_blocks, (ssize_t)stats.live_bytes);
    CLAIM(ch_heap_check(twice.heap).invariant == CH_INVARIANTS, "an invariant does not hold");
    ch_heap_destroy(twice.heap);
    return 0;
}
