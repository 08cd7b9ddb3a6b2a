// What the two files behind run.h share.
#ifndef HARNESS_RUN_PARTS_H
#define HARNESS_RUN_PARTS_H

#include "harness/run.h"

/// Makes the call that the op of this run is. Returns false iff it is none: it changes the world,
/// the bytes of a block or what comes next.
bool run_call(struct run *run, uint32_t slot, size_t size_bytes);

/// What of an answer must be the same in a second run: a pointer's place in the world where the
/// subject gives equal addresses, and otherwise whether there is one; a size only where it is
/// exact.
uint64_t run_visible_part(const struct run *run, const struct answer *made);

#endif
