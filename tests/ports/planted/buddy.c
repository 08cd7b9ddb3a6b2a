// A buddy heap, and its port. A block has a power of two of units, and starts at a multiple of it.
//
// It owns the blocks of one range, of any number of units, and a table of their orders in front.
// Blocks have no headers. It does not keep requested sizes, and never grows a block in place.
#include <heapfuzz/port.h>
#include <string.h>

#define UNIT (4 * sizeof(void *))

enum { ORDERS = 32, IS_FREE = 0x80 };

struct links { // They lie in a free block.
    struct links *next, *previous;
};

static struct {
    unsigned char *orders; // Of the block that starts at each unit; other units hold garbage.
    unsigned char *base;
    size_t units;
    struct links *lists[ORDERS];
} heap;

static size_t index_of(const void *block)
{
    return (size_t)((const unsigned char *)block - heap.base) / UNIT;
}

static void give(size_t index, unsigned order)
{
    struct links *block = (void *)(heap.base + index * UNIT);
    *block = (struct links){heap.lists[order], NULL};
    if (block->next != NULL)
        block->next->previous = block;
    heap.lists[order] = block;
    heap.orders[index] = (unsigned char)(order | IS_FREE);
}

static void take(size_t index)
{
    struct links *block = (void *)(heap.base + index * UNIT);
    if (block->next != NULL)
        block->next->previous = block->previous;
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        heap.lists[heap.orders[index] & ~IS_FREE] = block->next;
}

// Makes a used block smaller: its upper halves become free.
static void split(size_t index, unsigned from, unsigned to)
{
    while (from > to) {
        from--;
        give(index + ((size_t)1 << from), from);
    }
    heap.orders[index] = (unsigned char)to;
}

// Returns the order of a block for a request; ORDERS: no heap has it.
static unsigned order_for(size_t size_bytes)
{
    unsigned order = 0;
    while (order < ORDERS && size_bytes > 0 && (size_bytes - 1) / UNIT >> order > 0)
        order++;
    return order;
}

static bool begin(void *range, size_t range_bytes)
{
    memset(&heap, 0, sizeof heap);
    if (range_bytes < 2 * UNIT)
        return false;
#if BUG == 8 // End of the range: the gap below the first block is not counted.
    heap.units = range_bytes / (UNIT + 1);
#else
    heap.units = (range_bytes - (UNIT - 1)) / (UNIT + 1);
#endif
    heap.orders = range;
    heap.base = heap.orders + heap.units;
    heap.base += -(uintptr_t)heap.base % UNIT;
    size_t index = 0;
    for (unsigned order = ORDERS; order-- > 0;)
        if (heap.units >> order & 1) {
            give(index, order);
            index += (size_t)1 << order;
        }
    return true;
}

static void *allocate(size_t size_bytes)
{
    unsigned order = order_for(size_bytes);
    unsigned from = order;
    while (from < ORDERS && heap.lists[from] == NULL)
        from++;
    if (from >= ORDERS)
        return NULL;
    struct links *block = heap.lists[from];
    take(index_of(block));
    split(index_of(block), from, order);
    return block;
}

static size_t size(void *block)
{
    return UNIT << heap.orders[index_of(block)];
}

static void release(void *block)
{
    if (block == NULL)
        return;
    size_t index = index_of(block);
    unsigned order = heap.orders[index];
    for (;; order++) {
        size_t buddy = index ^ (size_t)1 << order;
        if (buddy + ((size_t)1 << order) > heap.units)
            break;
#if BUG == 6 // Merging: a buddy that starts free is taken, though a part of it may be in use.
        if (!(heap.orders[buddy] & IS_FREE))
#else
        if (heap.orders[buddy] != (order | IS_FREE))
#endif
            break;
        take(buddy);
        index &= ~((size_t)1 << order);
    }
    give(index, order);
}

static void *reallocate(void *block, size_t size_bytes)
{
    if (block == NULL)
        return allocate(size_bytes);
    unsigned old = heap.orders[index_of(block)];
    unsigned order = order_for(size_bytes);
    if (order <= old) {
        split(index_of(block), old, order);
        return block;
    }
    void *moved = allocate(size_bytes);
#if BUG == 9 // A failed reallocation frees the block.
    if (moved == NULL)
        release(block);
#endif
    if (moved == NULL)
        return NULL;
#if BUG == 7 // Copying: the room of the old block is taken for smaller, as if it had a header.
    memcpy(moved, block, (UNIT << old) - sizeof(void *));
#else
    memcpy(moved, block, UNIT << old);
#endif
    release(block);
    return moved;
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "buddy",
    .sentence = "buddies of a power of two of units, without headers",
    .policies = {.alignment_bytes = UNIT,
                 .limit_bytes = SIZE_MAX,
                 .zero = HEAPFUZZ_ZERO_IS_BLOCK,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_SHRINKS,
                 .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
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
    .size = size,
};
