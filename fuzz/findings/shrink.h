// Shrinking: the simplest program that fails the same way.
#ifndef FINDINGS_SHRINK_H
#define FINDINGS_SHRINK_H

#include "findings/shrinker.h"

/// Makes a program as simple as it can be while its trial has this verdict, which is not
/// TRIAL_CLEAN. Ends after SHRINK_TRIALS trials or about SHRINK_SECONDS of wall-clock time, and
/// sooner where trials hang. Half of both are kept for the time after a search, which draws
/// programs within the scope. A program without ops gets an op, if it fails with one. progress may
/// be NULL. Returns how many trials it made.
size_t shrink(const struct plan *plan, const struct scope *scope, struct program *program,
              trial_verdict verdict, shrink_progress progress);

#endif
