// Reads that go past a block's end while it moves. They do no harm at once: the bytes behind the
// block, which are its next neighbor's, arrive in the new block, where the owner may see them.
#ifndef LAWS_OVER_READ_H
#define LAWS_OVER_READ_H

#include "laws/heap.h"
#include "laws/model.h"

/// Notes the bytes behind a slot's live block, before Reallocate to size_bytes. Also notes the
/// heap's memory where a copied header is to be found in it.
void over_read_note(const struct heap *heap, uint32_t slot, size_t size_bytes);

/// Checks the slot's block, which has moved, for the bytes that were noted. Precondition: the last
/// note was for this call.
void over_read_check(uint32_t slot);

/// Stores where the bytes that broke the law were noted, from the start of the block, and how many.
void over_read_found(size_t *offset, size_t *count);

#endif
