// One thread allocates, another one frees: producer_consumer BATCHES.
//
// The producer hands over batches of blocks through a ring that holds 32 of them; a batch is itself
// a block. Sizes are 8 to 511 bytes, every power of two as likely as the next.
#include "block.h"

#include <pthread.h>

enum { RING_BATCHES = 32, BATCH_BLOCKS = 200 };

struct batch {
    struct block blocks[BATCH_BLOCKS];
};

static struct batch *ring[RING_BATCHES];
static uint32_t put_count;
static uint32_t taken_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_changed = PTHREAD_COND_INITIALIZER;

static void put(struct batch *batch)
{
    pthread_mutex_lock(&mutex);
    while (put_count - taken_count == RING_BATCHES) {
        pthread_cond_wait(&has_changed, &mutex);
    }
    ring[put_count++ % RING_BATCHES] = batch;
    pthread_cond_signal(&has_changed);
    pthread_mutex_unlock(&mutex);
}

static struct batch *take(void)
{
    pthread_mutex_lock(&mutex);
    while (put_count == taken_count) {
        pthread_cond_wait(&has_changed, &mutex);
    }
    struct batch *batch = ring[taken_count++ % RING_BATCHES];
    pthread_cond_signal(&has_changed);
    pthread_mutex_unlock(&mutex);
    return batch;
}

static void *consume(void *argument)
{
    for (uint32_t left = *(uint32_t *)argument; left > 0; left--) {
        struct batch *batch = take();
        for (size_t i = 0; i < BATCH_BLOCKS; i++) {
            block_free(&batch->blocks[i]);
        }
        free(batch);
    }
    return NULL;
}

static void produce(struct draw *draw)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        bench_fail("no memory");
    }
    for (size_t i = 0; i < BATCH_BLOCKS; i++) {
        block_allocate(&batch->blocks[i], draw_size(draw, 3, 9));
    }
    put(batch);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        bench_fail("producer_consumer BATCHES");
    }
    struct draw draw = {5};
    uint32_t batches = bench_number(argv[1]);
    pthread_t consumer;
    if (pthread_create(&consumer, NULL, consume, &batches) != 0) {
        bench_fail("no thread");
    }
    for (uint32_t left = batches; left > 0; left--) {
        produce(&draw);
    }
    pthread_join(consumer, NULL);
    return EXIT_SUCCESS;
}
