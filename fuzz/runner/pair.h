// A pair: one program on two subjects, whose visible answers are compared.
//
// The subjects run one after the other, whole. There is one subject, one world and one model at a
// time. Two heaps that took turns in a process would share the state that the laws check for each.
//
// Slots and sizes must mean the same in both, so both hold the same blocks after every step. The
// blocks of the second are known before it runs, from its promises: a block stays only where the
// first granted it and the second must. Any other request is made of both, checked against the laws
// of each, and then given up. Its slot is freed in each subject that has a block there.
//
// Each step compares:
//
// - granted or NULL;
// - GetSize of a block where both are exact, and of NULL where both document it;
// - DidAlloc of NULL, of a live block and of its inside, where both offer it;
// - the HRESULTs, where both have a COM face;
// - the number and bytes of live blocks.
//
// NULL from one alone is allowed for the reasons that its own laws allow: over its limit, no room,
// no pages. But Reallocate to a block's own size requests nothing, so neither may refuse it.
#ifndef RUNNER_PAIR_H
#define RUNNER_PAIR_H

#include "runner/run.h"

/// Runs a program on plan->subject, then on plan->other, and compares. Without plan->other, runs it
/// on plan->subject alone. An extension is used only where both offer it. Returns iff no law was
/// broken.
void pair_run(const struct plan *plan, const struct program *program);

#endif
