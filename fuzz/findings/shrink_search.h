// A program of fewer ops, found anew.
#ifndef FINDINGS_SHRINK_SEARCH_H
#define FINDINGS_SHRINK_SEARCH_H

#include "findings/shrinker.h"

/// Draws short programs until one with fewer ops fails the same way. Goes on with the next ones
/// when it is called again. Returns whether it found one, or whether another half of the trials is
/// left, which are kept for what it may find.
bool shrink_search(struct shrinker *shrinker);

#endif
