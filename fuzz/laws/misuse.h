// Misuse: what a caller must not do. Pointers that are no live block go to every entry point of the
// heap, and garbage is written where no live block is. What must come of it is known from the model
// alone: one fault, which depends on what is at the address, and nothing else.
//
// Nothing is misused where the plan does not say so, or the subject does not promise to survive it:
// then these ops ask a question.
#ifndef LAWS_MISUSE_H
#define LAWS_MISUSE_H

#include "laws/counters.h"
#include "laws/heap.h"

/// The address that an op speaks of: the slot's, or its last one, or the arena's start if it
/// never had one, plus size_bytes; for bad_address size_bytes itself; for scribble where the slot's
/// last block began, or where its live one ends.
uintptr_t misuse_address(struct op op, uint32_t slot, size_t size_bytes);

/// What is at an address; STRAYS: nothing stray, for it is NULL or a live block's start.
enum stray misuse_find(const struct heap *heap, uintptr_t address);

const char *misuse_name(enum stray stray);

/// Misuses a stray pointer as an op says, and holds the result against the laws.
enum outcome misuse_pointer(struct heap *heap, struct op op, uintptr_t address, enum stray stray);

/// How many of `most` bytes from an address on may be written to, live blocks' among them: the
/// slot's last block is there, or the world has committed pages.
#define MISUSE_SCRIBBLED_BYTES ((size_t)8 * 1024)
size_t misuse_extent(const struct heap *heap, uint32_t slot, uintptr_t address, size_t most);

/// Writes one of four patterns to them, but for live blocks' bytes, and holds the heap against the
/// laws.
#define MISUSE_PATTERNS 4U
enum outcome misuse_scribble(struct heap *heap, uintptr_t address, size_t size_bytes,
                             unsigned which);

#endif
