// The memory that stays when everything was freed: returned BLOCKS.
//
// Allocates so many blocks of 1 MiB, writes them, and frees them in that order. Prints the KiB that
// are resident before the first block, after the last free, and after malloc_trim(0).
#include "resident.h"

#include <malloc.h>

enum { BLOCK_BYTES = 1024 * 1024 };

int main(int argc, char **argv)
{
    if (argc != 2) {
        bench_fail("returned BLOCKS");
    }
    uint32_t count = bench_number(argv[1]);
    struct block *blocks = calloc(count, sizeof *blocks);
    if (blocks == NULL) {
        bench_fail("no memory");
    }
    unsigned long before = resident_kibibytes();
    for (uint32_t i = 0; i < count; i++) {
        block_allocate(&blocks[i], BLOCK_BYTES);
    }
    for (uint32_t i = 0; i < count; i++) {
        block_free(&blocks[i]);
    }
    unsigned long after = resident_kibibytes();
    malloc_trim(0);
    printf("%lu %lu %lu\n", before, after, resident_kibibytes());
    free(blocks);
    return EXIT_SUCCESS;
}
