// The classes of small sizes, as a table (class.h draws them). A lookup is faster than the formula,
// because most blocks need a part of the table that stays in the cache.
//
// This file does not know spans.

#include "engine/class.h"

#define TWO(x) x, x
#define FOUR(x) TWO(x), TWO(x)
#define EIGHT(x) FOUR(x), FOUR(x)
#define SIXTEEN(x) EIGHT(x), EIGHT(x)
#define THIRTY_TWO(x) SIXTEEN(x), SIXTEEN(x)
#define SIXTY_FOUR(x) THIRTY_TWO(x), THIRTY_TWO(x)
#define HUNDRED_TWENTY_EIGHT(x) SIXTY_FOUR(x), SIXTY_FOUR(x)

// The four classes of a doubling, each for `times` sizes in granules.
#define DOUBLING(times, first) times(first), times(first + 1), times(first + 2), times(first + 3)

const uint8_t ch_class_table[CH_SMALL_GRANULES + 1] = {
    0,
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    DOUBLING(TWO, 8),
    DOUBLING(FOUR, 12),
    DOUBLING(EIGHT, 16),
    DOUBLING(SIXTEEN, 20),
    DOUBLING(THIRTY_TWO, 24),
    DOUBLING(SIXTY_FOUR, 28),
    DOUBLING(HUNDRED_TWENTY_EIGHT, 32),
};

// The four classes of a doubling. Their blocks have five to eight times `granules` granules.
#define SPAN_BLOCKS(granules)                                                                      \
    CH_SPAN_GRANULES / (5 * (granules)), CH_SPAN_GRANULES / (6 * (granules)),                      \
        CH_SPAN_GRANULES / (7 * (granules)), CH_SPAN_GRANULES / (8 * (granules))

const uint16_t ch_class_span_blocks[CH_CLASS_COUNT] = {
    CH_SPAN_GRANULES, CH_SPAN_GRANULES / 2, CH_SPAN_GRANULES / 3, CH_SPAN_GRANULES / 4,
    SPAN_BLOCKS(1),   SPAN_BLOCKS(2),       SPAN_BLOCKS(4),       SPAN_BLOCKS(8),
    SPAN_BLOCKS(16),  SPAN_BLOCKS(32),      SPAN_BLOCKS(64),      SPAN_BLOCKS(128),
};
