// The C malloc family over one heap of the process: libcomheap-malloc.so, for LD_PRELOAD. C++'s new
// and delete come here by way of it. It knows what C, POSIX and glibc say of these functions, and
// nothing of how a heap works.
//
// What they leave open is answered as glibc does:
//   - A block of 0 bytes has an address of its own. realloc to 0 frees, and answers NULL.
//   - No room, more than PTRDIFF_MAX bytes, and a product that overflows are NULL with ENOMEM; a
//     block that could not be reallocated is what it was.
//   - posix_memalign wants a power of two that is a multiple of a pointer's size, and changes
//     neither errno nor its result when it fails. free changes no errno, either.
// Except for these:
//   - memalign and aligned_alloc want a power of two: NULL with EINVAL.
//   - malloc_usable_size is exact: what was asked for, and no byte more; 0 of what is no block. A
//     block that was asked to be aligned is a multiple of its alignment long; and where pointers
//     have 32 bits one of 9 to 64 bytes a multiple of 16, to be aligned as glibc's are.
//   - Misuse prints the sentence of its fault and aborts: the heap's own handler.
//
// The heap is made by whichever call comes first, which may be the dynamic loader's. Making it
// allocates nothing by malloc, so no call can find it in the making on its own thread; nor can a
// fork, for a process has its second thread by allocating. It stays until the process ends: what
// runs at exit may still free blocks.
#define _GNU_SOURCE // For reallocarray, and for what malloc.h declares beside C's own.

#include <comheap/heap.h>

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))
#define RARELY(condition) __builtin_expect((condition), 0)

#define SIZE_BYTES_MOST ((size_t)PTRDIFF_MAX)

// Of newer C libraries and of older ones than the headers here are of.
SHOWN void free_sized(void *block, size_t size_bytes);
SHOWN void free_aligned_sized(void *block, size_t alignment_bytes, size_t size_bytes);
SHOWN void cfree(void *block);

static _Atomic(struct ch_heap *) the_heap; // NULL: not made yet.

__attribute__((noinline, cold)) static struct ch_heap *make_heap(void)
{
    struct ch_heap *heap = ch_heap_of_process();
    atomic_store_explicit(&the_heap, heap, memory_order_release);
    return heap;
}

// NULL iff there is none yet and none can be made.
static inline struct ch_heap *get_heap(void)
{
    struct ch_heap *heap = atomic_load_explicit(&the_heap, memory_order_acquire);
    return RARELY(heap == NULL) ? make_heap() : heap;
}

// What has room for an object of 16 bytes must be aligned for it. Above eight granules it is.
static inline size_t with_room_to_align(size_t size_bytes)
{
    const size_t step_bytes = _Alignof(max_align_t);
    if (step_bytes <= CH_GRANULE_BYTES || size_bytes <= CH_GRANULE_BYTES ||
        size_bytes > 8 * CH_GRANULE_BYTES) {
        return size_bytes;
    }
    return (size_bytes + step_bytes - 1) & ~(step_bytes - 1);
}

__attribute__((noinline, cold)) static void *refuse(int error)
{
    errno = error;
    return NULL;
}

// The first call, or one for too many bytes.
__attribute__((noinline, cold)) static void *take_rarely(size_t size_bytes)
{
    struct ch_heap *heap = get_heap();
    if (size_bytes > SIZE_BYTES_MOST || heap == NULL) {
        return refuse(ENOMEM);
    }
    void *block = ch_heap_alloc(heap, with_room_to_align(size_bytes));
    return block == NULL ? refuse(ENOMEM) : block;
}

static inline void *take(size_t size_bytes)
{
    struct ch_heap *heap = atomic_load_explicit(&the_heap, memory_order_acquire);
    if (RARELY(heap == NULL || size_bytes > SIZE_BYTES_MOST)) {
        return take_rarely(size_bytes);
    }
    void *block = ch_heap_alloc(heap, with_room_to_align(size_bytes));
    return RARELY(block == NULL) ? refuse(ENOMEM) : block;
}

// Where there is no heap and none can be made, nobody has a block.
static inline void give(void *block)
{
    struct ch_heap *heap = get_heap();
    if (!RARELY(heap == NULL)) {
        ch_heap_free(heap, block);
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

SHOWN void *calloc(size_t count, size_t each_bytes)
{
    size_t size_bytes;
    if (RARELY(__builtin_mul_overflow(count, each_bytes, &size_bytes))) {
        return refuse(ENOMEM);
    }
    struct ch_heap *heap = get_heap();
    if (RARELY(size_bytes > SIZE_BYTES_MOST || heap == NULL)) {
        return refuse(ENOMEM);
    }
    void *block = ch_heap_alloc_zeroed(heap, with_room_to_align(size_bytes));
    return RARELY(block == NULL) ? refuse(ENOMEM) : block;
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

// NULL where there is no such block; says nothing through errno.
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

// What is aligned to pages is whole pages already.
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

// Returns 1 iff pages went back to the kernel. It keeps none, whatever it is asked to keep.
SHOWN int malloc_trim(size_t keep_bytes)
{
    (void)keep_bytes;
    struct ch_heap *heap = get_heap();
    if (heap == NULL) {
        return 0;
    }
    size_t before_bytes = ch_heap_stats(heap).committed_bytes;
    ch_heap_minimize(heap);
    return ch_heap_stats(heap).committed_bytes < before_bytes;
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
