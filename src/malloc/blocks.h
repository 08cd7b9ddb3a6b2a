// The blocks of the drop-in: taking and giving them on the heap of the process, and the size that
// each has. The functions of C and of C++ are thin over these.
//
// This file does not know errno, alignments that are no power of two, or exceptions.
#ifndef COMHEAP_MALLOC_BLOCKS_H
#define COMHEAP_MALLOC_BLOCKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/fast.h"
#include "engine/heap.h"
#include "engine/process.h"

#define SHOWN __attribute__((visibility("default")))
#define RARELY(condition) __builtin_expect((condition), 0)

// Inlines a fast path wherever it is used: the linker's optimizer may think otherwise.
#define FAST __attribute__((always_inline)) static inline

// Keeps a function out of the fast paths, so that those save no registers for it.
#define RARE __attribute__((noinline, cold))

#define SIZE_BYTES_MOST ((size_t)PTRDIFF_MAX)

static inline struct ch_heap *ch_blocks_heap(void)
{
    return atomic_load_explicit(&ch_process_heap, memory_order_acquire);
}

/// Returns the heap, or NULL iff it does not exist and can't be made.
static inline struct ch_heap *ch_blocks_get_heap(void)
{
    struct ch_heap *heap = ch_blocks_heap();
    return RARELY(heap == &ch_process_none) ? ch_heap_of_process() : heap;
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

/// Return a block: one that waits for the thread, or NULL; any, or NULL iff it can't be allocated.
FAST void *ch_blocks_take_fast(size_t size_bytes)
{
    return ch_fast_take(ch_process_cache, ch_blocks_size_bytes(size_bytes));
}
void *ch_blocks_take_late(size_t size_bytes);

static inline void *ch_blocks_take(size_t size_bytes)
{
    void *block = ch_blocks_take_fast(size_bytes);
    return RARELY(block == NULL) ? ch_blocks_take_late(size_bytes) : block;
}

/// Returns a block that starts at a multiple of a power of two, or NULL iff it can't be allocated.
void *ch_blocks_take_aligned(size_t alignment_bytes, size_t size_bytes);

/// Ends a block, or raises its fault. Without a heap that exists or can be made, no block exists.
void ch_blocks_give_late(void *block);

FAST void ch_blocks_give(void *block)
{
    if (RARELY(!ch_fast_give(ch_blocks_heap(), ch_process_cache, block))) {
        ch_blocks_give_late(block);
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
    ch_blocks_give(block);
}

/// Ends a block of ch_blocks_take_aligned in the same way. The process also ends iff the alignment
/// is no power of two, or the block starts at no multiple of it.
void ch_blocks_give_aligned_sized(void *block, size_t alignment_bytes, size_t size_bytes);

#endif
