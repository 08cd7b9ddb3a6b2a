// What the two files behind shrink.h share.
#ifndef HARNESS_SHRINK_PARTS_H
#define HARNESS_SHRINK_PARTS_H

#include "harness/shrink.h"

struct shrinker {
    const struct plan *plan;
    struct program *program; ///< The simplest so far.
    struct program guess;
    trial_verdict verdict;
    size_t trials;
    double ends; ///< When there is no time for another trial.
    shrink_progress progress;
};

/// Tries another op in the place of one. Nothing is tried if it is the same.
bool shrink_replace(struct shrinker *shrinker, size_t at, struct op op);

/// Tries other ops in the place of two.
bool shrink_replace_two(struct shrinker *shrinker, size_t at, struct op op, size_t other_at,
                        struct op other);

/// Lowers the sizes of the program. Returns whether any was.
bool shrink_lower(struct shrinker *shrinker);

/// Lowers sizes that a block has one after the other, both at once. Returns whether any was.
bool shrink_lower_pairs(struct shrinker *shrinker);

/// Words the sizes: what is next to an edge is written as the edge and how far from it.
void shrink_word(struct shrinker *shrinker);

/// The number of bytes that an op's size means where every request before it was granted.
size_t shrink_size_at(const struct program *program, size_t at);

#endif
