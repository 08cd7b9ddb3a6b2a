// A heap in one range. A header lies in front of each block, and blocks lie side by side.
//
// It owns the order of the blocks. It does not own the range, and keeps no list of free blocks.
#include "first_fit.h"
#include <stdint.h>
#include <string.h>

struct header {
    size_t bytes;        // Of the block and its header. The lowest bit is set while it is in use.
    size_t bytes_before; // Of the block in front of it; 0: it is the first.
};

#define HEADER sizeof(struct header) // Two pointers, which all sizes are multiples of.
#define IN_USE ((size_t)1)

static struct header *first;
static unsigned char *end;

static size_t bytes_of(const struct header *block)
{
    return block->bytes & ~IN_USE;
}

// Returns the block behind a block, or NULL.
static struct header *after(struct header *block)
{
    unsigned char *next = (unsigned char *)block + bytes_of(block);
    return next < end ? (void *)next : NULL;
}

static struct header *free_after(struct header *block)
{
    struct header *next = after(block);
    return next != NULL && !(next->bytes & IN_USE) ? next : NULL;
}

// Adds the free block behind a block, if there is one. The block behind both learns their size.
static void join(struct header *block)
{
    struct header *next = free_after(block);
    block->bytes += next != NULL ? next->bytes : 0;
    next = after(block);
    if (next != NULL)
        next->bytes_before = bytes_of(block);
}

// Makes a block smaller. The rest becomes a free block.
static void cut(struct header *block, size_t bytes)
{
    size_t rest_bytes = bytes_of(block) - bytes;
    if (rest_bytes == 0)
        return;
    block->bytes -= rest_bytes;
    struct header *rest = after(block);
    rest->bytes = rest_bytes;
    rest->bytes_before = bytes;
    join(rest);
}

// Returns the bytes of a block for a request, with its header. SIZE_MAX: no heap has them.
static size_t needed(size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2)
        return SIZE_MAX;
    return HEADER + (size_bytes == 0 ? HEADER : (size_bytes + HEADER - 1) / HEADER * HEADER);
}

bool first_fit_begin(void *range, size_t range_bytes)
{
    range_bytes -= range_bytes % HEADER;
    if (range_bytes < needed(0))
        return false;
    first = range;
    end = (unsigned char *)range + range_bytes;
    *first = (struct header){.bytes = range_bytes};
    return true;
}

void *first_fit_allocate(size_t size_bytes)
{
    size_t bytes = needed(size_bytes);
    struct header *block = first;
    while (block != NULL && (block->bytes & IN_USE || block->bytes < bytes))
        block = after(block);
    if (block == NULL)
        return NULL;
    cut(block, bytes);
    block->bytes |= IN_USE;
    return block + 1;
}

void first_fit_free(void *block)
{
    if (block == NULL)
        return;
    struct header *freed = (struct header *)block - 1;
    freed->bytes &= ~IN_USE;
    join(freed);
    if (freed->bytes_before > 0) {
        struct header *before = (void *)((unsigned char *)freed - freed->bytes_before);
        if (!(before->bytes & IN_USE))
            join(before);
    }
}

void *first_fit_reallocate(void *block, size_t size_bytes)
{
    if (block == NULL)
        return first_fit_allocate(size_bytes);
    struct header *old = (struct header *)block - 1;
    struct header *next = free_after(old);
    size_t bytes = needed(size_bytes);
    if (bytes <= bytes_of(old) + (next != NULL ? next->bytes : 0)) {
        join(old);
        cut(old, bytes);
        return block;
    }
    void *moved = first_fit_allocate(size_bytes);
    if (moved != NULL) {
        memcpy(moved, block, first_fit_size(block));
        first_fit_free(block);
    }
    return moved;
}

size_t first_fit_size(void *block)
{
    return bytes_of((struct header *)block - 1) - HEADER;
}
