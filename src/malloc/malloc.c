// The C malloc family over one heap of the process: libcomheap-malloc.so, for LD_PRELOAD. C++'s new
// and delete reach it through malloc. It owns the rules of C, POSIX and glibc for these functions.
// It does not know how a heap works.
//
//     program -> malloc, free, realloc, ... -> the heap of the process -> the engine
//                     `-> fast.h, inlined: my lane of it
//
// Where those rules leave a choice, it follows glibc:
//   - A block of 0 bytes has an address of its own. realloc to 0 frees, and returns NULL.
//   - No room, more than PTRDIFF_MAX bytes, and an overflowing product return NULL with ENOMEM. A
//     failed reallocation leaves the block as it was.
//   - posix_memalign takes a power of two that is a multiple of a pointer's size. On failure it
//     changes neither errno nor its result.
//   - free does not change errno.
//
// It differs from glibc in three points:
//   - memalign and aligned_alloc take a power of two only; otherwise they return NULL with EINVAL.
//   - malloc_usable_size is exact: the requested size, and 0 for any pointer that is not a block. A
//     block with a requested alignment is a multiple of that alignment long. Where pointers have 32
//     bits, a block of 9 to 64 bytes is a multiple of 16 long, aligned as glibc's is.
//   - Misuse prints the sentence of its fault and aborts: the heap's default handler.
//
// The first call makes the heap, and that call may be the dynamic loader's. Making it never calls
// malloc, so no thread can find its own heap half made. Nor can a fork: a process allocates before
// it has a second thread. The heap lives until the process ends, since exit handlers may still free
// blocks.
#define _GNU_SOURCE // For reallocarray, and the additions in malloc.h.

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/fast.h"
#include "engine/heap.h"
#include "engine/process.h"

#define SHOWN __attribute__((visibility("default")))
#define RARELY(condition) __builtin_expect((condition), 0)

#define SIZE_BYTES_MOST ((size_t)PTRDIFF_MAX)

// Functions that the headers here lack: newer and older C libraries have them.
SHOWN void free_sized(void *block, size_t size_bytes);
SHOWN void free_aligned_sized(void *block, size_t alignment_bytes, size_t size_bytes);
SHOWN void cfree(void *block);

// Keeps a function out of the fast paths, so that those save no registers for it.
#define RARE __attribute__((noinline, cold))

static inline struct ch_heap *the_heap(void)
{
    return atomic_load_explicit(&ch_process_heap, memory_order_acquire);
}

// Returns the heap, or NULL iff it does not exist and can't be made.
static inline struct ch_heap *get_heap(void)
{
    struct ch_heap *heap = the_heap();
    return RARELY(heap == &ch_process_none) ? ch_heap_of_process() : heap;
}

// A block with room for an object of 16 bytes must be aligned for it. Above eight granules every
// block is.
static inline size_t with_room_to_align(size_t size_bytes)
{
    const size_t step_bytes = _Alignof(max_align_t);
    if (step_bytes <= CH_GRANULE_BYTES || size_bytes <= CH_GRANULE_BYTES ||
        size_bytes > 8 * CH_GRANULE_BYTES) {
        return size_bytes;
    }
    return (size_bytes + step_bytes - 1) & ~(step_bytes - 1);
}

RARE static void *refuse(int error)
{
    errno = error;
    return NULL;
}

// Allocates what no lane holds, and in the first call. Refuses too many bytes.
RARE static void *take_late(size_t size_bytes)
{
    struct ch_heap *heap = get_heap();
    if (size_bytes > SIZE_BYTES_MOST || heap == NULL) {
        return refuse(ENOMEM);
    }
    void *block = ch_heap_alloc(heap, with_room_to_align(size_bytes));
    ch_process_find_lane(); // The call may have opened it.
    return block == NULL ? refuse(ENOMEM) : block;
}

static inline void *take(size_t size_bytes)
{
    void *block = ch_fast_take(ch_process_lane, with_room_to_align(size_bytes));
    return RARELY(block == NULL) ? take_late(size_bytes) : block;
}

// Frees what goes into no lane. Without a heap that exists or can be made, no block exists.
RARE static void give_late(void *block)
{
    struct ch_heap *heap = get_heap();
    if (heap != NULL) {
        ch_heap_free(heap, block);
        ch_process_find_lane();
    }
}

static inline void give(void *block)
{
    if (RARELY(!ch_fast_give(the_heap(), ch_process_lane, block))) {
        give_late(block);
    }
}

static inline void *resize(void *block, size_t size_bytes)
{
    if (block == NULL) {
        return take(size_bytes);
    }
    if (RARELY(size_bytes == 0)) {
        give(block);
        return NULL;
    }
    struct ch_heap *heap = get_heap();
    if (RARELY(size_bytes > SIZE_BYTES_MOST || heap == NULL)) {
        return refuse(ENOMEM);
    }
    void *resized = ch_heap_realloc(heap, block, with_room_to_align(size_bytes));
    return RARELY(resized == NULL) ? refuse(ENOMEM) : resized;
}

SHOWN void *malloc(size_t size_bytes)
{
    return take(size_bytes);
}

SHOWN void free(void *block)
{
    give(block);
}

SHOWN void *realloc(void *block, size_t size_bytes)
{
    return resize(block, size_bytes);
}

RARE static void *take_zeroed_late(size_t size_bytes)
{
    struct ch_heap *heap = get_heap();
    if (size_bytes > SIZE_BYTES_MOST || heap == NULL) {
        return refuse(ENOMEM);
    }
    void *block = ch_heap_alloc_zeroed(heap, with_room_to_align(size_bytes));
    ch_process_find_lane();
    return block == NULL ? refuse(ENOMEM) : block;
}

SHOWN void *calloc(size_t count, size_t each_bytes)
{
    size_t size_bytes;
    if (RARELY(__builtin_mul_overflow(count, each_bytes, &size_bytes))) {
        return refuse(ENOMEM);
    }
    void *block = ch_fast_take(ch_process_lane, with_room_to_align(size_bytes));
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

static bool is_power_of_two(size_t number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

// Returns the block, or NULL iff it can't be allocated. Leaves errno alone.
static void *take_aligned(size_t alignment_bytes, size_t size_bytes)
{
    struct ch_heap *heap = get_heap();
    if (size_bytes > SIZE_BYTES_MOST || alignment_bytes > SIZE_BYTES_MOST || heap == NULL) {
        return NULL;
    }
    return alignment_bytes <= CH_GRANULE_BYTES
               ? ch_heap_alloc(heap, with_room_to_align(size_bytes))
               : ch_heap_alloc_aligned(heap, size_bytes, alignment_bytes);
}

static void *take_aligned_or_say_why(size_t alignment_bytes, size_t size_bytes)
{
    if (!is_power_of_two(alignment_bytes)) {
        return refuse(EINVAL);
    }
    void *block = take_aligned(alignment_bytes, size_bytes);
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
    if (!is_power_of_two(alignment_bytes) || alignment_bytes < sizeof(void *)) {
        return EINVAL;
    }
    void *block = take_aligned(alignment_bytes, size_bytes);
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
    struct ch_heap *heap = get_heap();
    size_t size_bytes = block == NULL || heap == NULL ? 0 : ch_heap_size_bytes(heap, block);
    return size_bytes == SIZE_MAX ? 0 : size_bytes;
}

// Returns 1 iff pages went back to the kernel. Keeps none of keep_bytes.
SHOWN int malloc_trim(size_t keep_bytes)
{
    (void)keep_bytes;
    struct ch_heap *heap = get_heap();
    if (heap == NULL) {
        return 0;
    }
    size_t before_bytes = ch_heap_committed_bytes(heap);
    ch_heap_minimize(heap);
    return ch_heap_committed_bytes(heap) < before_bytes;
}

SHOWN void free_sized(void *block, size_t size_bytes)
{
    (void)size_bytes;
    give(block);
}

SHOWN void free_aligned_sized(void *block, size_t alignment_bytes, size_t size_bytes)
{
    (void)alignment_bytes, (void)size_bytes;
    give(block);
}

SHOWN void cfree(void *block)
{
    give(block);
}
