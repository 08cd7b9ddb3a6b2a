// Writing and reading of blocks' bytes, a word at a time. AddressSanitizer is asked about whole
// ranges before they are touched, and the loops that touch them are left uninstrumented: the same
// answer at a tenth of the cost.

#include "harness/fill.h"

#include <string.h>

#include "harness/asan.h"

#define EDGE_BYTES ((size_t)256)
#define SAMPLE_BYTES ((size_t)64)
#define SAMPLES 1U
#define RANGES (SAMPLES + 2)

struct range {
    size_t begin, end;
};

// An odd constant: adding it changes every byte of a word, and word after word is another.
static const uint64_t stride = 0x9e3779b97f4a7c15U;

// A function that is left uninstrumented takes in no other that is not: these must be, or cost a
// call a word.
#define INLINED static inline __attribute__((always_inline))

INLINED uint64_t little_endian(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

INLINED uint64_t word_at(uint64_t seed, size_t index)
{
    return seed + (uint64_t)index * stride;
}

INLINED uint8_t byte_at(uint64_t seed, size_t offset)
{
    return (uint8_t)(word_at(seed, offset / 8) >> (offset % 8 * 8));
}

uint8_t fill_byte(uint64_t seed, size_t offset)
{
    return byte_at(seed, offset);
}

// The parts of a block that are written and read. Each begins at a multiple of eight.
static size_t ranges_of(size_t size_bytes, struct range ranges[RANGES])
{
    if (size_bytes <= FILL_WHOLE_BYTES) {
        ranges[0] = (struct range){0, size_bytes};
        return 1;
    }
    ranges[0] = (struct range){0, EDGE_BYTES};
    ranges[1] = (struct range){(size_bytes - EDGE_BYTES) & ~(size_t)7, size_bytes};
    for (size_t i = 0; i < SAMPLES; i++) { // Evenly between the ends.
        size_t begin = (size_bytes / (SAMPLES + 1) * (i + 1)) & ~(size_t)7;
        ranges[2 + i] = (struct range){begin, begin + SAMPLE_BYTES};
    }
    return RANGES;
}

UNINSTRUMENTED static void write_range(unsigned char *block, struct range range, uint64_t seed)
{
    uint64_t *words = (uint64_t *)(void *)block;
    uint64_t word = word_at(seed, range.begin / 8);
    for (size_t i = range.begin / 8; i < range.end / 8; i++, word += stride) {
        words[i] = little_endian(word);
    }
    size_t tail = range.end / 8 * 8;
    for (size_t at = tail > range.begin ? tail : range.begin; at < range.end; at++) {
        block[at] = byte_at(seed, at);
    }
}

UNINSTRUMENTED static size_t find_wrong(const unsigned char *block, struct range range,
                                        uint64_t seed)
{
    const uint64_t *words = (const uint64_t *)(const void *)block;
    uint64_t differs = 0;
    uint64_t word = word_at(seed, range.begin / 8);
    for (size_t i = range.begin / 8; i < range.end / 8; i++, word += stride) {
        differs |= words[i] ^ little_endian(word);
    }
    size_t tail = range.end / 8 * 8;
    for (size_t at = tail > range.begin ? tail : range.begin; at < range.end; at++) {
        differs |= (uint64_t)(block[at] ^ byte_at(seed, at));
    }
    for (size_t at = range.begin; differs != 0 && at < range.end; at++) {
        if (block[at] != byte_at(seed, at)) {
            return at;
        }
    }
    return SIZE_MAX;
}

void fill_write(void *block, size_t size_bytes, uint64_t seed)
{
    struct range ranges[RANGES];
    size_t count = ranges_of(size_bytes, ranges);
    for (size_t i = 0; i < count; i++) {
        write_range(block, ranges[i], seed);
    }
}

size_t fill_find_wrong(const void *block, size_t size_bytes, uint64_t seed, size_t kept_bytes)
{
    struct range ranges[RANGES];
    size_t count = ranges_of(size_bytes, ranges);
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].end > kept_bytes) {
            ranges[i].end = kept_bytes;
        }
        size_t wrong = find_wrong(block, ranges[i], seed);
        if (wrong != SIZE_MAX) {
            return wrong;
        }
    }
    return SIZE_MAX;
}

size_t fill_written_end(size_t size_bytes, size_t offset)
{
    struct range ranges[RANGES];
    size_t count = ranges_of(size_bytes, ranges);
    for (size_t i = 0; i < count; i++) {
        if (offset >= ranges[i].begin && offset < ranges[i].end) {
            return ranges[i].end;
        }
    }
    return offset;
}

#ifdef HAS_ASAN
const void *fill_find_poisoned(void *block, size_t size_bytes)
{
    if (size_bytes <= FILL_ASKED_BYTES) {
        return __asan_region_is_poisoned(block, size_bytes);
    }
    struct range ranges[RANGES];
    size_t count = ranges_of(size_bytes, ranges);
    for (size_t i = 0; i < count; i++) {
        void *poisoned = __asan_region_is_poisoned((char *)block + ranges[i].begin,
                                                   ranges[i].end - ranges[i].begin);
        if (poisoned != NULL) {
            return poisoned;
        }
    }
    return NULL;
}

bool fill_is_poisoned(const void *byte)
{
    return __asan_address_is_poisoned(byte) != 0;
}

bool fill_sees_poison(void)
{
    return true;
}
#else
const void *fill_find_poisoned(void *block, size_t size_bytes)
{
    (void)block, (void)size_bytes;
    return NULL;
}

bool fill_is_poisoned(const void *byte)
{
    (void)byte;
    return false;
}

bool fill_sees_poison(void)
{
    return false;
}
#endif
