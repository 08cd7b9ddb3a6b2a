// The refusal sweep: a program runs again with one of its page requests refused, then another, so
// that no point at which the world can refuse depends on luck.
//
// A refusal is an op, put before the op that made the request: what breaks a law is a program like
// any other.
#ifndef RUNNER_SWEEP_H
#define RUNNER_SWEEP_H

#include "runner/run.h"

/// Runs a program as it is, then with up to plan->refusals_swept of its page requests refused, one
/// at a time, evenly spread over all that it makes. Returns iff no law was broken.
void sweep_run(const struct plan *plan, const struct program *program);

/// Makes a program that breaks a law in sweep_run one that breaks it as it is: puts the refusal
/// into it, where it needs one. Returns false iff in a process of its own no law breaks.
bool sweep_settle(const struct plan *plan, struct program *program);

#endif
