// A first-fit heap of exact holes in a range, and its port. Blocks and holes follow each other
// without a gap, in the order of their addresses:
//
//     | header | block | header | hole   | header | block | ...
//
// It owns the headers, and nothing beside them. A hole is joined with those behind it when it is
// looked at. It promises all that a heap without size classes can: room, slack, headers.
#include <heapfuzz/port.h>
#include <string.h>

#define UNIT ((size_t)16)

struct header {
    size_t bytes;      // With the header.
    size_t size_bytes; // Of the caller; HOLE: it is free.
};

#define HOLE SIZE_MAX
#define HEADER sizeof(struct header)

static unsigned char *heap_start, *heap_end;

static struct header *next_of(struct header *at)
{
    return (struct header *)((unsigned char *)at + at->bytes);
}

static bool begin(void *range, size_t range_bytes)
{
    heap_start = range;
    heap_end = heap_start + range_bytes / UNIT * UNIT;
    *(struct header *)heap_start = (struct header){range_bytes / UNIT * UNIT, HOLE};
    return true;
}

static size_t rounded(size_t size_bytes)
{
#if BUG == 36 // Rounding: a size below the least one becomes a page.
    if (size_bytes > 0 && size_bytes < UNIT / 2)
        return 4096;
#endif
    return (size_bytes + UNIT - 1) / UNIT * UNIT;
}

// Joins a hole with those behind it.
static void join(struct header *hole)
{
    for (struct header *next = next_of(hole);
         (unsigned char *)next < heap_end && next->size_bytes == HOLE; next = next_of(hole))
        hole->bytes += next->bytes;
}

// Leaves a block of bytes, and makes a hole of the rest.
static void cut(struct header *at, size_t bytes)
{
    size_t rest = at->bytes - bytes;
#if BUG ==                                                                                         \
    31 // Split: a short rest stays with the block, and nobody has it until the block is freed.
    if (rest > 0 && rest < 1024)
        return;
#endif
    if (rest > 0) {
        at->bytes = bytes;
        *next_of(at) = (struct header){rest, HOLE};
    }
}

// Returns how far behind a hole's start a block has to start, so that its address is aligned.
static size_t gap_of(const struct header *hole, size_t alignment_bytes)
{
    return -((uintptr_t)hole + HEADER) % alignment_bytes;
}

static void *allocate_aligned(size_t alignment_bytes, size_t size_bytes)
{
    size_t bytes = rounded(size_bytes) + HEADER;
    if (bytes < size_bytes) // It wraps.
        return NULL;
    alignment_bytes = alignment_bytes < UNIT ? UNIT : alignment_bytes;
    for (struct header *at = (struct header *)heap_start; (unsigned char *)at < heap_end;
         at = next_of(at)) {
        if (at->size_bytes != HOLE)
            continue;
        join(at);
        size_t gap = gap_of(at, alignment_bytes);
        if (at->bytes < gap || at->bytes - gap < bytes)
            continue;
        if (gap > 0) {
            size_t rest = at->bytes - gap;
            at->bytes = gap;
            at = next_of(at);
            at->bytes = rest;
        }
#if BUG == 34 // Alignment: the end is computed from the start of the hole.
        if (bytes > gap + HEADER)
            bytes -= gap;
#endif
        cut(at, bytes);
        at->size_bytes = rounded(size_bytes);
        return at + 1;
    }
    return NULL;
}

static void *allocate(size_t size_bytes)
{
    return allocate_aligned(UNIT, size_bytes);
}

static void *allocate_zeroed(size_t count, size_t size_bytes)
{
#if BUG != 37 // Rounding: the product wraps.
    if (count > 0 && size_bytes > SIZE_MAX / count)
        return NULL;
#endif
    void *block = allocate(count * size_bytes);
    return block == NULL ? NULL : memset(block, 0, count * size_bytes);
}

static size_t size(void *block)
{
    struct header *at = (struct header *)block - 1;
#if BUG == 32 // Size: the header counts as the caller's.
    return at->size_bytes + HEADER;
#else
    return at->size_bytes;
#endif
}

static void release(void *block)
{
    if (block != NULL)
        ((struct header *)block - 1)->size_bytes = HOLE;
}

// Resizes a block where it is, if the holes behind it have room for that.
static bool resize(struct header *at, size_t size_bytes)
{
    size_t bytes = rounded(size_bytes) + HEADER;
    size_t has_bytes = at->bytes;
    struct header *next = next_of(at);
    while ((unsigned char *)next < heap_end && next->size_bytes == HOLE && has_bytes < bytes) {
        has_bytes += next->bytes;
        next = next_of(next);
    }
    if (bytes < size_bytes || has_bytes < bytes)
        return false;
    at->bytes = has_bytes;
    cut(at, bytes);
    at->size_bytes = rounded(size_bytes);
    return true;
}

static void *reallocate_aligned(void *block, size_t alignment_bytes, size_t size_bytes)
{
    if (block == NULL)
        return allocate_aligned(alignment_bytes, size_bytes);
    struct header *at = (struct header *)block - 1;
    size_t old_bytes = at->size_bytes;
    if ((uintptr_t)block % alignment_bytes == 0 && resize(at, size_bytes))
        return block;
    void *moved = allocate_aligned(alignment_bytes, size_bytes);
    if (moved != NULL) {
#if BUG == 33 // Copying: the header of the next block is taken along.
        if (size_bytes >= old_bytes + HEADER)
            old_bytes += HEADER;
#endif
        memcpy(moved, block, old_bytes < size_bytes ? old_bytes : size_bytes);
        release(block);
    }
    return moved;
}

static void *reallocate(void *block, size_t size_bytes)
{
    return reallocate_aligned(block, UNIT, size_bytes);
}

static size_t most_taken(const struct heapfuzz_block *block)
{
    size_t gap = block->alignment_bytes > UNIT ? block->alignment_bytes - UNIT : 0;
    return HEADER + (block->size_bytes + UNIT - 1) / UNIT * UNIT + gap;
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "holes",
    .sentence = "first fit, every hole is used",
    .policies = {.alignment_bytes = UNIT,
                 .limit_bytes = SIZE_MAX,
                 .zero = HEAPFUZZ_ZERO_IS_BLOCK,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_SHRINKS,
                 .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
                 .size_is_usable = HEAPFUZZ_YES,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .size_takes_null = HEAPFUZZ_NO,
                 .stays_in_place = HEAPFUZZ_NO,
                 .capacity_returns = HEAPFUZZ_YES,
                 .addresses_repeat = HEAPFUZZ_YES},
    .open = begin,
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = allocate_aligned,
    .reallocate_aligned = reallocate_aligned,
    .size = size,
    .promises = &(const struct heapfuzz_promises){.most_taken = most_taken,
                                                  .fills_holes = true,
                                                  .header_bytes = HEADER},
};
