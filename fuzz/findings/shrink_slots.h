// Calls that differ only in their slots, as one repeated op; and the names of slots.
#ifndef FINDINGS_SHRINK_SLOTS_H
#define FINDINGS_SHRINK_SLOTS_H

#include "findings/shrinker.h"

/// Makes one repeated op of calls in a row. Returns whether it made any.
bool shrink_fold(struct shrinker *shrinker);

/// Moves calls to the last ones before them that do the same, so that they are a row. Returns
/// whether any was moved.
bool shrink_gather(struct shrinker *shrinker);

/// Names the slots b0, b1, ..., and those of a repeated op in a row. Returns whether any name is
/// another.
bool shrink_rename(struct shrinker *shrinker);

#endif
