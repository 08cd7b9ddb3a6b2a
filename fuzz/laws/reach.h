// The states that a program reaches. States of the heap that are rare are counted by name. For the
// engine that searches, each kind of call with each outcome is also coverage of its own. All of it
// is seen from outside, so it works for every subject.
#ifndef LAWS_REACH_H
#define LAWS_REACH_H

#include "laws/counters.h"
#include "laws/heap.h"
#include "laws/model.h"

/// Begins a world: no block was freed or refused in it yet.
void reach_begin(void);

/// Records that the slot's block was just granted; the model has it.
void reach_granted(const struct heap *heap, uint32_t slot);

/// Records that the slot's block, `before` until now, was just reallocated.
void reach_reallocated(const struct heap *heap, uint32_t slot, const struct held *before);

/// Records that a block that was allocated on that lane was just freed; the model no longer has it.
void reach_freed(const void *block, size_t size_bytes, enum lane lane);

/// Records that a size was just refused: to the slot's live block, or for a new one.
void reach_refused(const struct heap *heap, uint32_t slot, size_t size_bytes, enum outcome why);

/// Record that calls come from another lane now, and that the heap was just minimized.
void reach_entered(void);
void reach_minimized(void);

/// Marks a state of an extension as reached iff is_so.
void reach_mark(enum reach reach, bool is_so);

#endif
