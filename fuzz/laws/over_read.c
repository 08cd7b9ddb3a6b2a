// Finds bytes of a neighbor in a block that has moved.
//
//     before   | old block | header | next block |        after   | header | new block           |
//                          '--------'----'                                           '--------'--'
//                           noted bytes                            the same, at the same distance
//
// In a small range, which begins full of garbage, a neighbor's own bytes are nowhere else. So eight
// of them are proof. Its header has bytes that any memory may hold: they are proof where the call
// has brought them there. So the whole range is noted.

#include "laws/over_read.h"

#include <string.h>

#include "laws/counters.h"
#include "laws/place.h"
#include "world/asan.h"
#include "world/world.h"

#define PATTERN_BYTES 8U
#define HEADER_MOST_BYTES 64U
#define RANGE_MOST_BYTES ((size_t)64 * 1024)

static struct {
    size_t away_bytes; ///< From the block to its next neighbor; 0: nothing is noted.
    uint8_t pattern[PATTERN_BYTES];
    size_t header_bytes; ///< 0: the header is not looked for.
    uint8_t header[HEADER_MOST_BYTES];
    size_t range_bytes; ///< Of the first range.
    uint8_t range[RANGE_MOST_BYTES];
} noted;

// Reads bytes of the heap's own, which may be poisoned.
UNINSTRUMENTED NO_LIBRARY_CALLS static void read_bytes(uint8_t *to, const uint8_t *from,
                                                       size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        to[i] = from[i];
    }
}

static void note_header(const struct heap *heap, const struct held *held, const uint8_t *next)
{
    size_t header_bytes = heap->subject->promises.header_bytes;
    if (header_bytes > 0 && header_bytes <= HEADER_MOST_BYTES &&
        noted.away_bytes >= held->size_bytes + header_bytes) {
        noted.header_bytes = header_bytes;
        read_bytes(noted.header, next - header_bytes, header_bytes);
        noted.range_bytes = heap->arena_bytes;
        read_bytes(noted.range, world_start(), heap->arena_bytes);
    }
}

static bool is_in_small_range(const struct heap *heap)
{
    return subject_shows_over_reads(heap->subject) && heap->arena_bytes <= RANGE_MOST_BYTES;
}

void over_read_note(const struct heap *heap, uint32_t slot, size_t size_bytes)
{
    const struct held *held = &model.slots[slot];
    const struct held *next = model_neighbours(held->block).next;
    noted.away_bytes = 0;
    noted.header_bytes = 0;
    if (!is_in_small_range(heap) || next == NULL || next->fill.step == 0 ||
        next->size_bytes < PATTERN_BYTES) {
        return;
    }
    size_t away_bytes = (size_t)((uint8_t *)next->block - (uint8_t *)held->block);
    if (size_bytes >= away_bytes) { // It can't grow in place.
        noted.away_bytes = away_bytes;
        for (unsigned i = 0; i < PATTERN_BYTES; i++) {
            noted.pattern[i] = fill_byte(next->fill, i);
        }
        note_header(heap, held, next->block);
    }
}

static CHECK void check_pattern(uint32_t slot, const uint8_t *block)
{
    LAW_AT(OVER_READ, memcmp(block + noted.away_bytes, noted.pattern, PATTERN_BYTES) != 0,
           place_byte(slot, noted.away_bytes, "of its former neighbor"),
           "bytes %zu to %zu of b%u are those of the block that was behind it before it moved",
           noted.away_bytes, noted.away_bytes + PATTERN_BYTES - 1, slot);
}

// Returns whether the header is one byte again and again, as any memory may be.
static bool is_header_plain(void)
{
    return memcmp(noted.header, noted.header + 1, noted.header_bytes - 1) == 0;
}

// Returns whether the call has written the noted header into the block.
static bool has_header(const uint8_t *copy)
{
    size_t offset = (size_t)(copy - world_start());
    return offset + noted.header_bytes <= noted.range_bytes && !is_header_plain() &&
           memcmp(copy, noted.header, noted.header_bytes) == 0 &&
           memcmp(copy, noted.range + offset, noted.header_bytes) != 0;
}

static CHECK void check_header(uint32_t slot, const uint8_t *block)
{
    size_t at = noted.away_bytes - noted.header_bytes;
    LAW_AT(OVER_READ, !has_header(block + at), place_byte(slot, at, "of its former neighbor"),
           "bytes %zu to %zu of b%u are the header that was behind it before it moved", at,
           noted.away_bytes - 1, slot);
}

void over_read_check(uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    if (noted.away_bytes == 0) {
        return;
    }
    if (noted.header_bytes > 0) {
        check_header(slot, held->block);
        noted.header_bytes = 0;
    }
    if (held->size_bytes >= noted.away_bytes + PATTERN_BYTES) {
        check_pattern(slot, held->block);
    }
    noted.away_bytes = 0;
}

void over_read_found(size_t *offset, size_t *count)
{
    *offset = noted.away_bytes - noted.header_bytes;
    *count = noted.header_bytes > 0 ? noted.header_bytes : PATTERN_BYTES;
}
