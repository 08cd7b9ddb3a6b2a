// Two threads write to small blocks that one thread allocated: false_sharing ROUNDS.
//
// After mimalloc-bench's cache-scratch. An allocator that gives a freed block to the thread that
// freed it lets two threads write to one line of the cache for as long as they run.
#include "block.h"

#include <pthread.h>

enum { THREADS = 2, BLOCK_BYTES = 8, WRITES = 200 };

struct writer {
    pthread_t thread;
    volatile unsigned char *first;
    uint32_t rounds;
};

static void *write_often(void *argument)
{
    struct writer *writer = argument;
    free((void *)writer->first);
    for (uint32_t left = writer->rounds; left > 0; left--) {
        volatile unsigned char *block = malloc(BLOCK_BYTES);
        if (block == NULL) {
            bench_fail("no memory");
        }
        block[0] = 0;
        for (unsigned written = 0; written < WRITES; written++) {
            block[0] = (unsigned char)(block[0] + 1);
        }
        if (block[0] != (unsigned char)WRITES) {
            bench_fail("a block does not hold the written bytes");
        }
        free((void *)block);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        bench_fail("false_sharing ROUNDS");
    }
    struct writer writers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        writers[i].first = malloc(BLOCK_BYTES);
        writers[i].rounds = bench_number(argv[1]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        if (pthread_create(&writers[i].thread, NULL, write_often, &writers[i]) != 0) {
            bench_fail("no thread");
        }
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(writers[i].thread, NULL);
    }
    return EXIT_SUCCESS;
}
