// A stream of calls that looks random and is the same each time: it allocates, reallocates and
// frees all kinds of sizes. It knows its live blocks, so each can be compared with the heap.
#ifndef TESTS_UNIT_CHURN_H
#define TESTS_UNIT_CHURN_H

#include <comheap/heap.h>

#define CHURN_SLOTS 256U

struct churn_slot {
    void *block; ///< NULL: the slot is empty.
    size_t size_bytes;
    uint64_t seed; ///< Of the block's bytes.
};

struct churn {
    struct ch_heap *heap;
    uint64_t random;
    size_t most_bytes;  ///< Sizes go up to this.
    bool leaves_blocks; ///< Bytes of blocks are neither written nor read.
    bool stays;         ///< Reallocates only where no byte has to move.
    const char *wrong;  ///< The first answer that was wrong; NULL: none.
    size_t refusals;
    struct churn_slot slots[CHURN_SLOTS];
};

/// Returns the next of a sequence of numbers that look random.
uint64_t churn_random(uint64_t *state);

/// Makes one call, on a slot that the sequence chooses, and compares its answer with the slots.
void churn_step(struct churn *churn);

/// Compares the size and the bytes of every live block with the slots.
void churn_look(struct churn *churn);

/// Frees everything.
void churn_end(struct churn *churn);

#endif
