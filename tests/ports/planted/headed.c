// A heap of size classes in one range, with a header in front of each block, and its port. It
// promises to survive some misuse: a pointer outside of its range, and one to a block that was just
// freed.
//
// The header of a freed block links it into the list of its class, so a caller's write to a freed
// block harms nothing. A pointer into a block finds its header among a caller's bytes, so the heap
// promises nothing there.
#include <heapfuzz/port.h>
#include <string.h>

struct header {
    size_t class;
    struct header *next; // While it is in use: &in_use.
};

#define HEADER sizeof(struct header)

enum { CLASSES = 30 };

static struct header in_use;
static struct header *lists[CLASSES];
static unsigned char *begin, *unused, *end;

// Returns the bytes of a block, with its header.
static size_t bytes_of(size_t class)
{
    return 2 * HEADER << class;
}

static bool open(void *range, size_t range_bytes)
{
    memset(lists, 0, sizeof lists);
    begin = unused = range;
    end = begin + range_bytes;
    return true;
}

static void *allocate(size_t size_bytes)
{
    size_t class = 0;
    while (class < CLASSES && bytes_of(class) - HEADER < size_bytes)
        class ++;
    if (class == CLASSES)
        return NULL;
    struct header *block = lists[class];
    if (block != NULL) {
        lists[class] = block->next;
    } else {
        if (bytes_of(class) > (size_t)(end - unused))
            return NULL;
        block = (void *)unused;
        block->class = class;
        unused += bytes_of(class);
    }
    block->next = &in_use;
    return block + 1;
}

// Returns the header in front of a pointer; NULL outside of the range.
static struct header *header_of(void *address)
{
    bool is_inside = (uintptr_t)address >= (uintptr_t)begin && (uintptr_t)address < (uintptr_t)end;
    return is_inside ? (struct header *)address - 1 : NULL;
}

static bool is_in_use(const struct header *block)
{
    return block != NULL && block->next == &in_use;
}

static size_t size(void *address)
{
    return bytes_of(((struct header *)address - 1)->class) - HEADER;
}

static void release(void *address)
{
    struct header *block = header_of(address);
#if BUG == 27 // Freed again: the block is listed twice.
    if (block == NULL)
        return;
#else
    if (!is_in_use(block))
        return;
#endif
    block->next = lists[block->class];
    lists[block->class] = block;
}

static void *reallocate(void *address, size_t size_bytes)
{
    struct header *block = header_of(address);
#if BUG == 26 // Foreign: a pointer outside of the range counts as NULL.
    if (block == NULL)
        return allocate(size_bytes);
#endif
    if (!is_in_use(block))
        return address == NULL ? allocate(size_bytes) : NULL;
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
    .name = "headed",
    .sentence = "lists of powers of two, with headers that survive some misuse",
    .policies = {.alignment_bytes = HEADER,
                 .limit_bytes = SIZE_MAX,
                 .zero = HEAPFUZZ_ZERO_IS_BLOCK,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_SHRINKS,
                 .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .size_takes_null = HEAPFUZZ_NO,
                 .stays_in_place = HEAPFUZZ_NO,
                 .capacity_returns = HEAPFUZZ_NO,
                 .addresses_repeat = HEAPFUZZ_YES},
    .open = open,
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .size = size,
    .misuses =
        &(const struct heapfuzz_misuses){
            .free = {.foreign = HEAPFUZZ_IGNORED, .freed = HEAPFUZZ_IGNORED},
            .reallocate = {.foreign = HEAPFUZZ_IGNORED, .freed = HEAPFUZZ_IGNORED},
            .survives_freed_writes = true},
};
