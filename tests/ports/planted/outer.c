// A heap that grows upward through a range of zeros, and its port. An aligned block lies inside an
// outer one; a word in front of each block leads back to the outer start:
//
//     | header | outer start ... | outer start | aligned block |
//
// It owns the headers. Freeing the last block takes it back; the others wait until none is live.
#include <heapfuzz/port.h>
#include <string.h>

#define WORD sizeof(size_t)

struct header {
    size_t size_bytes; // Of the block, as requested,
    size_t outer;      // and where the block before it ends: there its own space starts.
};

#define HEADER sizeof(struct header)

static unsigned char *heap;
static size_t heap_bytes, top, highest, live_blocks;

static bool begin(void *range, size_t range_bytes)
{
    heap = range;
    heap_bytes = range_bytes;
    top = highest = live_blocks = 0;
    return true;
}

static struct header *header_of(void *block)
{
    return (struct header *)block - 1;
}

// The first address at which an aligned block fits into the space from the top on.
static size_t start_for(size_t alignment_bytes)
{
    size_t first = (uintptr_t)heap + top + HEADER;
    size_t aligned = (first + alignment_bytes - 1) / alignment_bytes * alignment_bytes;
    return aligned - (uintptr_t)heap;
}

static void *allocate_aligned(size_t alignment_bytes, size_t size_bytes)
{
    size_t start = start_for(alignment_bytes < HEADER ? HEADER : alignment_bytes);
    if (size_bytes == 0 || start > heap_bytes || size_bytes > heap_bytes - start)
        return NULL;
    unsigned char *block = heap + start;
    *header_of(block) = (struct header){size_bytes, top};
#if BUG == 35 // Alignment: the end is computed from the outer start.
    top = (top + HEADER + size_bytes + WORD - 1) / WORD * WORD;
#else
    top = (start + size_bytes + WORD - 1) / WORD * WORD;
#endif
    top = top < heap_bytes ? top : heap_bytes;
    highest = highest < top ? top : highest;
    live_blocks++;
    return block;
}

static void *allocate(size_t size_bytes)
{
    return allocate_aligned(HEADER, size_bytes);
}

// Memory above the highest top so far is as it came, so it holds zeros.
static void *allocate_zeroed(size_t count, size_t size_bytes)
{
    if (count > 0 && size_bytes > SIZE_MAX / count)
        return NULL;
    size_t used = highest;
    unsigned char *block = allocate(count * size_bytes);
#if BUG == 39 // Zeros: only memory that is new holds them.
    (void)used;
#else
    if (block != NULL && (size_t)(block - heap) < used)
        memset(block, 0, count * size_bytes);
#endif
    return block;
}

static size_t size(void *block)
{
    return header_of(block)->size_bytes;
}

static bool is_last(void *block)
{
    size_t end = (size_t)((unsigned char *)block - heap) + size(block);
    end = (end + WORD - 1) / WORD * WORD;
    return (end < heap_bytes ? end : heap_bytes) == top;
}

static void release(void *block)
{
    if (block == NULL)
        return;
    if (is_last(block))
        top = header_of(block)->outer;
    if (--live_blocks == 0)
        top = 0;
}

static void *reallocate_aligned(void *block, size_t alignment_bytes, size_t size_bytes)
{
    if (block == NULL)
        return allocate_aligned(alignment_bytes, size_bytes);
    if (size_bytes == 0) {
        release(block);
        return NULL;
    }
    size_t old_bytes = size(block);
    void *moved = allocate_aligned(alignment_bytes, size_bytes);
    if (moved != NULL) {
#if BUG == 38 // Copying: an aligned block is copied from its outer start.
        const unsigned char *from = heap + header_of(block)->outer + HEADER;
        from = (const unsigned char *)(((uintptr_t)from + HEADER - 1) / HEADER * HEADER);
        memcpy(moved, from, old_bytes < size_bytes ? old_bytes : size_bytes);
#else
        memcpy(moved, block, old_bytes < size_bytes ? old_bytes : size_bytes);
#endif
        release(block);
    }
    return moved;
}

static void *reallocate(void *block, size_t size_bytes)
{
    return reallocate_aligned(block, HEADER, size_bytes);
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "outer",
    .sentence = "a stack of blocks in zeros, aligned ones inside larger ones",
    .policies = {.alignment_bytes = HEADER,
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
                 .range_is_zeroed = true},
    .open = begin,
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .allocate_zeroed = allocate_zeroed,
    .allocate_aligned = allocate_aligned,
    .reallocate_aligned = reallocate_aligned,
    .size = size,
};
