// Shared by the files behind oracle.h.
#ifndef LAWS_ORACLE_PARTS_H
#define LAWS_ORACLE_PARTS_H

#include "laws/heap.h"

/// Checks the size that GetSize returned for the slot's live block.
void oracle_check_size(struct heap *heap, uint32_t slot, size_t answer);

/// Records the memory of the slot's block, which was just granted or resized, and for which GetSize
/// returned this size. Checks it against the request, and gives its slack to its owner.
void oracle_take(struct heap *heap, uint32_t slot, size_t answer);

/// Returns whether a block is where its reallocation may leave it: its address fits the alignment.
bool oracle_may_stay(const struct heap *heap, const void *block);

/// Checks a later size of the slot's block against the request, and against the first one.
void oracle_check_taken(struct heap *heap, uint32_t slot, size_t answer);

/// Checks that a request was not refused where a hole between live blocks must be large enough.
void oracle_check_holes(struct heap *heap, size_t size_bytes);

/// Returns a size that the empty heap grants; 0: none is known.
size_t oracle_largest(const struct heap *heap);

/// Asks the heap for its counts. Returns false iff it can't be asked.
bool oracle_count(const struct heap *heap, struct heapfuzz_counts *counts);

/// Returns whether the counts of live blocks and bytes are the model's, as far as there are any.
bool oracle_counts_agree(const struct heapfuzz_counts *counts);

/// Returns whether a request must be granted, unless the world refuses a page for it.
bool oracle_must_grant(const struct heap *heap, size_t size_bytes);

/// Check a refused Allocate and a refused Reallocate: it has a reason, and changes nothing. Return
/// the reason.
enum outcome oracle_not_allocated(struct heap *heap, uint32_t slot, enum face face,
                                  size_t size_bytes);
enum outcome oracle_not_reallocated(struct heap *heap, uint32_t slot, enum face face,
                                    size_t size_bytes);

/// Writes ` in an arena of N bytes` for a finding. Writes nothing where the subject's memory is not
/// of the world. Returns the text.
#define ORACLE_ARENA_BYTES 112U
const char *oracle_arena(const struct heap *heap, char text[ORACLE_ARENA_BYTES]);

/// Checks that no fault was raised.
void oracle_check_faultless(struct heap *heap);

#endif
