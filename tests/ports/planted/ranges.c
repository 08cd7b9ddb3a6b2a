// A first-fit heap over several ranges, and its port. Holes are in one list, in the order of their
// addresses; a freed block is joined with the holes right before and right behind it.
//
// It owns the list and the headers. It does not know where a range ends: a hole that ends there has
// no hole right behind it.
#include <heapfuzz/port.h>
#include <string.h>

#define UNIT (2 * sizeof(size_t))

struct hole {
    size_t bytes; // With the header, which is all of this.
    struct hole *next;
};

#define HEADER sizeof(struct hole)

static struct hole *first;

static unsigned char *end_of(struct hole *hole)
{
    return (unsigned char *)hole + hole->bytes;
}

// Joins a hole with the next one, if that begins where it ends.
static void join(struct hole *hole)
{
    struct hole *next = hole->next;
#if BUG == 44 // Joining: a gap of up to a header is taken for none, so it is handed out.
    if (next != NULL && (size_t)((unsigned char *)next - end_of(hole)) <= HEADER) {
        hole->bytes = (size_t)((unsigned char *)next - (unsigned char *)hole) + next->bytes;
#else
    if (next != NULL && (unsigned char *)next == end_of(hole)) {
        hole->bytes += next->bytes;
#endif
        hole->next = next->next;
    }
}

static void give(void *start, size_t bytes)
{
    struct hole **place = &first;
    struct hole *before = NULL;
    while (*place != NULL && *place < (struct hole *)start) {
        before = *place;
        place = &before->next;
    }
    struct hole *hole = start;
    *hole = (struct hole){bytes, *place};
    *place = hole;
    join(hole);
    if (before != NULL)
        join(before);
}

static bool add_range(void *range, size_t range_bytes)
{
    if (range_bytes < 2 * HEADER)
        return false;
    give(range, range_bytes / UNIT * UNIT);
    return true;
}

static bool begin(void *range, size_t range_bytes)
{
    first = NULL;
    return add_range(range, range_bytes);
}

static void *allocate(size_t size_bytes)
{
    size_t bytes = (size_bytes + HEADER + UNIT - 1) / UNIT * UNIT;
    if (bytes < size_bytes) // It wraps.
        return NULL;
    for (struct hole **place = &first; *place != NULL; place = &(*place)->next) {
        struct hole *hole = *place;
        if (hole->bytes < bytes)
            continue;
        *place = hole->next;
        if (hole->bytes > bytes) {
            struct hole *rest = (struct hole *)((unsigned char *)hole + bytes);
            *rest = (struct hole){hole->bytes - bytes, hole->next};
            *place = rest;
            hole->bytes = bytes;
        }
        return hole + 1;
    }
    return NULL;
}

static size_t size(void *block)
{
    return block == NULL ? 0 : ((struct hole *)block - 1)->bytes - HEADER;
}

static void release(void *block)
{
    if (block != NULL)
        give((struct hole *)block - 1, size(block) + HEADER);
}

static void *reallocate(void *block, size_t size_bytes)
{
    void *moved = allocate(size_bytes);
    if (moved != NULL && block != NULL) {
        memcpy(moved, block, size(block) < size_bytes ? size(block) : size_bytes);
        release(block);
    }
    return moved;
}

static size_t most_taken(const struct heapfuzz_block *block)
{
    return HEADER + (block->size_bytes + UNIT - 1) / UNIT * UNIT;
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "ranges",
    .sentence = "first fit over several ranges",
    .policies = {.alignment_bytes = UNIT,
                 .limit_bytes = SIZE_MAX,
                 .zero = HEAPFUZZ_ZERO_IS_BLOCK,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_SHRINKS,
                 .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
                 .size_is_usable = HEAPFUZZ_YES,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .size_takes_null = HEAPFUZZ_YES,
                 .stays_in_place = HEAPFUZZ_NO,
                 .capacity_returns = HEAPFUZZ_YES,
                 .addresses_repeat = HEAPFUZZ_YES},
    .open = begin,
    .add_range = add_range,
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .size = size,
    .promises = &(const struct heapfuzz_promises){.most_taken = most_taken,
                                                  .fills_holes = true,
                                                  .header_bytes = HEADER},
};
