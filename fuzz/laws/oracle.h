// The oracle: what a heap answered, held against the laws and the model. Every function here is
// told of one call that the run has just made, keeps the model up with it, and returns how the call
// came out.
#ifndef LAWS_ORACLE_H
#define LAWS_ORACLE_H

#include "laws/counters.h"
#include "laws/fill.h"
#include "laws/heap.h"

/// Names the kind of op after which the heap as a whole is checked; MOMENT_END: the program is
/// over.
enum moment { MOMENT_ALLOCATE, MOMENT_REALLOCATE, MOMENT_FREE, MOMENT_OTHER, MOMENT_END };

/// Allocate, or Reallocate of NULL, answered `block` for the empty slot.
enum outcome oracle_allocated(struct heap *heap, uint32_t slot, enum face face, void *block,
                              size_t size_bytes);

/// Reallocate answered `block` for the slot's live block.
enum outcome oracle_reallocated(struct heap *heap, uint32_t slot, enum face face, void *block,
                                size_t size_bytes);

/// The slot's live block was freed.
enum outcome oracle_freed(struct heap *heap, uint32_t slot);

/// GetSize answered for the slot's block, or for NULL where it holds none.
enum outcome oracle_sized(struct heap *heap, uint32_t slot, enum face face, size_t size_bytes);

/// DidAlloc answered for an address.
enum outcome oracle_owned(struct heap *heap, const void *address, int answer);

/// The most that the heap may hold of the world, just after minimizing; SIZE_MAX: it states no
/// bound.
size_t oracle_most_committed(const struct heap *heap);

/// The heap was told to minimize.
enum outcome oracle_minimized(struct heap *heap);

/// Before the block is given up or looked at: its bytes are those that were written.
void oracle_bytes(uint32_t slot);

/// Writes these bytes into the slot's live block.
void oracle_write(uint32_t slot, struct fill fill);

/// Between ops: no fault, no breach, and the next live block in turn is what it was.
void oracle_between(struct heap *heap, enum moment moment);

/// Every live block has its size.
void oracle_sizes(struct heap *heap);

/// Every live block has its size and its bytes.
void oracle_every_block(struct heap *heap);

/// The heap's own invariants and counts.
void oracle_walk(struct heap *heap, enum moment moment);

/// Every block is freed: nothing is live, the largest block fits again, and every page goes back.
void oracle_empty(struct heap *heap);

#endif
