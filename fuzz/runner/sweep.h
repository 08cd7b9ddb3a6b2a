// The refusal sweep: a program runs again with one of its page requests refused, then with another.
// So no point at which the world can refuse depends on luck.
//
// A refusal is an op before the op that made the request. So the program that breaks a law is a
// program like any other.
#ifndef RUNNER_SWEEP_H
#define RUNNER_SWEEP_H

#include "runner/run.h"
#include "runner/trial.h"

/// Runs a program as it is, then again for each of up to plan->refusals_swept of its page requests,
/// with that one refused. They are evenly spread over all requests. Returns iff no law was broken.
void sweep_run(const struct plan *plan, const struct program *program);

/// Makes a program that breaks a law in sweep_run break it as it is: inserts the refusal, where it
/// needs one. Returns how it fails; TRIAL_CLEAN: no law breaks in a process of its own.
trial_verdict sweep_settle(const struct plan *plan, struct program *program);

#endif
