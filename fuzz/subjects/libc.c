// The C library's malloc: a second, foreign allocator. It keeps this project's own habits out of
// the harness. Under AddressSanitizer it is the sanitizer's.
//
// The adapter adds the rules that C leaves open: a block of no bytes, and realloc to 0. Where
// malloc is dear, the adapter has a limit of its own, too.

#include "laws/subject.h"
#include "subjects/foreign_heap.h"

#include <stdlib.h>

#include "world/os.h"

static void *allocate(size_t size_bytes)
{
    if (foreign_heap_is_too_dear(size_bytes)) {
        return NULL;
    }
    return malloc(size_bytes == 0 ? 1 : size_bytes); // malloc(0) may be NULL in C.
}

static void *allocate_zeroed(size_t count, size_t size_bytes)
{
    bool fits = size_bytes == 0 || count <= SIZE_MAX / size_bytes;
    if (!fits || foreign_heap_is_too_dear(count * size_bytes)) {
        return NULL;
    }
    return count * size_bytes == 0 ? calloc(1, 1) : calloc(count, size_bytes);
}

static void *reallocate(void *block, size_t size_bytes)
{
    if (block == NULL) {
        return allocate(size_bytes);
    }
    if (size_bytes == 0) { // C leaves realloc to 0 open, and C23 makes it undefined.
        free(block);
        return NULL;
    }
    return foreign_heap_is_too_dear(size_bytes) ? NULL : realloc(block, size_bytes);
}

#ifndef _WIN32 // There, such a block needs a call of its own to free it.
static void *allocate_aligned(size_t alignment_bytes, size_t size_bytes)
{
    void *block = NULL;
    if (foreign_heap_is_too_dear(size_bytes) || size_bytes > PTRDIFF_MAX) {
        return NULL;
    }
    int error = posix_memalign(&block, alignment_bytes, size_bytes == 0 ? 1 : size_bytes);
    return error == 0 ? block : NULL;
}
#define ALIGNED allocate_aligned
#else
#define ALIGNED NULL
#endif

const struct subject_parts parts_libc = {.c_form = " MALLOC "};

const struct heapfuzz_port port_libc = {
    .sentence = "the C library's malloc",
    FOREIGN_HEAP_POLICIES,
    .policies.is_threadsafe = true,
    .policies.limit_bytes = MALLOC_MOST_BYTES,
    .policies.size = HEAPFUZZ_SIZE_IS_AT_LEAST,
    .policies.size_takes_null = HEAPFUZZ_YES,
    .policies.null_size_bytes = 0,
    .allocate = allocate,
    .free = free,
    .reallocate = reallocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = ALIGNED,
    .size = os_malloc_bytes,
    .promises = &(const struct heapfuzz_promises){.must_grant = foreign_heap_must_grant},
};
