// Gives each block back at once: pairs SIZE PAIRS.
//
// This is the shortest path that an allocator has; tests/bench/instructions counts it. A few blocks
// of that size stay live, since an allocator may do more when its last one is freed.
#include "block.h"

enum { LIVE = 8 };

int main(int argc, char **argv)
{
    if (argc != 3) {
        bench_fail("pairs SIZE PAIRS");
    }
    uint32_t size_bytes = bench_number(argv[1]);
    struct block live[LIVE] = {{0}};
    for (size_t i = 0; i < LIVE; i++) {
        block_allocate(&live[i], size_bytes);
    }
    for (uint32_t left = bench_number(argv[2]); left > 0; left--) {
        volatile unsigned char *block = malloc(size_bytes);
        *block = 1;
        free((void *)block);
    }
    for (size_t i = 0; i < LIVE; i++) {
        block_free(&live[i]);
    }
    return EXIT_SUCCESS;
}
