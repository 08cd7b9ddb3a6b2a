// Ops to calls.
#ifndef RUNNER_CALLS_H
#define RUNNER_CALLS_H

#include "runner/run.h"

/// Makes the call that the op of this run is. Returns false iff it is none: it changes the world,
/// the bytes of a block or what comes next.
bool run_call(struct run *run, uint32_t slot, size_t size_bytes);

/// Frees the slot's block, if it holds one, by the face of the op that is under way, and holds that
/// against the laws: no op asked for it.
void run_give_up(struct run *run, uint32_t slot);

#endif
