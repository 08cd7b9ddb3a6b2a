// Large blocks: large REPLACEMENTS.
//
// Forty of them are live, of 16 KiB to 4 MiB, every power of two as likely as the next; a random
// one is replaced, and a byte of each of its pages written. One in eight is aligned to a page, as a
// buffer for input or output is.
#include "block.h"

enum { LIVE = 40 };

static void take(struct draw *draw, struct block *block)
{
    uint32_t size_bytes = draw_size(draw, 14, 22);
    if (draw_below(draw, 8) == 0) {
        block_allocate_aligned(block, OS_PAGE_BYTES, size_bytes / OS_PAGE_BYTES * OS_PAGE_BYTES);
    } else {
        block_allocate(block, size_bytes);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        bench_fail("large REPLACEMENTS");
    }
    struct draw draw = {3};
    struct block blocks[LIVE] = {{0}};
    for (uint32_t i = 0; i < LIVE; i++) {
        take(&draw, &blocks[i]);
    }
    for (uint32_t left = bench_number(argv[1]); left > 0; left--) {
        struct block *block = &blocks[draw_below(&draw, LIVE)];
        block_free(block);
        take(&draw, block);
    }
    for (uint32_t i = 0; i < LIVE; i++) {
        block_free(&blocks[i]);
    }
    return EXIT_SUCCESS;
}
