// The oracle: what a heap answered, held against the laws and the model. Every function here is
// told of one call that the run has just made, keeps the model up with it, and returns how the call
// came out.
#ifndef LAWS_ORACLE_H
#define LAWS_ORACLE_H

#include "laws/counters.h"
#include "laws/fill.h"
#include "runner/run.h"

/// Allocate, or Reallocate of NULL, answered `block` for the empty slot.
enum outcome oracle_allocated(struct run *run, uint32_t slot, enum face face, void *block,
                              size_t size_bytes);

/// Reallocate answered `block` for the slot's live block.
enum outcome oracle_reallocated(struct run *run, uint32_t slot, enum face face, void *block,
                                size_t size_bytes);

/// The slot's live block was freed.
enum outcome oracle_freed(struct run *run, uint32_t slot);

/// GetSize answered for the slot's block, or for NULL where it holds none.
enum outcome oracle_sized(struct run *run, uint32_t slot, enum face face, size_t size_bytes);

/// DidAlloc answered for an address.
enum outcome oracle_owned(struct run *run, const void *address, int answer);

/// CoGetMalloc answered for a context, with *malloc preset to a pointer that is not NULL.
enum outcome oracle_got_malloc(struct run *run, DWORD context, HRESULT result, IMalloc *malloc);

/// QueryInterface answered for IUnknown, IMalloc or an unknown interface (0, 1, 2), and stored
/// `object` where `preset` was.
enum outcome oracle_queried(struct run *run, unsigned which, HRESULT result, const void *object,
                            const void *preset);

/// CoRegisterMallocSpy and CoRevokeMallocSpy answered.
void oracle_registered(struct run *run, HRESULT result, HRESULT expected);
void oracle_revoked(struct run *run, HRESULT result, HRESULT expected);

/// The most that the heap may hold of the world, just after minimizing; SIZE_MAX: it states no
/// bound.
size_t oracle_most_committed(const struct run *run);

/// The heap was told to minimize.
enum outcome oracle_minimized(struct run *run);

/// Before the block is given up or looked at: its bytes are those that were written.
void oracle_bytes(struct run *run, uint32_t slot);

/// Writes these bytes into the slot's live block.
void oracle_write(struct run *run, uint32_t slot, struct fill fill);

/// Between ops: no fault, no breach, and the next live block in turn is what it was.
void oracle_between(struct run *run);

/// Every live block has its size.
void oracle_sizes(struct run *run);

/// Every live block has its size and its bytes.
void oracle_every_block(struct run *run);

/// The heap's own invariants and counts.
void oracle_walk(struct run *run);

/// Every block is freed: nothing is live, the largest block fits again, and every page goes back.
void oracle_empty(struct run *run);

/// A second run of the same program has given its answers: those of the first, for all that can be
/// compared, where `other` is SIZE_MAX, or else not from op `other` on; the number of ops: in a
/// call that a repeat makes.
void oracle_same(struct run *run, size_t other, const struct answer *before);

#endif
