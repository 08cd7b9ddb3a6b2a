// Writes and reads the bytes of blocks, a word at a time. Before the loops touch a range, one call
// checks all of it for poison. The loops themselves are uninstrumented: the result is the same at a
// tenth of the cost.

#include "laws/fill.h"

#include <string.h>

#include "world/asan.h"

#define EDGE_BYTES ((size_t)256)
#define SAMPLE_BYTES ((size_t)64)
#define SAMPLES 1U
#define RANGES (SAMPLES + 2)

struct range {
    size_t begin, end;
};

// Compilers inline no instrumented function into an uninstrumented one. Without this, each word
// would cost a call.
#define INLINED static inline __attribute__((always_inline))

INLINED uint64_t little_endian(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

INLINED uint64_t word_at(struct fill fill, size_t index)
{
    return fill.first + (uint64_t)index * fill.step;
}

INLINED uint8_t byte_at(struct fill fill, size_t offset)
{
    return (uint8_t)(word_at(fill, offset / 8) >> (offset % 8 * 8));
}

uint8_t fill_byte(struct fill fill, size_t offset)
{
    return byte_at(fill, offset);
}

struct fill fill_of(uint64_t number)
{
    // Odd constants: adding the second one changes every byte of a word.
    return (struct fill){number * 0xd6e8feb86659fd93U, 0x9e3779b97f4a7c15U};
}

// Finds the parts of a block that are written and read. Each begins at a multiple of eight.
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

UNINSTRUMENTED static void write_range(unsigned char *block, struct range range, struct fill fill)
{
    uint64_t *words = (uint64_t *)(void *)block;
    uint64_t word = word_at(fill, range.begin / 8);
    for (size_t i = range.begin / 8; i < range.end / 8; i++, word += fill.step) {
        words[i] = little_endian(word);
    }
    size_t tail = range.end / 8 * 8;
    for (size_t at = tail > range.begin ? tail : range.begin; at < range.end; at++) {
        block[at] = byte_at(fill, at);
    }
}

UNINSTRUMENTED static size_t find_wrong(const unsigned char *block, struct range range,
                                        struct fill fill)
{
    const uint64_t *words = (const uint64_t *)(const void *)block;
    uint64_t differs = 0;
    uint64_t word = word_at(fill, range.begin / 8);
    for (size_t i = range.begin / 8; i < range.end / 8; i++, word += fill.step) {
        differs |= words[i] ^ little_endian(word);
    }
    size_t tail = range.end / 8 * 8;
    for (size_t at = tail > range.begin ? tail : range.begin; at < range.end; at++) {
        differs |= (uint64_t)(block[at] ^ byte_at(fill, at));
    }
    for (size_t at = range.begin; differs != 0 && at < range.end; at++) {
        if (block[at] != byte_at(fill, at)) {
            return at;
        }
    }
    return SIZE_MAX;
}

void fill_write(void *block, size_t size_bytes, struct fill fill)
{
    struct range ranges[RANGES];
    size_t count = ranges_of(size_bytes, ranges);
    for (size_t i = 0; i < count; i++) {
        write_range(block, ranges[i], fill);
    }
}

size_t fill_find_wrong(const void *block, size_t size_bytes, struct fill fill, size_t kept_bytes)
{
    struct range ranges[RANGES];
    size_t count = ranges_of(size_bytes, ranges);
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].end > kept_bytes) {
            ranges[i].end = kept_bytes;
        }
        size_t wrong = find_wrong(block, ranges[i], fill);
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
// AddressSanitizer keeps a shadow byte for every `1 << scale` bytes. It is 0 where all of them are
// accessible. Above 0 it is the number of accessible ones, from the first on; below 0 none is
// accessible. AddressSanitizer itself is called only where something is poisoned: such a call costs
// as much as a call of the heap.
struct shadow {
    size_t scale, offset;
};

static struct shadow find_shadow(void)
{
    static struct shadow shadow;
    if (shadow.offset == 0) {
        __asan_get_shadow_mapping(&shadow.scale, &shadow.offset);
    }
    return shadow;
}

INLINED const int8_t *shadow_of(struct shadow shadow, const void *byte)
{
    return (const int8_t *)(((uintptr_t)byte >> shadow.scale) + shadow.offset);
}

// Returns whether all of a range is accessible. The range begins at a shadow byte's first byte.
UNINSTRUMENTED static bool is_open(const void *start, size_t size_bytes)
{
    struct shadow shadow = find_shadow();
    const int8_t *bytes = shadow_of(shadow, start);
    size_t whole = size_bytes >> shadow.scale;
    size_t rest = size_bytes & (((size_t)1 << shadow.scale) - 1);
    uint64_t any = 0;
    size_t at = 0;
    for (; at + sizeof any <= whole; at += sizeof any) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        any |= word;
    }
    for (; at < whole; at++) {
        any |= (uint8_t)bytes[at];
    }
    return any == 0 && (rest == 0 || bytes[at] == 0 || bytes[at] >= (int8_t)rest);
}

static const void *find_poisoned(const void *start, size_t size_bytes)
{
    return is_open(start, size_bytes) ? NULL : __asan_region_is_poisoned((void *)start, size_bytes);
}

const void *fill_find_poisoned(const void *block, size_t size_bytes)
{
    if (size_bytes <= FILL_ASKED_BYTES) {
        return find_poisoned(block, size_bytes);
    }
    struct range ranges[RANGES];
    size_t count = ranges_of(size_bytes, ranges);
    for (size_t i = 0; i < count; i++) {
        const void *poisoned =
            find_poisoned((const char *)block + ranges[i].begin, ranges[i].end - ranges[i].begin);
        if (poisoned != NULL) {
            return poisoned;
        }
    }
    return NULL;
}

UNINSTRUMENTED bool fill_is_poisoned(const void *byte)
{
    struct shadow shadow = find_shadow();
    int8_t open = *shadow_of(shadow, byte);
    size_t place = (uintptr_t)byte & (((size_t)1 << shadow.scale) - 1);
    return open != 0 && (int8_t)place >= open;
}

bool fill_sees_poison(void)
{
    return true;
}
#else
const void *fill_find_poisoned(const void *block, size_t size_bytes)
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
