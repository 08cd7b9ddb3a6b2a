// A stream of calls that looks random and is the same each time: allocates, reallocates and frees
// of all kinds of sizes. It knows its live blocks, so every one of them can be held against the
// heap.
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
    bool leaves_blocks; ///< Block's bytes are neither written nor read.
    bool stays;         ///< Reallocates only where no byte has to move.
    const char *wrong;  ///< The first answer that was wrong; NULL: none.
    size_t refusals;
    struct churn_slot slots[CHURN_SLOTS];
};

/// The next of a sequence of numbers that look random.
uint64_t churn_random(uint64_t *state);

/// Makes one call, on a slot that the sequence chooses, and holds its answer against the slots.
void churn_step(struct churn *churn);

/// Holds the size and the bytes of every live block against the slots.
void churn_look(struct churn *churn);

/// Frees everything.
void churn_end(struct churn *churn);

#endif
