// The C library's malloc behind IAtlMemMgr: a second, foreign allocator, so that the harness does
// not come to believe in this project's own habits. Under AddressSanitizer it is the sanitizer's.
//
// The adapter adds what the interface asks for and C leaves open: a block of no bytes, Reallocate
// to 0, and GetSize. Where malloc is dear, it is a limit of its own, too.

#include "subjects/foreign_heap.h"

#include <stdlib.h>

#include "world/asan.h"
#include "world/os.h"

// AddressSanitizer writes a line about each size that it refuses.
static bool is_too_dear(size_t size_bytes)
{
#ifdef HAS_ASAN
    return size_bytes > MALLOC_MOST_BYTES;
#else
    return size_bytes > MALLOC_MOST_BYTES && size_bytes <= PTRDIFF_MAX;
#endif
}

static void *allocate(size_t size_bytes)
{
    if (is_too_dear(size_bytes)) {
        return NULL;
    }
    return malloc(size_bytes == 0 ? 1 : size_bytes); // malloc(0) may be NULL in C.
}

static void *reallocate(void *block, size_t size_bytes)
{
    if (block == NULL) {
        return allocate(size_bytes);
    }
    if (size_bytes == 0) { // C leaves realloc to 0 open, and 2023 makes it undefined.
        free(block);
        return NULL;
    }
    return is_too_dear(size_bytes) ? NULL : realloc(block, size_bytes);
}

static IAtlMemMgr *open_heap(size_t arena_bytes)
{
    (void)arena_bytes;
    return foreign_heap_open(&(struct foreign_calls){
        .alloc = allocate,
        .realloc = reallocate,
        .free = free,
        .size_bytes = os_malloc_bytes,
    });
}

const struct subject subject_libc = {
    .name = "libc",
    .sentence = "the C library's malloc",
    .policies =
        {
            .limit_bytes = MALLOC_MOST_BYTES,
            .alignment_bytes = 2 * sizeof(void *),
            .has_null_size = true,
            .null_size_bytes = 0,
            .ignores_world = true,
        },
    .open = open_heap,
    .close = foreign_heap_close,
    .must_grant = foreign_heap_must_grant,
};
