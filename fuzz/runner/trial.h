// A trial: a program that runs in a process of its own, so that any damage stays there.
#ifndef RUNNER_TRIAL_H
#define RUNNER_TRIAL_H

#include "runner/run.h"

/// The verdict of a trial. Two programs that fail the same way have the same verdict.
typedef int trial_verdict;

/// The verdict when no law is broken, and nothing else stopped the program.
#define TRIAL_CLEAN 0

/// The verdict when the trial took longer than TRIAL_SECONDS, or than the limit that trial_may_take
/// sets from now on.
#define TRIAL_SECONDS 10U
#define TRIAL_TIMEOUT (-1)
void trial_may_take(unsigned most_seconds);

/// Calls a function in a child process that prints nothing, or prints to standard output. The
/// verdict is the law that it breaks. Ends the process with a sentence and status 2 iff there can
/// be no child.
trial_verdict trial_call(void (*act)(const void *context), const void *context, bool is_shown);

/// Runs a program in a child process that prints nothing. Ends the process with a sentence and
/// status 2 iff there can be no child.
trial_verdict trial_run(const struct plan *plan, const struct program *program);

/// Does the same, and prints a finding to standard output.
trial_verdict trial_show(const struct plan *plan, const struct program *program);

#endif
