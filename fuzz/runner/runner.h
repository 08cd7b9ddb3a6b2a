// The runner: a program from its first op to its last law, on one subject.
#ifndef RUNNER_RUNNER_H
#define RUNNER_RUNNER_H

#include "runner/run.h"

/// The most bytes of a range that a heap gets beside its first one: the world fills them.
#define RUN_ADDED_BYTES ((size_t)256 * 1024)

/// The arena that a program begins with. It is so small that its pages stay with the process from
/// run to run, and that few ops fill it. A program that wants blocks of INT_MAX bytes begins with a
/// world that has room for them.
#define RUN_ARENA_BYTES ((size_t)64 * 1024 * 1024)

/// The most calls that a program's repeats add, and the most bytes that they request. A size above
/// RUN_REPEATED_SIZE counts as RUN_REPEATED_SIZE. Repeats beyond these limits are dropped. So no
/// program is slow, and none needs much memory of the machine.
#define RUN_REPEATED_CALLS 4096U
#define RUN_REPEATED_BYTES ((size_t)64 * 1024 * 1024)
#define RUN_REPEATED_SIZE ((size_t)128 * 1024)

#define RUN_TWICE_ONE_IN 64U

/// Runs a program on plan->subject, now and then twice. Returns iff no law was broken.
void run_program(const struct plan *plan, const struct program *program);

/// Returns the current run, or NULL.
const struct run *run_current(void);

#endif
