// What the files behind shrink.h share.
#ifndef FINDINGS_SHRINK_PARTS_H
#define FINDINGS_SHRINK_PARTS_H

#include "findings/shrink.h"

struct shrinker {
    const struct plan *plan;
    struct program *program; ///< The simplest so far.
    struct program guess;
    trial_verdict verdict;
    size_t trials;
    double ends; ///< When there is no time for another trial.
    shrink_progress progress;
};

/// Makes the guess a copy of the simplest program so far.
void shrink_guess(struct shrinker *shrinker);

/// Tries the guess. Returns whether it fails the same way: then it is the simplest program.
bool shrink_accept(struct shrinker *shrinker);

/// Makes one op of many that differ only in their slots, and many of one that is repeated a few
/// times. Returns whether anything came of it.
bool shrink_fold(struct shrinker *shrinker);

/// Moves calls to the last ones before them that do the same, so that they are a row. Returns
/// whether any was moved.
bool shrink_gather(struct shrinker *shrinker);

/// Names the slots in the order in which they come; those that a repeat joins stay together.
/// Returns whether any name is another.
bool shrink_rename(struct shrinker *shrinker);

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
