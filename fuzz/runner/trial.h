// A trial: a program run in a process of its own, so that whatever it breaks breaks there.
#ifndef RUNNER_TRIAL_H
#define RUNNER_TRIAL_H

#include "runner/run.h"

/// What became of a trial. Two programs that fail the same way have the same verdict.
typedef int trial_verdict;

/// No law is broken, and nothing else stopped the program.
#define TRIAL_CLEAN 0

/// The trial took longer than TRIAL_SECONDS, or than what trials may take from now on.
#define TRIAL_SECONDS 10U
#define TRIAL_TIMEOUT (-1)
void trial_may_take(unsigned most_seconds);

/// Calls a function in a child process that says nothing, or to standard output. A law that it
/// breaks is the verdict. Ends the process with a sentence and status 2 iff there can be no child.
trial_verdict trial_call(void (*act)(const void *context), const void *context, bool is_shown);

/// Runs a program in a child process that says nothing. Ends the process with a sentence and
/// status 2 iff there can be no child.
trial_verdict trial_run(const struct plan *plan, const struct program *program);

/// The same, but what a finding prints is printed, to standard output.
trial_verdict trial_show(const struct plan *plan, const struct program *program);

#endif
