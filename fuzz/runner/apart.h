// A program in a process of its own, for a subject whose state outlives a program. Its reports and
// its counts are this process's.
#ifndef RUNNER_APART_H
#define RUNNER_APART_H

#include "runner/run.h"

/// Returns whether the programs of a plan need processes of their own, and can have them.
bool apart_is_needed(const struct plan *plan);

/// Calls `run` with a plan and a program in a child process, and takes over its counters and its
/// coverage. Ends this process by the child's status iff the child has one.
void apart_run(void (*run)(const struct plan *plan, const struct program *program),
               const struct plan *plan, const struct program *program);

#endif
