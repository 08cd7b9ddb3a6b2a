// A leak spy is read while threads use task memory. Each answer is of one moment. All blocks have
// one size, so its counts of blocks and bytes agree. It lists live blocks only, in the order of
// their numbers.
//
//     leaks [ROUNDS]

#include "crew.h"

#include <comheap/leakspy.h>
#include <comheap/taskmem.h>

#include <stdatomic.h>
#include <stdio.h>

#define HAMMERS 2U
#define BLOCKS 64U
#define SIZE_BYTES 24U

struct watched {
    struct ch_leak_spy *spy;
    size_t rounds;
    atomic_uint working;
};

static void hammer(unsigned number, void *argument)
{
    (void)number;
    struct watched *watched = argument;
    void *blocks[BLOCKS];
    for (size_t round = 0; round < watched->rounds; round++) {
        for (unsigned i = 0; i < BLOCKS; i++) {
            blocks[i] = CoTaskMemAlloc(SIZE_BYTES);
            CLAIM(blocks[i] != NULL, "%u bytes were refused", SIZE_BYTES);
        }
        for (unsigned i = 0; i < BLOCKS; i++) {
            CoTaskMemFree(blocks[i]);
        }
    }
    atomic_fetch_sub(&watched->working, 1);
}

static void look_at_counts(struct ch_leak_spy *spy)
{
    struct ch_leak_counts counts = ch_leak_spy_counts(spy);
    CLAIM(counts.live_bytes == counts.live_blocks * SIZE_BYTES, "%zu blocks have %zu bytes",
          counts.live_blocks, counts.live_bytes);
    CLAIM(counts.live_blocks <= HAMMERS * BLOCKS && counts.live_blocks <= counts.allocations,
          "%zu blocks of %zu are live", counts.live_blocks, counts.allocations);
    CLAIM(counts.lost == 0, "%zu blocks are lost", counts.lost);
}

static void look_at_list(struct ch_leak_spy *spy)
{
    struct ch_leak leaks[HAMMERS * BLOCKS + 1];
    size_t count = ch_leak_spy_list(spy, leaks, sizeof leaks / sizeof leaks[0]);
    CLAIM(count <= HAMMERS * BLOCKS, "%zu blocks are listed", count);
    size_t last = 0;
    for (size_t i = 0; i < count; i++) {
        CLAIM(leaks[i].block != NULL && leaks[i].size_bytes == SIZE_BYTES,
              "the block at %p has %zu bytes", leaks[i].block, leaks[i].size_bytes);
        CLAIM(leaks[i].number > last, "number %zu comes behind %zu", leaks[i].number, last);
        last = leaks[i].number;
    }
}

int main(int argc, char **argv)
{
    static struct watched watched;
    watched.rounds = (size_t)crew_operand(argc, argv, 1, 1000);
    watched.spy = ch_leak_spy_create();
    CLAIM(watched.spy != NULL, "there is no spy");
    CLAIM(CoRegisterMallocSpy(ch_leak_spy_object(watched.spy)) == S_OK, "it can't be registered");
    struct crew_thread *threads[HAMMERS];
    atomic_store(&watched.working, HAMMERS);
    for (unsigned i = 0; i < HAMMERS; i++) {
        threads[i] = crew_start(hammer, i, &watched);
    }
    size_t looks = 0;
    for (; looks == 0 || atomic_load(&watched.working) > 0; looks++) {
        look_at_counts(watched.spy);
        look_at_list(watched.spy);
    }
    for (unsigned i = 0; i < HAMMERS; i++) {
        crew_join(threads[i]);
    }
    CLAIM(CoRevokeMallocSpy() == S_OK, "there are spied blocks");
    size_t allocations = ch_leak_spy_counts(watched.spy).allocations;
    CLAIM(allocations == HAMMERS * BLOCKS * watched.rounds, "it saw %zu blocks", allocations);
    printf("leaks %zu: %zu looks at %zu blocks\n", watched.rounds, looks, allocations);
    ch_leak_spy_destroy(watched.spy);
    return 0;
}
