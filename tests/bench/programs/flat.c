// The cost of a call at a number of live blocks: flat BLOCKS REPLACEMENTS.
//
// Allocates BLOCKS blocks, then replaces random ones of them. Prints the nanoseconds of one call:
// first those of a replacement's two calls, a free and a malloc. Then it prints those of the same
// loop without them, which finds and touches the blocks. Sizes are 16 to 79 bytes.
#include "block.h"

#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void replace(struct draw *draw, struct block *block)
{
    block_free(block);
    block_allocate(block, 16 + draw_below(draw, 64));
}

static void touch(struct draw *draw, struct block *block)
{
    block_check_ends(block);
    block->tag = (unsigned char)draw_below(draw, 64);
    block_write_from(block, 0);
}

static double nanoseconds_a_call(struct block *blocks, uint32_t count, uint32_t replacements,
                                 void (*act)(struct draw *, struct block *))
{
    struct draw draw = {6};
    double start = now();
    for (uint32_t left = replacements; left > 0; left--) {
        act(&draw, &blocks[draw_below(&draw, count)]);
    }
    return (now() - start) / (2.0 * replacements);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        bench_fail("flat BLOCKS REPLACEMENTS");
    }
    struct draw draw = {7};
    uint32_t count = bench_number(argv[1]);
    uint32_t replacements = bench_number(argv[2]);
    struct block *blocks = calloc(count, sizeof *blocks);
    if (blocks == NULL) {
        bench_fail("no memory");
    }
    for (uint32_t i = 0; i < count; i++) {
        block_allocate(&blocks[i], 16 + draw_below(&draw, 64));
    }
    double replacing = nanoseconds_a_call(blocks, count, replacements, replace);
    printf("%.2f %.2f\n", replacing, nanoseconds_a_call(blocks, count, replacements, touch));
    for (uint32_t i = 0; i < count; i++) {
        block_free(&blocks[i]);
    }
    free(blocks);
    return EXIT_SUCCESS;
}
