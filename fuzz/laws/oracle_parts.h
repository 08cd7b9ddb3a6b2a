// Shared by the files behind oracle.h.
#ifndef LAWS_ORACLE_PARTS_H
#define LAWS_ORACLE_PARTS_H

#include "laws/heap.h"

/// GetSize answered for the slot's live block.
void oracle_check_size(struct heap *heap, uint32_t slot, size_t answer);

/// Whether a request must be granted, unless the world refuses a page for it.
bool oracle_must_grant(const struct heap *heap, size_t size_bytes);

/// Allocate and Reallocate were refused: that has a reason, and changes nothing. Return it.
enum outcome oracle_not_allocated(struct heap *heap, uint32_t slot, enum face face,
                                  size_t size_bytes);
enum outcome oracle_not_reallocated(struct heap *heap, uint32_t slot, enum face face,
                                    size_t size_bytes);

/// Writes ` in an arena of N bytes`, from a finding's point of view: nothing where the subject has
/// its memory from elsewhere. Returns the text.
#define ORACLE_ARENA_BYTES 112U
const char *oracle_arena(const struct heap *heap, char text[ORACLE_ARENA_BYTES]);

/// No fault was raised.
void oracle_check_faultless(struct heap *heap);

#endif
