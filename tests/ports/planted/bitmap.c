// A heap with two bitmaps, and its port. One has a bit for each unit in use, the other for each
// last unit of a block. The first free run that is long enough is taken.
//
// It owns the units of one range, which may start anywhere. It never moves a block, and can't say
// its size.
#include <heapfuzz/port.h>
#include <string.h>

#define UNIT (2 * sizeof(void *))

static struct {
    unsigned char *base;
    size_t units, words;
    uint64_t *used, *lasts;
} heap;

static void mark(uint64_t *bits, size_t from, size_t count, bool is_set)
{
    while (count > 0) {
        size_t here = 64 - from % 64 < count ? 64 - from % 64 : count;
        uint64_t mask = ~(uint64_t)0 >> (64 - here) << from % 64;
        bits[from / 64] = is_set ? bits[from / 64] | mask : bits[from / 64] & ~mask;
        from += here;
        count -= here;
    }
}

// Returns the number of equal bits from a place on. It may stop at `enough` of them.
static size_t run(const uint64_t *bits, size_t from, bool is_set, size_t enough)
{
    size_t count = 0;
    while (count < enough && from + count < heap.words * 64) {
        size_t at = from + count;
        uint64_t others = (is_set ? ~bits[at / 64] : bits[at / 64]) >> at % 64;
        if (others != 0)
            return count + (size_t)__builtin_ctzll(others);
#if BUG == 10 // Word boundary: the rest of a word counts as a whole word.
        count += 64;
#else
        count += 64 - at % 64;
#endif
    }
    return count;
}

// Makes a run of units a block.
static void occupy(size_t from, size_t count)
{
    mark(heap.used, from, count, true);
    mark(heap.lasts, from, count, false);
    mark(heap.lasts, from + count - 1, 1, true);
}

// Returns the units of a block for a request. No heap has as many as SIZE_MAX.
static size_t units_for(size_t size_bytes)
{
    return size_bytes == 0 ? 1 : size_bytes / UNIT + (size_bytes % UNIT > 0);
}

static bool begin(void *range, size_t range_bytes)
{
#if BUG == 13 // Alignment: the start suits the bitmaps, but the blocks behind them need more.
    size_t head = -(uintptr_t)range % _Alignof(uint64_t);
#else
    size_t head = -(uintptr_t)range % UNIT;
#endif
    heap.words = range_bytes / (64 * UNIT + 2 * sizeof(uint64_t)) + 1;
    heap.used = (void *)((unsigned char *)range + head);
    head += 2 * heap.words * sizeof(uint64_t);
    if (range_bytes < head + UNIT)
        return false;
    heap.lasts = heap.used + heap.words;
    heap.base = (unsigned char *)range + head;
    heap.units = (range_bytes - head) / UNIT;
    memset(heap.used, 0, heap.words * sizeof(uint64_t));
#if BUG == 11 // End of the range: one bit more than there are units stays clear.
    size_t spare = heap.units % 64 == 0 ? heap.units : heap.units + 1;
#else
    size_t spare = heap.units;
#endif
    mark(heap.used, spare, heap.words * 64 - spare, true);
    return true;
}

static void *allocate(size_t size_bytes)
{
    size_t units = units_for(size_bytes);
    size_t at = 0;
    while (at < heap.units) {
        size_t free_units = run(heap.used, at, false, units);
        if (free_units >= units) {
            occupy(at, units);
            return heap.base + at * UNIT;
        }
        at += free_units;
        at += run(heap.used, at, true, SIZE_MAX);
    }
    return NULL;
}

static void release(void *block)
{
    if (block == NULL)
        return;
    size_t index = (size_t)((unsigned char *)block - heap.base) / UNIT;
    mark(heap.used, index, run(heap.lasts, index, false, SIZE_MAX) + 1, false);
}

static void *reallocate(void *block, size_t size_bytes)
{
    if (block == NULL)
        return allocate(size_bytes);
    size_t index = (size_t)((unsigned char *)block - heap.base) / UNIT;
    size_t old = run(heap.lasts, index, false, SIZE_MAX) + 1;
    size_t units = units_for(size_bytes);
    if (units > old) {
#if BUG == 12 // Growing in place: only the first of the units that are added is looked at.
        size_t missing = units <= heap.units - index ? 1 : units;
#else
        size_t missing = units - old;
#endif
        if (run(heap.used, index + old, false, missing) < missing)
            return NULL;
    } else {
        mark(heap.used, index + units, old - units, false);
    }
    occupy(index, units);
    return block;
}

const struct heapfuzz_port heapfuzz_port = {
    .name = "bitmap",
    .sentence = "first fit by two bitmaps; blocks never move",
    .policies = {.alignment_bytes = UNIT,
                 .limit_bytes = SIZE_MAX,
                 .zero = HEAPFUZZ_ZERO_IS_BLOCK,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_SHRINKS,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .stays_in_place = HEAPFUZZ_YES,
                 .capacity_returns = HEAPFUZZ_YES,
                 .addresses_repeat = HEAPFUZZ_YES,
                 .range_alignment_bytes = 1},
    .open = begin,
    .allocate = allocate,
    .free = release,
    .reallocate = reallocate,
};
