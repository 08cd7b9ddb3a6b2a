// A best-fit heap with boundary tags in a static array, and its port. The heap grows through the
// array like a process through `sbrk`, and never shrinks.
//
// It owns the array, and so has `reset` in place of `open`. Places are indices of words. It does
// not keep requested sizes.
#include <heapfuzz/port.h>
#include <string.h>

enum { WORDS = 16384, LEAST = 4 }; // The least block: two tags, two links.

// Tags that are in use lie at both ends: no block has to look whether it is the first or the last.
static size_t words[WORDS] = {1, 1};
static size_t end = 1;   // The place of the last tag.
static size_t free_list; // 0: it is empty.

// A block has a tag at each end: its words, times two, plus one while it is in use.
static void set_tags(size_t block, size_t length, size_t is_used)
{
    words[block] = length * 2 + is_used;
    words[block + length - 1] = length * 2 + is_used;
}

static size_t *next_of(size_t block)
{
    return &words[block + 1];
}

static size_t *previous_of(size_t block)
{
    return &words[block + 2];
}

static void take(size_t block)
{
    size_t next = *next_of(block);
    size_t previous = *previous_of(block);
    *(previous == 0 ? &free_list : next_of(previous)) = next;
#if BUG != 22 // List order: the next block keeps its link to the one that was taken.
    if (next != 0)
        *previous_of(next) = previous;
#endif
}

// Frees a block, joined with its free neighbours.
static void give(size_t block)
{
    size_t length = words[block] / 2;
    if (words[block + length] % 2 == 0) {
        take(block + length);
        length += words[block + length] / 2;
    }
    if (words[block - 1] % 2 == 0) {
        block -= words[block - 1] / 2;
        length += words[block] / 2;
        take(block);
    }
    set_tags(block, length, 0);
    *next_of(block) = free_list;
    *previous_of(block) = 0;
    if (free_list != 0)
        *previous_of(free_list) = block;
    free_list = block;
}

// Leaves a used block, and frees the rest if that has room for a block.
static void cut(size_t block, size_t length)
{
    size_t rest = words[block] / 2 - length;
#if BUG == 21 // Split: a rest without room for the links is cut off all the same, and nobody's.
    if (rest > 0 && rest < LEAST) {
        set_tags(block + length, rest, 1);
        rest = 0;
    }
#endif
    if (rest < LEAST) {
        set_tags(block, length + rest, 1);
        return;
    }
    set_tags(block + length, rest, 1);
    set_tags(block, length, 1);
    give(block + length);
}

// Grows the heap until its last block is free and has this length. Returns false if it can't.
static bool grow(size_t length)
{
    size_t missing = words[end - 1] % 2 == 0 ? length - words[end - 1] / 2 : length;
    if (missing >= WORDS - end)
        return false;
    size_t block = end;
    end += missing;
    words[end] = 1;
    set_tags(block, missing, 1);
    give(block);
    return true;
}

// Returns the words of a block for a request; over WORDS: the array does not have them.
static size_t length_for(size_t size_bytes)
{
    size_t length = size_bytes / sizeof(size_t) + (size_bytes % sizeof(size_t) > 0) + 2;
    return length < LEAST ? LEAST : length;
}

// Returns the smallest free block that is large enough, or 0.
static size_t find(size_t length)
{
    size_t best = 0;
    for (size_t block = free_list; block != 0; block = *next_of(block))
        if (words[block] / 2 >= length && (best == 0 || words[block] < words[best]))
            best = block;
    return best;
}

static void *allocate(size_t size_bytes)
{
    size_t length = length_for(size_bytes);
    if (size_bytes == 0 || (find(length) == 0 && !grow(length)))
        return NULL;
    size_t block = find(length);
    take(block);
    cut(block, length);
    return &words[block + 1];
}

static size_t place_of(const void *address)
{
    return (size_t)((const size_t *)address - words) - 1;
}

static size_t size(void *address)
{
    return address == NULL ? 0 : (words[place_of(address)] / 2 - 2) * sizeof(size_t);
}

static void release(void *address)
{
    if (address != NULL)
        give(place_of(address));
}

static void *reallocate(void *address, size_t size_bytes)
{
    if (address == NULL)
        return allocate(size_bytes);
    if (size_bytes == 0) {
        release(address);
        return NULL;
    }
    size_t block = place_of(address);
    size_t old = words[block] / 2;
    size_t length = length_for(size_bytes);
    if (length <= old) {
        cut(block, length);
#if BUG == 20 // Shrinking: the first tag keeps the old size, so a later free takes the rest.
        words[block] = old * 2 + 1;
#endif
        return address;
    }
    size_t next = block + old;
    if (words[next] % 2 == 0 && length <= old + words[next] / 2) {
        take(next);
        set_tags(block, old + words[next] / 2, 1);
        cut(block, length);
        return address;
    }
    void *moved = allocate(size_bytes);
    if (moved != NULL) {
        memcpy(moved, address, size(address));
        release(address);
    }
    return moved;
}

static void reset(void)
{
    words[1] = 1;
    end = 1;
    free_list = 0;
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "tags",
    .sentence = "best fit with boundary tags, in a static array",
    .policies = {.alignment_bytes = sizeof(size_t),
                 .limit_bytes = SIZE_MAX,
                 .zero = HEAPFUZZ_ZERO_IS_NULL,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_FREES,
                 .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .size_takes_null = HEAPFUZZ_YES,
                 .stays_in_place = HEAPFUZZ_NO,
                 .capacity_returns = HEAPFUZZ_YES,
                 .addresses_repeat = HEAPFUZZ_YES},
    .reset = reset,
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
    .size = size,
};
