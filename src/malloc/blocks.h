// The blocks of the drop-in: taking and giving them on the heap of the process, and the size that
// each has. The functions of C and of C++ are thin over these.
//
// This file does not know errno, alignments that are no power of two, or exceptions.
#ifndef COMHEAP_MALLOC_BLOCKS_H
#define COMHEAP_MALLOC_BLOCKS_H

#include <comheap/heap.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHOWN __attribute__((visibility("default")))
#define RARELY(condition) __builtin_expect((condition), 0)

#define SIZE_BYTES_MOST ((size_t)PTRDIFF_MAX)

extern _Atomic(struct ch_heap *) ch_blocks_heap; ///< NULL: not made yet.

/// Does the work of ch_blocks_get_heap when the heap does not exist yet.
struct ch_heap *ch_blocks_make_heap(void);

/// Allocates in the first call, and refuses too many bytes.
void *ch_blocks_take_rarely(size_t size_bytes);

/// Returns the heap, or NULL iff it does not exist and can't be made.
static inline struct ch_heap *ch_blocks_get_heap(void)
{
    struct ch_heap *heap = atomic_load_explicit(&ch_blocks_heap, memory_order_acquire);
    return RARELY(heap == NULL) ? ch_blocks_make_heap() : heap;
}

/// Returns the size of a block that was requested with that size. A block with room for an object
/// of 16 bytes must be aligned for it. Above eight granules every block is.
static inline size_t ch_blocks_size_bytes(size_t size_bytes)
{
    const size_t step_bytes = _Alignof(max_align_t);
    if (step_bytes <= CH_GRANULE_BYTES || size_bytes <= CH_GRANULE_BYTES ||
        size_bytes > 8 * CH_GRANULE_BYTES) {
        return size_bytes;
    }
    return (size_bytes + step_bytes - 1) & ~(step_bytes - 1);
}

static inline bool ch_blocks_is_power_of_two(size_t number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

/// Returns a block, or NULL iff it can't be allocated.
static inline void *ch_blocks_take(size_t size_bytes)
{
    struct ch_heap *heap = atomic_load_explicit(&ch_blocks_heap, memory_order_acquire);
    if (RARELY(heap == NULL || size_bytes > SIZE_BYTES_MOST)) {
        return ch_blocks_take_rarely(size_bytes);
    }
    return ch_heap_alloc(heap, ch_blocks_size_bytes(size_bytes));
}

/// Returns a block that starts at a multiple of a power of two, or NULL iff it can't be allocated.
void *ch_blocks_take_aligned(size_t alignment_bytes, size_t size_bytes);

/// Ends a block, or raises its fault. Without a heap that exists or can be made, no block exists.
static inline void ch_blocks_give(void *block)
{
    struct ch_heap *heap = ch_blocks_get_heap();
    if (!RARELY(heap == NULL)) {
        ch_heap_free(heap, block);
    }
}

/// Ends the process with a sentence: the block is live, and its size is another. For a block that
/// is not live, raises that fault.
void ch_blocks_give_wrong(void *block, size_t size_bytes);

/// Ends a block as ch_blocks_give does. Its caller claims the size that it was requested with. The
/// process ends with a sentence iff a live block has another size than such a request gives it.
static inline void ch_blocks_give_sized(void *block, size_t size_bytes)
{
    struct ch_heap *heap = ch_blocks_get_heap();
    if (RARELY(block == NULL || heap == NULL)) {
        return;
    }
    if (RARELY(ch_heap_size_bytes(heap, block) != ch_blocks_size_bytes(size_bytes))) {
        ch_blocks_give_wrong(block, size_bytes);
        return;
    }
    ch_heap_free(heap, block);
}

/// Ends a block of ch_blocks_take_aligned in the same way. The process also ends iff the alignment
/// is no power of two, or the block starts at no multiple of it.
void ch_blocks_give_aligned_sized(void *block, size_t alignment_bytes, size_t size_bytes);

#endif
