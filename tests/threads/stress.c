// Threads that do everything to one heap at once: allocate, reallocate and free, hand blocks over
// to each other and free those of others, ask about anything, and minimize. Every block keeps its
// size and bytes, all of them are disjoint, and no fault is raised. When all threads rest, the heap
// counts exactly the blocks that they hold, and its invariants hold. At the end it is as good as
// new.
//
//     stress [THREADS [STEPS [SEED [MIB]]]]
//
// Each thread does this many steps, from its own random numbers. Chance decides how they
// interleave. In an arena of fewer MiB than the threads could use, requests may be refused, and
// some must be.

#include "crew.h"
#include "held.h"
#include "mailbox.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS_MOST 64U
#define FEW_THREADS 8U // Up to this number the invariants are checked between rounds.
#define SLOTS 192U
#define PINNED 4U
#define MAILBOXES 32U
#define FREED 64U
#define ROUNDS 10U
#define LARGE_BYTES (256 * KIB)

// In an arena of this many bytes for each thread, no request of these sizes is refused.
#define AMPLE_BYTES (24 * MIB)

// A minimized heap without a block may hold this much more than a new one.
#define KEPT_BYTES (256 * KIB)

struct counts {
    size_t allocated, resized, moved, freed, received, refused, minimized, asked;
};

struct worker {
    uint64_t random, serial;
    struct held slots[SLOTS];
    struct held pinned[PINNED]; // Other threads ask about these; they stay the same for a round.
    _Atomic(void *) freed[FREED];
    struct counts counts;
};

struct stress {
    struct ch_heap *heap;
    struct ch_stats fresh; ///< Of the heap when it was new.
    unsigned threads;
    size_t steps;
    bool is_ample;
    struct mailbox mailboxes[MAILBOXES];
    struct worker workers[THREADS_MOST];
    struct crew_meeting meeting;
};

static size_t below(struct worker *worker, size_t end)
{
    return crew_below(&worker->random, end);
}

static uint64_t next_serial(struct worker *worker)
{
    worker->serial++;
    return worker->serial;
}

static void count_refusal(const struct stress *stress, struct worker *worker, size_t size_bytes)
{
    CLAIM(!stress->is_ample, "%zu bytes were refused, though there was room", size_bytes);
    worker->counts.refused++;
}

static void allocate(const struct stress *stress, struct worker *worker, struct held *held)
{
    size_t size_bytes = held_any_size(&worker->random, LARGE_BYTES);
    if (held_allocate(stress->heap, held, size_bytes, next_serial(worker))) {
        worker->counts.allocated++;
    } else {
        count_refusal(stress, worker, size_bytes);
    }
}

static void resize(const struct stress *stress, struct worker *worker, struct held *held)
{
    // A size near its present one, or any size.
    size_t size_bytes = below(worker, 2) == 0 ? held->size_bytes / 2 + below(worker, 128)
                                              : held_any_size(&worker->random, LARGE_BYTES);
    const unsigned char *before = held->block;
    if (held_resize(stress->heap, held, size_bytes, next_serial(worker))) {
        worker->counts.resized++;
        worker->counts.moved += held->block != before;
    } else {
        count_refusal(stress, worker, size_bytes);
    }
}

static void free_held(const struct stress *stress, struct worker *worker, struct held *held)
{
    void *block = held->block;
    held_free(stress->heap, held);
    worker->counts.freed++;
    atomic_store_explicit(&worker->freed[worker->counts.freed % FREED], block,
                          memory_order_relaxed);
}

static void ask_for_too_much(const struct stress *stress, struct worker *worker,
                             const struct held *held)
{
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX - below(worker, 64 * KIB),
                            ch_heap_stats(stress->heap).arena_bytes};
    size_t size_bytes = sizes[below(worker, 4)];
    CLAIM(ch_heap_alloc(stress->heap, size_bytes) == NULL, "%zu bytes were granted", size_bytes);
    if (held->block != NULL) {
        CLAIM(ch_heap_realloc(stress->heap, held->block, size_bytes) == NULL,
              "%zu bytes were granted to a block", size_bytes);
        held_look(stress->heap, held);
    }
}

// Any answer is right for an address that another thread may hold by now, or no longer.
static void ask_anything(struct ch_heap *heap, const void *address)
{
    (void)ch_heap_owns(heap, address);
    (void)ch_heap_size_bytes(heap, address);
}

static void claim_no_block(struct ch_heap *heap, const void *address)
{
    CLAIM(!ch_heap_owns(heap, address), "%p is no block, but owned", address);
    CLAIM(ch_heap_size_bytes(heap, address) == SIZE_MAX, "%p is no block, but has a size", address);
}

static void ask(struct stress *stress, struct worker *worker, const struct held *held)
{
    struct ch_heap *heap = stress->heap;
    struct worker *other = &stress->workers[below(worker, stress->threads)];
    const struct held *pinned = &other->pinned[below(worker, PINNED)];
    if (pinned->block != NULL) {
        held_look(heap, pinned);
    }
    ask_anything(heap,
                 atomic_load_explicit(&other->freed[below(worker, FREED)], memory_order_relaxed));
    // A heap walks its blocks to count them, so it is asked now and then. Its pages stay.
    struct ch_stats stats = worker->counts.asked % 256 == 0 ? ch_heap_stats(heap) : stress->fresh;
    ask_anything(heap, (const char *)stats.pages + below(worker, stats.pages_bytes));
    ask_anything(heap, (const void *)(uintptr_t)crew_random(&worker->random));
    claim_no_block(heap, NULL);
    claim_no_block(heap, worker);
    claim_no_block(heap, (const char *)stats.pages - 1 - below(worker, 64 * KIB));
    if (held->block != NULL && held->size_bytes > 1) {
        claim_no_block(heap, held->block + 1 + below(worker, held->size_bytes - 1));
    }
    worker->counts.asked++;
}

static void step(struct stress *stress, struct worker *worker)
{
    struct held *held = &worker->slots[below(worker, SLOTS)];
    struct mailbox *mailbox = &stress->mailboxes[below(worker, MAILBOXES)];
    size_t kind = below(worker, 16);
    if (held->block == NULL && kind < 4) {
        mailbox_receive(mailbox, held);
        if (held->block != NULL) {
            worker->counts.received++;
            held_look(stress->heap, held);
        }
    } else if (held->block == NULL) {
        allocate(stress, worker, held);
    } else if (kind < 4) {
        resize(stress, worker, held);
    } else if (kind < 6) {
        mailbox_post(mailbox, held);
    } else {
        free_held(stress, worker, held);
    }
    if (kind == 0) {
        ask(stress, worker, held);
    }
    if (below(worker, 256) == 0) {
        ask_for_too_much(stress, worker, held);
    }
    if (below(worker, 2048) == 0) {
        ch_heap_minimize(stress->heap);
        worker->counts.minimized++;
    }
}

// The others wait, so this thread may read their blocks.
static void claim_all(struct stress *stress)
{
    static struct held all[THREADS_MOST * (SLOTS + PINNED) + MAILBOXES];
    size_t count = 0;
    for (unsigned i = 0; i < stress->threads; i++) {
        const struct worker *worker = &stress->workers[i];
        for (unsigned slot = 0; slot < SLOTS; slot++) {
            all[count++] = worker->slots[slot];
        }
        for (unsigned slot = 0; slot < PINNED; slot++) {
            all[count++] = worker->pinned[slot];
        }
    }
    for (unsigned i = 0; i < MAILBOXES; i++) {
        if (atomic_load(&stress->mailboxes[i].state) == MAILBOX_FULL) {
            all[count++] = stress->mailboxes[i].held;
        }
    }
    held_claim_all(stress->heap, all, count);
    if (stress->threads <= FEW_THREADS) {
        held_claim_invariants(stress->heap);
    }
}

// Pins new blocks, or none where the heap refuses.
static void pin(const struct stress *stress, struct worker *worker)
{
    for (unsigned i = 0; i < PINNED; i++) {
        if (worker->pinned[i].block != NULL) {
            held_free(stress->heap, &worker->pinned[i]);
        }
        size_t size_bytes = i == 0 ? 20 * KIB : below(worker, 300);
        if (!held_allocate(stress->heap, &worker->pinned[i], size_bytes, next_serial(worker))) {
            count_refusal(stress, worker, size_bytes);
        }
    }
}

static void work(unsigned number, void *argument)
{
    struct stress *stress = argument;
    struct worker *worker = &stress->workers[number];
    for (unsigned round = 0; round < ROUNDS; round++) {
        pin(stress, worker);
        crew_meet(&stress->meeting, stress->threads);
        for (size_t i = 0; i < stress->steps / ROUNDS; i++) {
            step(stress, worker);
        }
        crew_meet(&stress->meeting, stress->threads);
        if (number == round % stress->threads) {
            claim_all(stress);
        }
        crew_meet(&stress->meeting, stress->threads);
    }
    for (unsigned i = 0; i < SLOTS; i += 2) { // The other half outlives its thread.
        if (worker->slots[i].block != NULL) {
            free_held(stress, worker, &worker->slots[i]);
        }
    }
}

static void free_rest(struct stress *stress)
{
    for (unsigned i = 0; i < stress->threads; i++) {
        struct worker *worker = &stress->workers[i];
        for (unsigned slot = 0; slot < SLOTS; slot++) {
            if (worker->slots[slot].block != NULL) {
                free_held(stress, worker, &worker->slots[slot]);
            }
        }
        for (unsigned slot = 0; slot < PINNED; slot++) {
            if (worker->pinned[slot].block != NULL) {
                held_free(stress->heap, &worker->pinned[slot]);
            }
        }
    }
    for (unsigned i = 0; i < MAILBOXES; i++) {
        struct held held = {0};
        mailbox_receive(&stress->mailboxes[i], &held);
        if (held.block != NULL) {
            free_held(stress, &stress->workers[0], &held);
        }
    }
}

// No thread can have these again.
static void claim_freed(struct stress *stress)
{
    for (unsigned i = 0; i < stress->threads; i++) {
        for (unsigned j = 0; j < FREED; j++) {
            claim_no_block(stress->heap, stress->workers[i].freed[j]);
        }
    }
}

// A program that did not do these things has shown nothing.
static void claim_done(const struct stress *stress)
{
    struct counts sum = {0};
    for (unsigned i = 0; i < stress->threads; i++) {
        const struct counts *counts = &stress->workers[i].counts;
        sum.allocated += counts->allocated;
        sum.resized += counts->resized;
        sum.moved += counts->moved;
        sum.freed += counts->freed;
        sum.received += counts->received;
        sum.refused += counts->refused;
        sum.minimized += counts->minimized;
        sum.asked += counts->asked;
    }
    printf("allocated %zu, reallocated %zu (moved %zu), freed %zu, received %zu, refused %zu, "
           "minimized %zu, asked %zu\n",
           sum.allocated, sum.resized, sum.moved, sum.freed, sum.received, sum.refused,
           sum.minimized, sum.asked);
    CLAIM(sum.allocated > 0 && sum.resized > sum.moved && sum.moved > 0 && sum.freed > 0 &&
              sum.minimized > 0 && sum.asked > 0,
          "something was never done");
    CLAIM(stress->threads == 1 || sum.received > 0, "no block was handed over");
    CLAIM(stress->is_ample || sum.refused > 0, "nothing was refused in so small an arena");
}

int main(int argc, char **argv)
{
    static struct stress stress;
    stress.threads = (unsigned)crew_operand(argc, argv, 1, 4);
    stress.steps = (size_t)crew_operand(argc, argv, 2, 200000);
    uint64_t seed = crew_operand(argc, argv, 3, 1);
    size_t arena_bytes = (size_t)crew_operand(argc, argv, 4, 256) * MIB;
    CLAIM(stress.threads > 0 && stress.threads <= THREADS_MOST, "from 1 to %u threads",
          THREADS_MOST);
    stress.is_ample = arena_bytes / stress.threads >= AMPLE_BYTES;
    printf("stress %u %zu %" PRIu64 " %zu\n", stress.threads, stress.steps, seed,
           arena_bytes / MIB);
    (void)fflush(stdout);

    stress.heap =
        ch_heap_create(&(struct ch_config){.arena_bytes = arena_bytes, .on_fault = crew_no_fault});
    CLAIM(stress.heap != NULL, "there is no heap");
    stress.fresh = ch_heap_stats(stress.heap);
    size_t fresh_bytes = stress.fresh.committed_bytes;
    size_t fresh_largest = held_largest(stress.heap);
    for (unsigned i = 0; i < stress.threads; i++) {
        stress.workers[i].random = seed * THREADS_MOST + i;
        stress.workers[i].serial = (uint64_t)i << 40;
    }
    crew_run(stress.threads, work, &stress);
    free_rest(&stress);
    held_claim_all(stress.heap, NULL, 0);
    claim_freed(&stress);
    CLAIM(held_largest(stress.heap) == fresh_largest, "the largest block is not granted again");
    ch_heap_minimize(stress.heap);
    size_t kept_bytes = ch_heap_stats(stress.heap).committed_bytes;
    CLAIM(kept_bytes <= fresh_bytes + KEPT_BYTES, "%zu bytes are still committed", kept_bytes);
    held_claim_all(stress.heap, NULL, 0);
    held_claim_invariants(stress.heap);
    ch_heap_destroy(stress.heap);
    claim_done(&stress);
    return 0;
}
