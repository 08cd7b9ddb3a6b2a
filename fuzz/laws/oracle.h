// The oracle checks a heap's results against the laws and the model. A function for a call takes
// the result of the call that the run has just made. It keeps the model up to date, and returns the
// call's outcome.
#ifndef LAWS_ORACLE_H
#define LAWS_ORACLE_H

#include "laws/counters.h"
#include "laws/fill.h"
#include "laws/heap.h"

/// Checks, at the end of a world, that the heap wrote to nothing around its range.
void oracle_surroundings(const struct heap *heap);

/// Names the kind of op after which the heap as a whole is checked. MOMENT_END: the program is
/// over.
enum moment { MOMENT_ALLOCATE, MOMENT_REALLOCATE, MOMENT_FREE, MOMENT_OTHER, MOMENT_END };

/// Checks the `block` that Allocate, or Reallocate of NULL, returned for the empty slot.
enum outcome oracle_allocated(struct heap *heap, uint32_t slot, enum face face, void *block,
                              size_t size_bytes);

/// Checks the `block` that Reallocate returned for the slot's live block.
enum outcome oracle_reallocated(struct heap *heap, uint32_t slot, enum face face, void *block,
                                size_t size_bytes);

/// Checks that the slot's live block was freed.
enum outcome oracle_freed(struct heap *heap, uint32_t slot);

/// Checks the size that GetSize returned for the slot's block, or for NULL where it holds none.
enum outcome oracle_sized(struct heap *heap, uint32_t slot, enum face face, size_t size_bytes);

/// Checks the value that DidAlloc returned for an address.
enum outcome oracle_owned(struct heap *heap, const void *address, int answer);

/// Returns the most bytes that the heap may hold of the world, just after minimizing; SIZE_MAX: the
/// subject states no bound.
size_t oracle_most_committed(const struct heap *heap);

/// Checks the pages of the heap, which was just minimized.
enum outcome oracle_minimized(struct heap *heap);

/// Checks that a block's bytes are those that were written, before it is given up or read.
void oracle_bytes(uint32_t slot);

/// Writes these bytes into the slot's live block.
void oracle_write(uint32_t slot, struct fill fill);

/// Checks, between ops, that no fault was raised, the world saw no breach, and the next live block
/// in turn is unchanged.
void oracle_between(struct heap *heap, enum moment moment);

/// Checks that every live block has its size.
void oracle_sizes(struct heap *heap);

/// Checks that every live block has its size and its bytes.
void oracle_every_block(struct heap *heap);

/// Checks the heap's own invariants and counts.
void oracle_walk(struct heap *heap, enum moment moment);

/// Returns the size of the largest block that a fresh heap grants, by bisection. The heap is not
/// fresh afterwards.
size_t oracle_measure(struct heap *heap);

/// Checks an empty heap: it counts no live block, the largest block fits again, and every page goes
/// back.
void oracle_empty(struct heap *heap, enum moment moment);

#endif
