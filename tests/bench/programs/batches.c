// A thousand blocks, and then a thousand frees: batches alone|handed SIZE BATCHES.
//
// The blocks are freed in the order in which they were allocated: by the same thread, or, if they
// are handed over, by another one. SIZE is a number of bytes, or mixed: 16 to 1023, every power of
// two as likely as the next.
//
// A byte in a pipe hands a batch over, and another one hands it back. So the threads take turns,
// each waits in the kernel, and every run takes the same instructions.
#include "block.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { BATCH_BLOCKS = 1000 };

static uint32_t sizes[BATCH_BLOCKS];
static unsigned char *blocks[BATCH_BLOCKS];

struct pipe_ends {
    int out, in;
};

struct turns {
    struct pipe_ends there, back;
    uint32_t batches;
};

static void choose_sizes(const char *text)
{
    struct draw draw = {8};
    bool is_mixed = strcmp(text, "mixed") == 0;
    uint32_t size_bytes = is_mixed ? 0 : bench_number(text);
    for (size_t i = 0; i < BATCH_BLOCKS; i++) {
        sizes[i] = is_mixed ? draw_size(&draw, 4, 10) : size_bytes;
    }
}

static void allocate_all(void)
{
    for (size_t i = 0; i < BATCH_BLOCKS; i++) {
        blocks[i] = malloc(sizes[i]);
        *(volatile unsigned char *)blocks[i] = 1;
    }
}

static void free_all(void)
{
    for (size_t i = 0; i < BATCH_BLOCKS; i++) {
        free(blocks[i]);
    }
}

static struct pipe_ends open_pipe(void)
{
    int ends[2];
    if (pipe(ends) != 0) {
        bench_fail("no pipe");
    }
    return (struct pipe_ends){.out = ends[0], .in = ends[1]};
}

static void hand_over(struct pipe_ends ends)
{
    if (write(ends.in, "", 1) != 1) {
        bench_fail("no turn can be given");
    }
}

static void wait_for(struct pipe_ends ends)
{
    char byte;
    if (read(ends.out, &byte, 1) != 1) {
        bench_fail("no turn can be taken");
    }
}

static void *free_batches(void *argument)
{
    const struct turns *turns = argument;
    for (uint32_t left = turns->batches; left > 0; left--) {
        wait_for(turns->there);
        free_all();
        hand_over(turns->back);
    }
    return NULL;
}

static void hand_batches(uint32_t batches)
{
    struct turns turns = {.there = open_pipe(), .back = open_pipe(), .batches = batches};
    pthread_t other;
    if (pthread_create(&other, NULL, free_batches, &turns) != 0) {
        bench_fail("no thread");
    }
    for (uint32_t left = batches; left > 0; left--) {
        allocate_all();
        hand_over(turns.there);
        wait_for(turns.back);
    }
    pthread_join(other, NULL);
}

int main(int argc, char **argv)
{
    bool is_handed = argc == 4 && strcmp(argv[1], "handed") == 0;
    if (argc != 4 || (!is_handed && strcmp(argv[1], "alone") != 0)) {
        bench_fail("batches alone|handed SIZE BATCHES");
    }
    choose_sizes(argv[2]);
    uint32_t batches = bench_number(argv[3]);
    if (is_handed) {
        hand_batches(batches);
        return EXIT_SUCCESS;
    }
    for (uint32_t left = batches; left > 0; left--) {
        allocate_all();
        free_all();
    }
    return EXIT_SUCCESS;
}
