// The runner: a program from its first op to its last law, on one subject.
#ifndef RUNNER_RUNNER_H
#define RUNNER_RUNNER_H

#include "runner/run.h"

/// The arena that a program begins with. It is small enough that its pages stay with the process
/// from run to run, and that filling it takes few ops; a program that wants blocks of INT_MAX bytes
/// begins with a world that has room for them.
#define RUN_ARENA_BYTES ((size_t)64 * 1024 * 1024)

/// A program's repeats make at most this many calls more, and ask for at most so many bytes with
/// them, a size above RUN_REPEATED_SIZE counting as that; what is beyond is not repeated. So no
/// program is slow, and none needs much memory of the machine.
#define RUN_REPEATED_CALLS 4096U
#define RUN_REPEATED_BYTES ((size_t)64 * 1024 * 1024)
#define RUN_REPEATED_SIZE ((size_t)128 * 1024)

#define RUN_TWICE_ONE_IN 64U

/// Runs a program on plan->subject, now and then twice. Returns iff no law was broken.
void run_program(const struct plan *plan, const struct program *program);

/// The run that is under way, or NULL.
const struct run *run_current(void);

#endif
