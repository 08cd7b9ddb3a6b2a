// A heap of size classes in a static array, and its port. Each class is a power of two, and has a
// list of its freed blocks.
//
// It owns the array for as long as the process lives: it has neither `open` nor `reset`, and the
// first call builds its table. It neither splits nor joins a block.
#include <heapfuzz/port.h>
#include <string.h>

#define GRANULE (2 * sizeof(void *))
#define LEAST (2 * GRANULE) // The smallest class, with its header.
#define HEADER GRANULE
#define LIMIT ((LEAST << (CLASSES - 1)) - 6 * GRANULE) // Below the room of the largest class.

enum { CLASSES = 8, STEPS = 1 << (CLASSES - 1), ARENA_BYTES = 1 << 18 };

struct block {
    size_t class;
    _Alignas(2 * sizeof(void *)) struct block *next; // In the room of a block that is freed.
};

static _Alignas(2 * sizeof(void *)) unsigned char arena[ARENA_BYTES];
static size_t arena_used;
static struct block *lists[CLASSES];

// Returns the class of a block for a request up to the limit.
static size_t class_for(size_t size_bytes)
{
    static unsigned char classes[STEPS + 1]; // Of a block of each number of least blocks.
    static bool is_built;
#if BUG == 24 // Class edge: the number of least blocks is rounded down.
    size_t steps = (size_bytes + HEADER) / LEAST;
#else
    size_t steps = (size_bytes + HEADER + LEAST - 1) / LEAST;
#endif
#if BUG == 23 // First call: the table is read before it is built.
    size_t class = classes[steps];
#endif
    for (size_t at = 1; !is_built && at <= STEPS; at++)
        while ((size_t)1 << classes[at] < at)
            classes[at]++;
    is_built = true;
#if BUG != 23
    size_t class = classes[steps];
#endif
    return class;
}

static void *allocate(size_t size_bytes)
{
    if (size_bytes > LIMIT)
        return NULL;
    size_t class = class_for(size_bytes);
    struct block *block = lists[class];
    if (block != NULL) {
        lists[class] = block->next;
    } else {
        if (LEAST << class > sizeof arena - arena_used)
            return NULL;
        block = (void *)(arena + arena_used);
        block->class = class;
        arena_used += LEAST << class;
    }
    return (unsigned char *)block + HEADER;
}

static struct block *block_of(void *address)
{
    return (void *)((unsigned char *)address - HEADER);
}

static size_t size(void *address)
{
    return (LEAST << block_of(address)->class) - HEADER;
}

static void release(void *address)
{
    if (address == NULL)
        return;
    struct block *block = block_of(address);
    block->next = lists[block->class];
    lists[block->class] = block;
}

static void *reallocate(void *address, size_t size_bytes)
{
    if (address == NULL)
        return allocate(size_bytes);
#if BUG != 25 // Limit: a block that has the room may grow past the limit.
    if (size_bytes > LIMIT)
        return NULL;
#endif
    if (size_bytes <= size(address))
        return address;
    void *moved = allocate(size_bytes);
    if (moved != NULL) {
        memcpy(moved, address, size(address));
        release(address);
    }
    return moved;
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "classes",
    .sentence = "lists of powers of two, in a static array",
    .policies = {.alignment_bytes = GRANULE,
                 .limit_bytes = LIMIT,
                 .zero = HEAPFUZZ_ZERO_IS_BLOCK,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_SHRINKS,
                 .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .size_takes_null = HEAPFUZZ_NO,
                 .stays_in_place = HEAPFUZZ_NO,
                 .capacity_returns = HEAPFUZZ_NO,
                 .addresses_repeat = HEAPFUZZ_YES,
                 .needs_process = true},
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .size = size,
};
