// Gives each block back at once: pairs SIZE PAIRS [threaded].
//
// This is the shortest path that an allocator has; tests/bench/instructions counts it. A few blocks
// of that size stay live, since an allocator may do more when its last one is freed. With threaded,
// a second thread has begun and ended before: an allocator may do more from then on, too.
#include "block.h"

#include <pthread.h>
#include <string.h>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#else
enum { __libc_single_threaded = 0 };
#endif

enum { LIVE = 8 };

static void *end(void *argument)
{
    return argument;
}

static void have_had_two_threads(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, end, NULL) != 0 || pthread_join(thread, NULL) != 0) {
        bench_fail("no thread");
    }
    if (__libc_single_threaded) {
        bench_fail("the C library says that there was one thread only");
    }
}

int main(int argc, char **argv)
{
    bool is_threaded = argc == 4 && strcmp(argv[3], "threaded") == 0;
    if (argc != 3 && !is_threaded) {
        bench_fail("pairs SIZE PAIRS [threaded]");
    }
    uint32_t size_bytes = bench_number(argv[1]);
    if (is_threaded) {
        have_had_two_threads();
    }
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
