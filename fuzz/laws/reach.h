// What a program reaches: states of the heap that are hard to come by, counted by name, and, for
// the engine that searches, each kind of call with each kind of outcome as coverage of its own. All
// of it is seen from outside, so it works for every subject.
#ifndef LAWS_REACH_H
#define LAWS_REACH_H

#include "laws/counters.h"
#include "laws/heap.h"
#include "laws/model.h"

/// A world begins: nothing was freed or refused in it yet.
void reach_begin(void);

/// The slot's block was just granted; it is in the model.
void reach_granted(const struct heap *heap, uint32_t slot);

/// The slot's block, `before` until now, was just reallocated.
void reach_reallocated(const struct heap *heap, uint32_t slot, const struct held *before);

/// A block that was allocated on that lane was just freed; it is no longer in the model.
void reach_freed(const void *block, size_t size_bytes, enum lane lane);

/// A size was just refused: to the slot's live block, or for a new one.
void reach_refused(const struct heap *heap, uint32_t slot, size_t size_bytes, enum outcome why);

/// Calls come from another lane now; the heap was just minimized.
void reach_entered(void);
void reach_minimized(void);

/// Marks a state of an extension as reached if it is.
void reach_mark(enum reach reach, bool is_so);

#endif
