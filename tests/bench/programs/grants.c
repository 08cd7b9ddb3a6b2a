// The number of blocks that are granted before NULL: grants SIZE MOST.
//
// Allocates blocks of one size, at most so many, and writes to none. Prints how many it got.
#include "block.h"

int main(int argc, char **argv)
{
    if (argc != 3) {
        bench_fail("grants SIZE MOST");
    }
    uint32_t size_bytes = bench_number(argv[1]);
    uint32_t most = bench_number(argv[2]);
    uint32_t count = 0;
    while (count < most && malloc(size_bytes) != NULL) {
        count++;
    }
    printf("%u\n", count);
    fflush(stdout);
    _Exit(EXIT_SUCCESS); // The blocks are lost on purpose; nothing has to look for leaks.
}
