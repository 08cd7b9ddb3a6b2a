// A thousand threads, at first a hundred at once and so more than there are thread caches. Each
// allocates, frees blocks that others left, leaves some of its own and ends. The pages that the
// heap holds do not grow with the threads that lived, and when the last block is freed it is as
// good as new.
//
//     generations [THREADS [SEED [MOST_KIB]]]     up to so many KiB a block

#include "crew.h"
#include "held.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#define ALIVE 100U
#define BLOCKS 60U
#define LEFT 4U
#define SHELVES 256U

// The heap may hold as much as it held until the first threads had ended, plus this: a few KiB for
// each of the later ones, each of which allocates hundreds. Where blocks are large, thread caches
// fill up with them only by and by, to so many bytes each, however many threads have lived.
#define FIRST (3 * ALIVE)
#define GROWTH_BYTES (8 * MIB)
#define LARGE_BYTES (20 * KIB)
#define CACHE_BYTES (512 * KIB)

// A minimized heap without a block may hold this much more than a new one.
#define KEPT_BYTES (256 * KIB)

// Where a thread leaves blocks for a later one.
struct shelf {
    pthread_mutex_t lock;
    struct held held;
};

struct generations {
    struct ch_heap *heap;
    uint64_t seed;
    size_t most_bytes;
    struct crew_meeting first;
    struct shelf shelves[SHELVES];
};

static void swap(struct shelf *shelf, struct held *held)
{
    (void)pthread_mutex_lock(&shelf->lock);
    struct held found = shelf->held;
    shelf->held = *held;
    *held = found;
    (void)pthread_mutex_unlock(&shelf->lock);
}

// Allocates, resizes and frees. Another thread left the blocks that it holds at the end.
static void live(struct generations *all, uint64_t *random, unsigned number)
{
    struct held held[BLOCKS] = {{0}};
    uint64_t serial = (uint64_t)number << 32;
    for (unsigned i = 0; i < BLOCKS; i++) {
        bool is_done =
            held_allocate(all->heap, &held[i], held_any_size(random, all->most_bytes), serial + i);
        CLAIM(is_done, "an allocation was refused");
    }
    if (number < ALIVE) {
        crew_meet(&all->first, ALIVE);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        bool is_done = held_resize(all->heap, &held[i], held_any_size(random, all->most_bytes),
                                   serial + BLOCKS + i);
        CLAIM(is_done, "a reallocation was refused");
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (i < LEFT) {
            swap(&all->shelves[crew_below(random, SHELVES)], &held[i]);
        }
        if (held[i].block != NULL) {
            held_free(all->heap, &held[i]);
        }
    }
}

static void work(unsigned number, void *argument)
{
    struct generations *all = argument;
    uint64_t random = all->seed + number;
    live(all, &random, number);
}

// Keeps a hundred threads running. Reports the most that the heap held until the first had ended,
// and after that.
static void run(struct generations *all, unsigned threads, size_t *first_bytes, size_t *later_bytes)
{
    struct crew_thread *running[ALIVE];
    for (unsigned i = 0; i < threads + ALIVE; i++) {
        if (i >= ALIVE) {
            crew_join(running[i % ALIVE]);
            size_t *most_bytes = i < FIRST ? first_bytes : later_bytes;
            size_t held_bytes = ch_heap_stats(all->heap).committed_bytes;
            *most_bytes = held_bytes > *most_bytes ? held_bytes : *most_bytes;
        }
        if (i < threads) {
            running[i % ALIVE] = crew_start(work, i, all);
        }
    }
}

int main(int argc, char **argv)
{
    static struct generations all;
    unsigned threads = (unsigned)crew_operand(argc, argv, 1, 1000);
    all.seed = crew_operand(argc, argv, 2, 1);
    all.most_bytes = (size_t)crew_operand(argc, argv, 3, LARGE_BYTES / KIB) * KIB;
    bool is_large = all.most_bytes > LARGE_BYTES;
    size_t growth_bytes = GROWTH_BYTES + (is_large ? (CH_THREAD_CACHES - 1) * CACHE_BYTES : 0);
    CLAIM(threads > FIRST, "more than %u threads", FIRST);
    all.heap =
        ch_heap_create(&(struct ch_config){.arena_bytes = 256 * MIB, .on_fault = crew_no_fault});
    CLAIM(all.heap != NULL, "there is no heap");
    for (unsigned i = 0; i < SHELVES; i++) {
        (void)pthread_mutex_init(&all.shelves[i].lock, NULL);
    }
    size_t fresh_bytes = ch_heap_stats(all.heap).committed_bytes;
    size_t fresh_largest = held_largest(all.heap);

    size_t first_bytes = 0;
    size_t later_bytes = 0;
    run(&all, threads, &first_bytes, &later_bytes);
    printf("generations %u %" PRIu64 ": at most %zu KiB with the first threads, then %zu\n",
           threads, all.seed, first_bytes / KIB, later_bytes / KIB);
    CLAIM(later_bytes <= first_bytes + growth_bytes, "the heap grows with the threads that lived");

    struct held left[SHELVES];
    unsigned found = 0;
    for (unsigned i = 0; i < SHELVES; i++) {
        left[i] = all.shelves[i].held;
        found += left[i].block != NULL;
    }
    CLAIM(found > 0, "no thread left a block");
    held_claim_all(all.heap, left, SHELVES);
    for (unsigned i = 0; i < SHELVES; i++) {
        if (left[i].block != NULL) {
            held_free(all.heap, &left[i]);
        }
    }
    held_claim_all(all.heap, NULL, 0);
    held_claim_invariants(all.heap);
    CLAIM(held_largest(all.heap) == fresh_largest, "the largest block is not granted again");
    ch_heap_minimize(all.heap);
    size_t kept_bytes = ch_heap_stats(all.heap).committed_bytes;
    CLAIM(kept_bytes <= fresh_bytes + KEPT_BYTES, "%zu bytes are still committed", kept_bytes);
    ch_heap_destroy(all.heap);
    return 0;
}
