// Threads that ask about any address, while others make the small region grow and shrink, with the
// tables that hold the answers. An address where no block ever starts is never a block, and freeing
// or reallocating it raises a fault. One where blocks come and go has no size but theirs. Pages
// that the heap has given back can only be read, as zeros: pages.h promises no more.
//
//     ask [QUESTIONS [SEED]]

#include "crew.h"

#include "engine/class.h"
#include "engine/state.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>

#define GROWERS 2U
#define ASKERS 2U
#define SPANS 24U
#define BLOCKS (SPANS * CH_SPAN_BYTES / CH_SMALL_BYTES)

struct asks {
    struct ch_heap *heap;
    size_t questions;
    uint64_t seed;
    atomic_uint askers; // Still asking.
    atomic_size_t faults, yes, rounds;
};

static void forbid(void *world, void *start, size_t size_bytes)
{
    ch_pages_os.decommit(world, start, size_bytes);
    CLAIM(mprotect(start, size_bytes, PROT_READ) == 0, "pages can't be made unwritable");
}

static void count_fault(void *context, enum ch_fault fault, const void *block)
{
    struct asks *asks = context;
    CLAIM(fault != CH_FAULT_FREE_FOREIGN && fault != CH_FAULT_REALLOC_FOREIGN,
          "%p lies in the heap's pages, but is foreign", block);
    atomic_fetch_add_explicit(&asks->faults, 1, memory_order_relaxed);
}

// Blocks of the largest class, so that a few of them reach over many spans.
static void grow(struct asks *asks)
{
    void *blocks[BLOCKS];
    while (atomic_load_explicit(&asks->askers, memory_order_relaxed) > 0) {
        for (unsigned i = 0; i < BLOCKS; i++) {
            blocks[i] = ch_heap_alloc(asks->heap, CH_SMALL_BYTES);
            CLAIM(blocks[i] != NULL, "a block was refused");
        }
        for (unsigned i = 0; i < BLOCKS; i++) {
            ch_heap_free(asks->heap, blocks[i]);
        }
        ch_heap_minimize(asks->heap);
        atomic_fetch_add_explicit(&asks->rounds, 1, memory_order_relaxed);
    }
}

static void ask_one(struct asks *asks, unsigned char *start, size_t inside)
{
    size_t size_bytes = ch_heap_size_bytes(asks->heap, start);
    CLAIM(size_bytes == CH_SMALL_BYTES || size_bytes == SIZE_MAX, "%p has %zu bytes", (void *)start,
          size_bytes);
    atomic_fetch_add_explicit(&asks->yes, size_bytes != SIZE_MAX, memory_order_relaxed);
    CLAIM(!ch_heap_owns(asks->heap, start + inside), "%p is no block, but owned",
          (void *)(start + inside));
    ch_heap_free(asks->heap, start + inside);
    CLAIM(ch_heap_realloc(asks->heap, start + inside, 1) == NULL, "%p is no block, but reallocated",
          (void *)(start + inside));
}

static void ask(struct asks *asks, unsigned number)
{
    uint64_t random = asks->seed * ASKERS + number;
    unsigned char *pages = (unsigned char *)(uintptr_t)ch_heap_stats(asks->heap).pages;
    for (size_t i = 0; i < asks->questions; i++) {
        size_t start = crew_below(&random, GROWERS * BLOCKS) * CH_SMALL_BYTES;
        size_t inside = 1 + crew_below(&random, CH_SMALL_GRANULES - 1);
        ask_one(asks, pages + start, inside * CH_GRANULE_BYTES);
    }
    atomic_fetch_sub_explicit(&asks->askers, 1, memory_order_relaxed);
}

static void work(unsigned number, void *argument)
{
    if (number < GROWERS) {
        grow(argument);
    } else {
        ask(argument, number);
    }
}

int main(int argc, char **argv)
{
    static struct asks asks;
    asks.questions = (size_t)crew_operand(argc, argv, 1, 200000);
    asks.seed = crew_operand(argc, argv, 2, 1);
    asks.askers = ASKERS;
    struct ch_pages strict = ch_pages_os;
    strict.decommit = forbid;
    asks.heap = ch_heap_create(&(struct ch_config){.arena_bytes = 64 * MIB,
                                                   .pages = &strict,
                                                   .on_fault = count_fault,
                                                   .on_fault_context = &asks});
    CLAIM(asks.heap != NULL, "there is no heap");
    crew_run(GROWERS + ASKERS, work, &asks);
    printf("ask %zu %" PRIu64 ": %zu yes, %zu faults, while it grew and shrank %zu times\n",
           asks.questions, asks.seed, asks.yes, asks.faults, asks.rounds);
    CLAIM(asks.faults == 2 * ASKERS * asks.questions, "a misuse raised no fault, or two");
    CLAIM(asks.yes > 0 && asks.rounds > 1, "blocks did not come and go");
    CLAIM(ch_heap_stats(asks.heap).live_blocks == 0, "a block is live");
    CLAIM(ch_heap_check(asks.heap).invariant == CH_INVARIANTS, "an invariant does not hold");
    ch_heap_destroy(asks.heap);
    return 0;
}
