// The C malloc family over one heap of the process: libcomheap-malloc.so, for LD_PRELOAD. It owns
// the rules of C, POSIX and glibc for these functions. new.c has C++'s new and delete. This file
// does not know how a heap works.
//
//     program -> malloc, free, realloc, ... -> blocks.h, inlined: fast.h -> the engine
//
// Where those rules leave a choice, it follows glibc:
//   - A block of 0 bytes has an address of its own. realloc to 0 frees, and returns NULL.
//   - No room, more than PTRDIFF_MAX bytes, and an overflowing product return NULL with ENOMEM. A
//     failed reallocation leaves the block as it was.
//   - posix_memalign takes a power of two that is a multiple of a pointer's size. On failure it
//     changes neither errno nor its result.
//   - free does not change errno.
//
// It differs from glibc in four points:
//   - memalign and aligned_alloc take a power of two only; otherwise they return NULL with EINVAL.
//   - malloc_usable_size is exact: the requested size, and 0 for any pointer that is not a block. A
//     block with a requested alignment is a multiple of that alignment long. Where pointers have 32
//     bits, a block of 9 to 64 bytes is a multiple of 16 long, aligned as glibc's is.
//   - Misuse prints the sentence of its fault and aborts: the heap's default handler.
//   - free_sized and free_aligned_sized check what they are given. Another size or alignment than
//     the block's is misuse. Sizes that round up to one multiple of an alignment, or of 16 as
//     above, give blocks of one size: each of them is right for such a block.
#define _GNU_SOURCE // For reallocarray, and the additions in malloc.h.

#include "malloc/blocks.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Functions that the headers here lack: newer and older C libraries have them.
SHOWN void free_sized(void *block, size_t size_bytes);
SHOWN void free_aligned_sized(void *block, size_t alignment_bytes, size_t size_bytes);
SHOWN void cfree(void *block);

RARE static void *refuse(int error)
{
    errno = error;
    return NULL;
}

// Allocates what no thread cache holds. Refuses too many bytes.
static __attribute__((noinline)) void *take_late(size_t size_bytes)
{
    void *block = ch_blocks_take_late(size_bytes);
    return block == NULL ? refuse(ENOMEM) : block;
}

static inline void *take(size_t size_bytes)
{
    void *block = ch_blocks_take_fast(size_bytes);
    return RARELY(block == NULL) ? take_late(size_bytes) : block;
}

static inline void *resize(void *block, size_t size_bytes)
{
    if (block == NULL) {
        return take(size_bytes);
    }
    if (RARELY(size_bytes == 0)) {
        ch_blocks_give(block);
        return NULL;
    }
    struct ch_heap *heap = ch_blocks_get_heap();
    if (RARELY(size_bytes > SIZE_BYTES_MOST || heap == NULL)) {
        return refuse(ENOMEM);
    }
    void *resized = ch_heap_realloc(heap, block, ch_blocks_size_bytes(size_bytes));
    return RARELY(resized == NULL) ? refuse(ENOMEM) : resized;
}

SHOWN void *malloc(size_t size_bytes)
{
    return take(size_bytes);
}

SHOWN void free(void *block)
{
    ch_blocks_give(block);
}

SHOWN void *realloc(void *block, size_t size_bytes)
{
    return resize(block, size_bytes);
}

RARE static void *take_zeroed_late(size_t size_bytes)
{
    struct ch_heap *heap = ch_blocks_get_heap();
    if (size_bytes > SIZE_BYTES_MOST || heap == NULL) {
        return refuse(ENOMEM);
    }
    void *block = ch_heap_alloc_zeroed(heap, ch_blocks_size_bytes(size_bytes));
    ch_process_find_cache();
    return block == NULL ? refuse(ENOMEM) : block;
}

SHOWN void *calloc(size_t count, size_t each_bytes)
{
    size_t size_bytes;
    if (RARELY(__builtin_mul_overflow(count, each_bytes, &size_bytes))) {
        return refuse(ENOMEM);
    }
    void *block = ch_blocks_take_fast(size_bytes);
    return RARELY(block == NULL) ? take_zeroed_late(size_bytes) : memset(block, 0, size_bytes);
}

SHOWN void *reallocarray(void *block, size_t count, size_t each_bytes)
{
    size_t size_bytes;
    if (RARELY(__builtin_mul_overflow(count, each_bytes, &size_bytes))) {
        return refuse(ENOMEM);
    }
    return resize(block, size_bytes);
}

static void *take_aligned_or_say_why(size_t alignment_bytes, size_t size_bytes)
{
    if (!ch_blocks_is_power_of_two(alignment_bytes)) {
        return refuse(EINVAL);
    }
    void *block = ch_blocks_take_aligned(alignment_bytes, size_bytes);
    return block == NULL ? refuse(ENOMEM) : block;
}

SHOWN void *memalign(size_t alignment_bytes, size_t size_bytes)
{
    return take_aligned_or_say_why(alignment_bytes, size_bytes);
}

SHOWN void *aligned_alloc(size_t alignment_bytes, size_t size_bytes)
{
    return take_aligned_or_say_why(alignment_bytes, size_bytes);
}

SHOWN int posix_memalign(void **result, size_t alignment_bytes, size_t size_bytes)
{
    if (!ch_blocks_is_power_of_two(alignment_bytes) || alignment_bytes < sizeof(void *)) {
        return EINVAL;
    }
    void *block = ch_blocks_take_aligned(alignment_bytes, size_bytes);
    if (block == NULL) {
        return ENOMEM;
    }
    *result = block;
    return 0;
}

SHOWN void *valloc(size_t size_bytes)
{
    return take_aligned_or_say_why((size_t)sysconf(_SC_PAGESIZE), size_bytes);
}

// A size aligned to pages is a whole number of pages already.
SHOWN void *pvalloc(size_t size_bytes)
{
    return take_aligned_or_say_why((size_t)sysconf(_SC_PAGESIZE), size_bytes);
}

SHOWN size_t malloc_usable_size(void *block)
{
    struct ch_heap *heap = ch_blocks_get_heap();
    size_t size_bytes = block == NULL || heap == NULL ? 0 : ch_heap_size_bytes(heap, block);
    return size_bytes == SIZE_MAX ? 0 : size_bytes;
}

// Returns 1 iff pages went back to the kernel. Keeps none of keep_bytes.
SHOWN int malloc_trim(size_t keep_bytes)
{
    (void)keep_bytes;
    struct ch_heap *heap = ch_blocks_get_heap();
    if (heap == NULL) {
        return 0;
    }
    size_t before_bytes = ch_heap_committed_bytes(heap);
    ch_heap_minimize(heap);
    return ch_heap_committed_bytes(heap) < before_bytes;
}

SHOWN void free_sized(void *block, size_t size_bytes)
{
    ch_blocks_give_sized(block, size_bytes);
}

SHOWN void free_aligned_sized(void *block, size_t alignment_bytes, size_t size_bytes)
{
    ch_blocks_give_aligned_sized(block, alignment_bytes, size_bytes);
}

SHOWN void cfree(void *block)
{
    ch_blocks_give(block);
}
