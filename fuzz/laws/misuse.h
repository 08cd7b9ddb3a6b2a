// Misuse: calls and writes that are forbidden to a caller. Pointers that are no live block go to
// every entry point of the heap, and garbage is written outside live blocks. The expected result
// follows from the model alone: one fault, which depends on the address, and nothing else.
//
// Nothing is misused where the plan does not say so, or the subject does not promise to survive
// that. Then these ops make a query instead.
#ifndef LAWS_MISUSE_H
#define LAWS_MISUSE_H

#include "laws/counters.h"
#include "laws/heap.h"

/// Returns the address of an op. For bad_address it is size_bytes itself. For scribble it is the
/// end of the slot's live block, or the start of its last one. For the others it is size_bytes past
/// the start of the slot's live or last block. Without such a block the arena's start replaces it.
uintptr_t misuse_address(struct op op, uint32_t slot, size_t size_bytes);

/// Returns the kind of stray that an address is. HEAPFUZZ_STRAYS: none, as it is NULL or a live
/// block's start, or its kind is not known.
enum heapfuzz_stray misuse_find(const struct heap *heap, uintptr_t address);

/// Returns a kind of stray as text.
const char *misuse_name(enum heapfuzz_stray stray);

/// Returns the effect that the heap promises of the misuse of a stray pointer.
enum heapfuzz_effect misuse_effect(const struct heap *heap, enum heapfuzz_misuse misuse,
                                   uintptr_t address, enum heapfuzz_stray stray);

/// Returns whether the heap promises an effect of an op's misuse of a stray pointer.
bool misuse_is_promised(const struct heap *heap, struct op op, uintptr_t address,
                        enum heapfuzz_stray stray);

/// Misuses a stray pointer as an op says, as far as the heap promises an effect, and checks the
/// result against the laws.
enum outcome misuse_pointer(struct heap *heap, struct op op, uintptr_t address,
                            enum heapfuzz_stray stray);

/// Returns how many of `most` bytes from an address on can be written, those of live blocks
/// included. A byte can be written where the slot's last block was. If the heap survives all
/// writes, it can be written in its range, too, or where the world has committed pages.
#define MISUSE_SCRIBBLED_BYTES ((size_t)8 * 1024)
size_t misuse_extent(const struct heap *heap, uint32_t slot, uintptr_t address, size_t most);

/// Writes a pattern of eight bytes to an extent, except to the bytes of live blocks.
void misuse_write(uintptr_t address, size_t size_bytes, uint64_t pattern);

/// Writes one of four patterns in this way. Then checks the heap against the laws.
#define MISUSE_PATTERNS 4U
enum outcome misuse_scribble(struct heap *heap, uintptr_t address, size_t size_bytes,
                             unsigned which);

#endif
