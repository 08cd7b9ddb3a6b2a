// The memory of threads that have worked and now wait: idle_threads THREADS KIBIBYTES.
//
// One thread after the other begins and allocates 4 MiB of blocks of 16 to 4095 bytes, every power
// of two as likely as the next. It frees them in that order, so that at most so many KiB are live
// at a time, and waits. Prints the KiB that are resident before the first thread, while all wait,
// and after malloc_trim(0).
#include "resident.h"

#include <malloc.h>
#include <pthread.h>

enum { WORK_BYTES = 4 * 1024 * 1024, BLOCKS_MOST = WORK_BYTES / 16, BLOCK_BYTES_MOST = 4096 };

static struct block blocks[BLOCKS_MOST]; // Of the one thread that works.
static int done[2], never[2];            // Pipes.

static void work(size_t live_bytes_most)
{
    struct draw draw = {9};
    size_t first = 0;
    size_t end = 0;
    size_t live_bytes = 0;
    for (size_t left = WORK_BYTES; left >= BLOCK_BYTES_MOST; left -= blocks[end++].size_bytes) {
        block_allocate(&blocks[end], draw_size(&draw, 4, 12));
        live_bytes += blocks[end].size_bytes;
        for (; live_bytes > live_bytes_most; first++) {
            live_bytes -= blocks[first].size_bytes;
            block_free(&blocks[first]);
        }
    }
    for (; first < end; first++) {
        block_free(&blocks[first]);
    }
}

static void *work_and_wait(void *argument)
{
    char byte;
    work(*(size_t *)argument);
    if (write(done[1], "", 1) != 1 || read(never[0], &byte, 1) != 0) {
        bench_fail("a thread can't wait");
    }
    return argument;
}

static void begin_all(pthread_t *threads, uint32_t count, size_t *live_bytes_most)
{
    char byte;
    for (uint32_t i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, work_and_wait, live_bytes_most) != 0 ||
            read(done[0], &byte, 1) != 1) {
            bench_fail("no thread");
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 3 || pipe(done) != 0 || pipe(never) != 0) {
        bench_fail("idle_threads THREADS KIBIBYTES");
    }
    uint32_t count = bench_number(argv[1]);
    size_t live_bytes_most = (size_t)bench_number(argv[2]) << 10;
    pthread_t *threads = calloc(count, sizeof *threads);
    if (threads == NULL) {
        bench_fail("no memory");
    }
    unsigned long before = resident_kibibytes();
    begin_all(threads, count, &live_bytes_most);
    unsigned long idle = resident_kibibytes();
    malloc_trim(0);
    printf("%lu %lu %lu\n", before, idle, resident_kibibytes());
    close(never[1]); // Each thread reads the end of it, and ends.
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
    return EXIT_SUCCESS;
}
