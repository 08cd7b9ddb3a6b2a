// The C library's malloc behind IAtlMemMgr: a second, foreign allocator, so that the harness does
// not come to believe in this project's own habits. Under AddressSanitizer it is the sanitizer's.
//
// The adapter adds what the interface asks for and C leaves open: a limit, Reallocate to 0, and
// GetSize.

#include "harness/subject.h"

#include <stdlib.h>

#include "harness/os.h"

// Keeps the cost of one call within bounds: the sanitizer poisons a freed block from end to end.
#define LIMIT_BYTES ((size_t)1024 * 1024)

// What the process can certainly hold beside everything else.
#define CERTAIN_BYTES ((size_t)64 * 1024 * 1024)

static void *allocate(IAtlMemMgr *This, size_t size_bytes)
{
    (void)This;
    // malloc(0) may be NULL in C; here it must be a block.
    return size_bytes > LIMIT_BYTES ? NULL : malloc(size_bytes == 0 ? 1 : size_bytes);
}

static void free_block(IAtlMemMgr *This, void *block)
{
    (void)This;
    free(block);
}

static void *reallocate(IAtlMemMgr *This, void *block, size_t size_bytes)
{
    if (block == NULL) {
        return allocate(This, size_bytes);
    }
    if (size_bytes == 0) { // C leaves realloc to 0 open, and 2023 makes it undefined.
        free(block);
        return NULL;
    }
    return size_bytes > LIMIT_BYTES ? NULL : realloc(block, size_bytes);
}

static size_t get_size(IAtlMemMgr *This, void *block)
{
    (void)This;
    return os_malloc_bytes(block);
}

static const IAtlMemMgrVtbl methods = {
    .Allocate = allocate,
    .Free = free_block,
    .Reallocate = reallocate,
    .GetSize = get_size,
};

static IAtlMemMgr manager = {&methods};

static IAtlMemMgr *open_heap(size_t arena_bytes)
{
    (void)arena_bytes;
    return &manager;
}

static void close_heap(void)
{
}

static bool must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks)
{
    (void)arena_bytes, (void)since_empty_blocks;
    return since_empty_bytes <= CERTAIN_BYTES;
}

const struct subject subject_libc = {
    .name = "libc",
    .sentence = "the C library's malloc, in blocks of up to 1 MiB",
    .policies =
        {
            .limit_bytes = LIMIT_BYTES,
            .alignment_bytes = 2 * sizeof(void *),
            .has_null_size = true,
            .null_size_bytes = 0,
            .ignores_world = true,
        },
    .open = open_heap,
    .close = close_heap,
    .must_grant = must_grant,
};
