// A heap that stacks its blocks in a range, and its port. The stack falls as soon as its last block
// is freed, down to the last live one.
//
// It owns the stack and counts of what lives. Blocks lie at any address, and so do their headers.
// It does not reuse the space of a freed block below a live one.
#include <heapfuzz/port.h>
#include <string.h>

#define DEAD SIZE_MAX
#define HEADER sizeof(struct header)

struct header {
    size_t size_bytes; // As requested; DEAD: the block is freed.
    size_t below;      // The offset of the block below, as in `last`.
};

static struct {
    unsigned char *range;
    size_t range_bytes;
    size_t last; // The offset of the highest block; 0: there is none.
    size_t live_blocks, live_bytes;
    size_t dead_blocks; // Freed ones that a live one still lies above.
} heap;

static struct header header_of(size_t offset)
{
    struct header header;
    memcpy(&header, heap.range + offset - HEADER, HEADER);
    return header;
}

static void set_header(size_t offset, size_t size_bytes, size_t below)
{
    struct header header = {size_bytes, below};
    memcpy(heap.range + offset - HEADER, &header, HEADER);
}

static size_t offset_of(const void *block)
{
    return (size_t)((const unsigned char *)block - heap.range);
}

static bool begin(void *range, size_t range_bytes)
{
    memset(&heap, 0, sizeof heap);
    heap.range = range;
    heap.range_bytes = range_bytes;
    return true;
}

static void *allocate_aligned(size_t alignment_bytes, size_t size_bytes)
{
    size_t top = heap.last == 0 ? 0 : heap.last + header_of(heap.last).size_bytes;
    size_t room = heap.range_bytes - top;
#if BUG == 18 // Alignment: the offset is aligned in place of the address.
    size_t gap = -(top + HEADER) % alignment_bytes;
#else
    size_t gap = -((uintptr_t)heap.range + top + HEADER) % alignment_bytes;
#endif
#if BUG == 16 // End of the range: the header is not counted.
    if (size_bytes == 0 || room < HEADER || room < gap || room - gap < size_bytes)
#else
    if (size_bytes == 0 || room < HEADER || room - HEADER < gap || room - HEADER - gap < size_bytes)
#endif
        return NULL;
    size_t offset = top + HEADER + gap;
    set_header(offset, size_bytes, heap.last);
    heap.last = offset;
    heap.live_blocks++;
    heap.live_bytes += size_bytes;
    return heap.range + offset;
}

static void *allocate(size_t size_bytes)
{
    return allocate_aligned(1, size_bytes);
}

static void *allocate_zeroed(size_t count, size_t size_bytes)
{
#if BUG != 17 // Rounding: the product wraps.
    if (count > 0 && size_bytes > SIZE_MAX / count)
        return NULL;
#endif
    void *block = allocate(count * size_bytes);
    return block == NULL ? NULL : memset(block, 0, count * size_bytes);
}

static size_t size(void *block)
{
    return header_of(offset_of(block)).size_bytes;
}

static void release(void *block)
{
    if (block == NULL)
        return;
    heap.live_blocks--;
    heap.live_bytes -= size(block);
    heap.dead_blocks++;
    set_header(offset_of(block), DEAD, header_of(offset_of(block)).below);
    size_t last = heap.last;
    while (heap.dead_blocks > 0 && header_of(last).size_bytes == DEAD) {
        heap.last = header_of(heap.last).below;
        heap.dead_blocks--;
#if BUG != 14 // Order of frees: the stack falls by the number of freed blocks, not to a live one.
        last = heap.last;
#endif
    }
}

// Changes the size of a block, where it lies.
static void *resize(void *block, size_t size_bytes)
{
#if BUG != 19 // Counts: a block that is resized in place is not counted again.
    heap.live_bytes += size_bytes - size(block);
#endif
    set_header(offset_of(block), size_bytes, header_of(offset_of(block)).below);
    return block;
}

static void *reallocate(void *block, size_t size_bytes)
{
    if (block == NULL)
        return allocate(size_bytes);
    if (size_bytes == 0) {
#if BUG != 15 // Reallocating to 0 bytes loses the block.
        release(block);
#endif
        return NULL;
    }
    if (size_bytes <= size(block))
        return resize(block, size_bytes);
#if BUG == 42 // Growing: the last block is taken back before it grows, and stays so if it can't.
    if (offset_of(block) == heap.last) {
        heap.live_blocks--;
        heap.live_bytes -= size(block);
        heap.last = header_of(heap.last).below;
        return allocate(size_bytes);
    }
#elif BUG == 43 // Growing: the last block is freed and allocated, and may not be where it was.
    if (offset_of(block) == heap.last) {
        if (size_bytes > heap.range_bytes - heap.last)
            return NULL;
        release(block);
        return allocate(size_bytes);
    }
#else
    if (offset_of(block) == heap.last) // Nowhere else is more room.
        return size_bytes <= heap.range_bytes - heap.last ? resize(block, size_bytes) : NULL;
#endif
    void *moved = allocate(size_bytes);
    if (moved != NULL) {
        memcpy(moved, block, size(block));
        release(block);
    }
    return moved;
}

static void count(struct heapfuzz_counts *counts)
{
    counts->live_blocks = heap.live_blocks;
    counts->live_bytes = heap.live_bytes;
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "region",
    .sentence = "a stack of blocks, which falls to the last live one",
    .policies = {.alignment_bytes = 1,
                 .limit_bytes = SIZE_MAX,
                 .zero = HEAPFUZZ_ZERO_IS_NULL,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_FREES,
                 .size = HEAPFUZZ_SIZE_IS_EXACT,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .size_takes_null = HEAPFUZZ_NO,
                 .stays_in_place = HEAPFUZZ_NO,
                 .capacity_returns = HEAPFUZZ_YES,
                 .addresses_repeat = HEAPFUZZ_YES,
                 .range_alignment_bytes = 1},
    .open = begin,
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = allocate_aligned,
    .size = size,
    .count = count,
};
