// A held block, and the claims that hold as long as it is held: its exact size, its alignment, its
// bytes, and that the heap calls it a block.
#ifndef TESTS_THREADS_HELD_H
#define TESTS_THREADS_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <comheap/heap.h>

struct held {
    unsigned char *block; ///< NULL: nothing is held, and the rest means nothing.
    size_t size_bytes;
    uint64_t serial; ///< The block's bytes follow from it.
};

/// Allocates a block and fills it. Returns false, and holds nothing, iff the heap refuses.
bool held_allocate(struct ch_heap *heap, struct held *held, size_t size_bytes, uint64_t serial);

/// Claims all of these facts.
void held_look(struct ch_heap *heap, const struct held *held);

/// Claims the same, reallocates the block, and claims that its bytes moved with it. Returns false
/// iff the heap refuses; then it claims that nothing has changed.
bool held_resize(struct ch_heap *heap, struct held *held, size_t size_bytes, uint64_t serial);

/// Claims the same, and frees the block; then nothing is held.
void held_free(struct ch_heap *heap, struct held *held);

/// Claims that no two of these overlap or share an address, and that the heap has no other live
/// block. Sorts them. No thread may be inside a call.
void held_claim_all(struct ch_heap *heap, struct held *held, size_t count);

/// Claims that the heap's invariants hold. No thread may be inside a call. With the thread caches
/// of sixty threads this takes a fifth of a second, and many times that under ThreadSanitizer.
void held_claim_invariants(struct ch_heap *heap);

/// Returns a plausible request size. Half are below half a KiB, and a quarter at the edge of a
/// class. One in sixteen is large, up to this many bytes.
size_t held_any_size(uint64_t *random, size_t most_bytes);

/// Returns the largest block that the heap grants now, in bytes, exactly.
size_t held_largest(struct ch_heap *heap);

#endif
