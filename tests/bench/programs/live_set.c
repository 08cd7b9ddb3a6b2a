// A large set of live blocks, of which random ones are replaced: live_set BLOCKS REPLACEMENTS.
//
// Nothing is freed in the order in which it was allocated, nor in the opposite one. Most blocks are
// out of the cache by the time they are freed. Sizes are 8 to 4095 bytes, every power of two as
// likely as the next.
#include "block.h"

int main(int argc, char **argv)
{
    if (argc != 3) {
        bench_fail("live_set BLOCKS REPLACEMENTS");
    }
    struct draw draw = {2};
    uint32_t count = bench_number(argv[1]);
    struct block *blocks = calloc(count, sizeof *blocks);
    if (blocks == NULL) {
        bench_fail("no memory");
    }
    for (uint32_t i = 0; i < count; i++) {
        block_allocate(&blocks[i], draw_size(&draw, 3, 12));
    }
    for (uint32_t left = bench_number(argv[2]); left > 0; left--) {
        struct block *block = &blocks[draw_below(&draw, count)];
        block_free(block);
        block_allocate(block, draw_size(&draw, 3, 12));
    }
    for (uint32_t i = 0; i < count; i++) {
        block_free(&blocks[i]);
    }
    free(blocks);
    return EXIT_SUCCESS;
}
