// A pair: one program on two subjects, whose visible answers are compared.
//
// The subjects run one after the other, whole: a subject, the world and the model are one each, and
// two heaps that took turns in a process would share what the laws hold each of them to. So that
// slots and sizes still mean the same in both, both hold the same blocks after every step. What
// the second will hold is known before it runs, from what it states: a block stays only where the
// first granted it and the second must. Any other request is made of both, held against the laws of
// each, and then given up: its slot is freed in either that has a block there.
//
// Compared are, in each step: granted or NULL; GetSize of a block where both are exact, and of NULL
// where both document it; DidAlloc of NULL, of a live block and of its inside, where both can be
// asked; the HRESULTs, where both have a COM face; and how many blocks of how many bytes are live.
//
// NULL from one alone is allowed for the reasons that its own laws allow: over its limit, no room,
// no pages. But Reallocate to the size that a block has asks for nothing, so neither may refuse it.
#ifndef RUNNER_PAIR_H
#define RUNNER_PAIR_H

#include "runner/run.h"

/// Runs a program on plan->subject, then on plan->other, and compares; on plan->subject alone where
/// there is no other. An extension is used only where both offer it. Returns iff no law was broken.
void pair_run(const struct plan *plan, const struct program *program);

#endif
