// Ops to calls.
#ifndef RUNNER_CALLS_H
#define RUNNER_CALLS_H

#include "runner/run.h"

/// Makes the call of this run's op. Returns false iff the op is no call: it changes the world, the
/// bytes of a block or the next op.
bool run_call(struct run *run, uint32_t slot, size_t size_bytes);

/// Returns whether the run's op reallocates. Where the subject can't, or the one beside it, such an
/// op allocates.
bool run_reallocates(const struct run *run);

/// Returns the size that is requested in place of one that the subject, or the one beside it,
/// avoids; otherwise the same size.
size_t run_allowed_bytes(const struct run *run, size_t size_bytes);

/// Frees the slot's block, if it holds one, through the face of the current op. Checks that call
/// against the laws: no op asked for it.
void run_give_up(struct run *run, uint32_t slot);

#endif
