// Shrinking: the simplest program that fails the same way.
#ifndef FINDINGS_SHRINK_H
#define FINDINGS_SHRINK_H

#include "runner/trial.h"

/// Is told how far it is, after each trial that made the program simpler: ops left and trials made.
typedef void (*shrink_progress)(size_t ops, size_t trials);

/// Makes a program whose trial has this verdict, not TRIAL_CLEAN, as simple as it can while
/// the verdict stays, in at most SHRINK_TRIALS trials and about SHRINK_SECONDS of the clock on the
/// wall, whether trials hang or not. A program without ops has an op then, if it fails with one.
/// progress may be NULL. Returns how many trials it made.
#define SHRINK_TRIALS 5000U
#define SHRINK_SECONDS 60U

/// A trial that should hang may take this long: much more than any program takes that ends.
#define SHRINK_HUNG_SECONDS 2U

size_t shrink(const struct plan *plan, struct program *program, trial_verdict verdict,
              shrink_progress progress);

#endif
