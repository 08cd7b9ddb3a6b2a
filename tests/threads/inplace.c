// Two threads give one block another size in its place, at the same moment, again and again. The
// place has room for either size. So both calls succeed, however close they are, for the size that
// the place was made for and for less. The heap counts the size that came last.
//
//     inplace [TIMES]

#include "crew.h"

#include <stdatomic.h>
#include <stdio.h>

#define THREADS 2U
#define SIZES 8U
#define STEP_BYTES 7U // Up to the most, these are several classes and several sizes of each.
#define MOST_BYTES (THREADS * SIZES * STEP_BYTES)

struct inplace {
    struct ch_heap *heap;
    void *block;
    size_t times;
    atomic_size_t granted;
};

static size_t size_of(unsigned number, size_t time)
{
    return MOST_BYTES - (number + THREADS * (time % SIZES)) * STEP_BYTES;
}

static void work(unsigned number, void *argument)
{
    struct inplace *inplace = argument;
    crew_stay(number);
    for (size_t i = 0; i < inplace->times; i++) {
        size_t size_bytes = size_of(number, i);
        CLAIM(ch_heap_resize(inplace->heap, inplace->block, size_bytes),
              "%zu bytes were refused where there is room for %u", size_bytes, MOST_BYTES);
    }
    atomic_fetch_add(&inplace->granted, inplace->times);
}

static void claim_last_counts(const struct inplace *inplace)
{
    size_t size_bytes = ch_heap_size_bytes(inplace->heap, inplace->block);
    CLAIM(size_bytes == size_of(0, inplace->times - 1) ||
              size_bytes == size_of(1, inplace->times - 1),
          "the block has %zu bytes, which neither thread asked for last", size_bytes);
    struct ch_stats stats = ch_heap_stats(inplace->heap);
    CLAIM(stats.live_blocks == 1 && stats.live_bytes == size_bytes,
          "%zu blocks of %zu bytes are live", stats.live_blocks, stats.live_bytes);
    CLAIM(ch_heap_check(inplace->heap).invariant == CH_INVARIANTS, "an invariant does not hold");
}

int main(int argc, char **argv)
{
    static struct inplace inplace;
    inplace.times = (size_t)crew_operand(argc, argv, 1, 300000);
    inplace.heap =
        ch_heap_create(&(struct ch_config){.arena_bytes = MIB, .on_fault = crew_no_fault});
    CLAIM(inplace.heap != NULL, "there is no heap");
    inplace.block = ch_heap_alloc(inplace.heap, MOST_BYTES);
    CLAIM(inplace.block != NULL, "%u bytes were refused", MOST_BYTES);
    crew_run(THREADS, work, &inplace);
    claim_last_counts(&inplace);
    ch_heap_free(inplace.heap, inplace.block);
    CLAIM(ch_heap_stats(inplace.heap).live_bytes == 0, "bytes are live without a block");
    ch_heap_destroy(inplace.heap);
    printf("inplace %zu: %zu sizes were granted\n", inplace.times, atomic_load(&inplace.granted));
    return 0;
}
