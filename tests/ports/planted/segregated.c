// A heap with segregated free lists, and its port. Two levels of bitmaps lead to a list whose
// blocks are all large enough, so nothing is searched.
//
// It owns the blocks of one range, which may start anywhere. It does not keep requested sizes.
#include <heapfuzz/port.h>
#include <string.h>

#define GRANULE (2 * sizeof(void *))

// The links lie in the room of the block, and only a free block has them.
struct block {
    struct block *before; // In the range; NULL: it is the first.
    unsigned granules;    // With its header.
    unsigned is_used;
    _Alignas(2 * sizeof(void *)) struct block *next;
    struct block *previous;
};

#define HEADER offsetof(struct block, next)
#define LEAST_GRANULES ((unsigned)(sizeof(struct block) / GRANULE))

enum { GROUPS = 32, LISTS = 4 * GROUPS }; // A group of four lists for each power of two.

static struct {
    unsigned granules;
    unsigned char *end;
    unsigned groups;              // Bit g: group g has a block.
    unsigned group_lists[GROUPS]; // Bit i: list i of the group has one.
    struct block *lists[LISTS];
} heap;

static struct block *after(struct block *block)
{
    unsigned char *next = (unsigned char *)block + block->granules * GRANULE;
    return next < heap.end ? (void *)next : NULL;
}

static unsigned list_of(unsigned granules)
{
    if (granules < 4)
        return granules;
    unsigned power = 31 - (unsigned)__builtin_clz(granules);
    return (power - 1) * 4 + (granules >> (power - 2)) % 4;
}

// Returns a block from a list, or from the first list behind it that has one; or NULL.
static struct block *find(unsigned list)
{
    unsigned group = list / 4;
    unsigned lists = heap.group_lists[group] & ~0U << list % 4;
    if (lists == 0) {
        unsigned groups = heap.groups & ~0U << group << 1;
        if (groups == 0)
            return NULL;
        group = (unsigned)__builtin_ctz(groups);
        lists = heap.group_lists[group];
    }
    return heap.lists[group * 4 + (unsigned)__builtin_ctz(lists)];
}

static void insert(struct block *block)
{
    unsigned list = list_of(block->granules);
    block->is_used = 0;
    block->previous = NULL;
    block->next = heap.lists[list];
    if (block->next != NULL)
        block->next->previous = block;
    heap.lists[list] = block;
    heap.group_lists[list / 4] |= 1U << list % 4;
    heap.groups |= 1U << list / 4;
}

static void take(struct block *block)
{
    unsigned list = list_of(block->granules);
    if (block->next != NULL)
        block->next->previous = block->previous;
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        heap.lists[list] = block->next;
    if (heap.lists[list] == NULL)
        heap.group_lists[list / 4] &= ~(1U << list % 4);
    if (heap.group_lists[list / 4] == 0)
        heap.groups &= ~(1U << list / 4);
}

// Adds the block behind a block to it. The next one learns its neighbour.
static void join(struct block *block, unsigned granules)
{
    block->granules += granules;
    struct block *next = after(block);
    if (next != NULL)
        next->before = block;
}

// Frees a block, joined with its free neighbours.
static void give(struct block *block)
{
    struct block *next = after(block);
    if (next != NULL && !next->is_used) {
        take(next);
        join(block, next->granules);
    }
#if BUG != 3 // Coalescing: a block is never joined with the free one before it.
    if (block->before != NULL && !block->before->is_used) {
        take(block->before);
        join(block->before, block->granules);
        block = block->before;
    }
#endif
    insert(block);
}

// Makes a block smaller, if the rest has room for a free block.
static void cut(struct block *block, unsigned granules)
{
#if BUG == 2 // Split: the rest has room for a header, but not for the links of a free block.
    unsigned least = HEADER / GRANULE;
#else
    unsigned least = LEAST_GRANULES;
#endif
    if (block->granules < granules + least)
        return;
    unsigned rest_granules = block->granules - granules;
    block->granules = granules;
    struct block *rest = after(block);
    rest->before = block;
    rest->granules = 0;
    join(rest, rest_granules);
    give(rest);
}

// Returns the granules of a block for a request; SIZE_MAX: no heap has them.
static size_t needed(size_t size_bytes)
{
#if BUG != 1 // Rounding: a size near SIZE_MAX wraps, and becomes a tiny block.
    if (size_bytes > SIZE_MAX - GRANULE)
        return SIZE_MAX;
#endif
    size_t granules = HEADER / GRANULE + (size_bytes + GRANULE - 1) / GRANULE;
    return granules < LEAST_GRANULES ? LEAST_GRANULES : granules;
}

static bool begin(void *range, size_t range_bytes)
{
    size_t skipped = -(uintptr_t)range % GRANULE;
    if (range_bytes < skipped + sizeof(struct block))
        return false;
    memset(&heap, 0, sizeof heap);
    heap.granules = (unsigned)((range_bytes - skipped) / GRANULE);
    struct block *first = (void *)((unsigned char *)range + skipped);
    heap.end = (unsigned char *)first + heap.granules * GRANULE;
    first->before = NULL;
    first->granules = heap.granules;
    insert(first);
    return true;
}

static void *allocate(size_t size_bytes)
{
    size_t granules = needed(size_bytes);
    if (granules > heap.granules)
        return NULL;
#if BUG == 5 // Search: the first block of the list is taken, though it may be too small.
    struct block *block = find(list_of((unsigned)granules));
#else
    struct block *block = find(list_of((unsigned)granules - 1) + 1);
#endif
    if (block == NULL)
        return NULL;
    take(block);
    block->is_used = 1;
    cut(block, (unsigned)granules);
    return (unsigned char *)block + HEADER;
}

static struct block *block_of(void *address)
{
    return (void *)((unsigned char *)address - HEADER);
}

static size_t size(void *address)
{
    return address == NULL ? 0 : block_of(address)->granules * GRANULE - HEADER;
}

static void release(void *address)
{
    if (address != NULL)
        give(block_of(address));
}

static void *reallocate(void *address, size_t size_bytes)
{
    size_t granules = needed(size_bytes);
    if (address == NULL || granules > heap.granules)
        return address == NULL ? allocate(size_bytes) : NULL;
    struct block *block = block_of(address);
    struct block *next = after(block);
    size_t room = next != NULL && !next->is_used ? next->granules : 0;
    if (granules > block->granules && granules <= block->granules + room) {
#if BUG != 4 // Growing in place: the block that is added stays in its free list.
        take(next);
#endif
        join(block, next->granules);
    }
    if (granules <= block->granules) {
        cut(block, (unsigned)granules);
        return address;
    }
    void *moved = allocate(size_bytes);
    if (moved != NULL) {
        memcpy(moved, address, size(address));
        give(block);
    }
    return moved;
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "segregated",
    .sentence = "segregated free lists, found by two levels of bitmaps",
    .policies =
        {
            .alignment_bytes = GRANULE,
            .limit_bytes = SIZE_MAX,
            .zero = HEAPFUZZ_ZERO_IS_BLOCK,
            .reallocate_to_zero = HEAPFUZZ_TO_ZERO_SHRINKS,
            .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
            .free_takes_null = HEAPFUZZ_YES,
            .reallocate_takes_null = HEAPFUZZ_YES,
            .size_takes_null = HEAPFUZZ_YES,
            .stays_in_place = HEAPFUZZ_NO,
            .capacity_returns = HEAPFUZZ_YES,
            .addresses_repeat = HEAPFUZZ_YES,
            .range_alignment_bytes = 1,
        },
    .open = begin,
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .size = size,
};
