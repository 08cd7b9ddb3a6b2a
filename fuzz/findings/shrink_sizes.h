// Sizes as small as they can be, and then as edges.
#ifndef FINDINGS_SHRINK_SIZES_H
#define FINDINGS_SHRINK_SIZES_H

#include "findings/shrinker.h"

/// Lowers the sizes of the program. Returns whether any was.
bool shrink_lower(struct shrinker *shrinker);

/// Lowers two sizes that a block has one after the other, both at once. Returns whether any was.
bool shrink_lower_pairs(struct shrinker *shrinker);

/// Writes sizes as edges that they are next to, with the distance.
void shrink_word(struct shrinker *shrinker);

#endif
