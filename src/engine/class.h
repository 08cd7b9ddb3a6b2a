// Size classes: which sizes of small blocks share a span.
//
//     granules   1 2 3 4 5 6 7 8 | 10 12 14 16 | 20 24 28 32 | ... | 640 768 896 1024
//     class      0 1 2 3 4 5 6 7 |  8  9 10 11 | 12 13 14 15 | ... |  32  33  34   35
//
// Above eight granules each doubling has four classes, so a block wastes less than a fifth of
// itself.
#ifndef COMHEAP_ENGINE_CLASS_H
#define COMHEAP_ENGINE_CLASS_H

#include <comheap/heap.h>

#include "engine/assert.h"

/// Gives the size of a span: blocks of one class are cut from these granules.
#define CH_SPAN_GRANULES 4096U

#define CH_CLASS_COUNT 36U

/// Give the size of the largest small block, in granules and in bytes: 16 KiB, or 8 KiB on 32 bits.
#define CH_SMALL_GRANULES ((size_t)1024)
#define CH_SMALL_BYTES (CH_SMALL_GRANULES * CH_GRANULE_BYTES)

/// Maps 0 to CH_SMALL_GRANULES granules to their class. 0 granules have the class of 1.
extern const uint8_t ch_class_table[CH_SMALL_GRANULES + 1];

/// Maps each class to the number of its blocks in a span: the compiler divides, not the heap.
extern const uint16_t ch_class_span_blocks[CH_CLASS_COUNT];

/// Returns the class of a small size. A block of 0 bytes takes a granule: its address must be its
/// own.
static inline unsigned ch_class_of(size_t size_bytes)
{
    CH_ASSERT(size_bytes <= CH_SMALL_BYTES);
    return ch_class_table[(size_bytes + CH_GRANULE_BYTES - 1) / CH_GRANULE_BYTES];
}

/// Returns the size of a class's blocks, in granules.
static inline unsigned ch_class_granules(unsigned class_index)
{
    CH_ASSERT(class_index < CH_CLASS_COUNT);
    if (class_index < 8) {
        return class_index + 1;
    }
    unsigned above = class_index - 8U;
    return (5U + above % 4U) << (above / 4U + 1U);
}

static inline size_t ch_class_bytes(unsigned class_index)
{
    return ch_class_granules(class_index) * CH_GRANULE_BYTES;
}

#endif
