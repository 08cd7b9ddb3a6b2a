// Small blocks come and go on one thread: small_churn ROUNDS.
//
// A program that works on one request after the other. A round takes a handful of blocks and gives
// most of them back soon, in the order that it took them or in the reverse one. It leaves a few in
// a working set, where each replaces an older one. Sizes are 1 to 1023 bytes, every power of two as
// likely as the next. One block in eight comes from calloc.
#include "block.h"

enum { WORKING_SET = 4096, ROUND_BLOCKS = 32 };

static struct block working_set[WORKING_SET];

static void take(struct draw *draw, struct block *block)
{
    uint32_t size_bytes = draw_size(draw, 0, 10);
    if (draw_below(draw, 8) == 0) {
        block_allocate_zeros(block, size_bytes);
    } else {
        block_allocate(block, size_bytes);
    }
}

static void keep(struct draw *draw, struct block *block)
{
    struct block *slot = &working_set[draw_below(draw, WORKING_SET)];
    block_free(slot);
    *slot = *block;
}

static void serve(struct draw *draw)
{
    struct block blocks[ROUND_BLOCKS] = {{0}};
    uint32_t count = 1 + draw_below(draw, ROUND_BLOCKS);
    bool is_last_first = draw_below(draw, 2) == 0;
    for (uint32_t i = 0; i < count; i++) {
        take(draw, &blocks[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct block *block = &blocks[is_last_first ? count - 1 - i : i];
        if (draw_below(draw, 8) == 0) {
            keep(draw, block);
        } else {
            block_free(block);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        bench_fail("small_churn ROUNDS");
    }
    struct draw draw = {1};
    for (size_t i = 0; i < WORKING_SET; i++) {
        take(&draw, &working_set[i]);
    }
    for (uint32_t left = bench_number(argv[1]); left > 0; left--) {
        serve(&draw);
    }
    for (size_t i = 0; i < WORKING_SET; i++) {
        block_free(&working_set[i]);
    }
    return EXIT_SUCCESS;
}
