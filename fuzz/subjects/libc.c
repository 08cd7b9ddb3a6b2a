// The C library's malloc behind IAtlMemMgr: a second, foreign allocator. It keeps this project's
// own habits out of the harness. Under AddressSanitizer it is the sanitizer's.
//
// The adapter adds the rules of the interface that C leaves open: a block of no bytes, Reallocate
// to 0, and GetSize. Where malloc is dear, the adapter has a limit of its own, too.

#include "subjects/foreign_heap.h"

#include <stdlib.h>

#include "world/asan.h"
#include "world/os.h"

static void *allocate(size_t size_bytes)
{
    if (foreign_heap_is_too_dear(size_bytes)) {
        return NULL;
    }
    return malloc(size_bytes == 0 ? 1 : size_bytes); // malloc(0) may be NULL in C.
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

static IAtlMemMgr *open_heap(size_t arena_bytes)
{
    (void)arena_bytes;
    return foreign_heap_open(SIZE_MAX, allocate, reallocate, free, os_malloc_bytes);
}

const struct subject subject_libc = {
    .name = "libc",
    .sentence = "the C library's malloc",
    .c_form = " MALLOC ",
    FOREIGN_HEAP_POLICIES,
    .policies.limit_bytes = MALLOC_MOST_BYTES,
    .policies.has_null_size = true,
    .policies.null_size_bytes = 0,
    .open = open_heap,
    .must_grant = foreign_heap_must_grant,
};
