// A server that replaces its threads: larson THREADS ROUNDS.
//
// After Larson and Krishnan's benchmark. Each thread replaces random blocks of its array, hands the
// array to a new thread and ends; so most blocks are freed by another thread than the one that
// allocated them, and that one is gone. THREADS such chains run at once, each ROUNDS threads long.
// Sizes are 8 to 999 bytes, each as likely as the next.
#include "block.h"

#include <pthread.h>

enum { MOST_THREADS = 64, CHAIN_BLOCKS = 2000, REPLACEMENTS = 10000 };

struct chain {
    struct draw draw;
    uint32_t rounds_left;
    struct block blocks[CHAIN_BLOCKS];
};

static struct chain chains[MOST_THREADS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_ended = PTHREAD_COND_INITIALIZER;
static uint32_t chains_left;

static void start_thread(struct chain *chain);

static void *serve(void *argument)
{
    struct chain *chain = argument;
    for (uint32_t left = REPLACEMENTS; left > 0; left--) {
        struct block *block = &chain->blocks[draw_below(&chain->draw, CHAIN_BLOCKS)];
        block_free(block);
        block_allocate(block, 8 + draw_below(&chain->draw, 992));
    }
    chain->rounds_left--;
    if (chain->rounds_left > 0) {
        start_thread(chain);
    } else {
        pthread_mutex_lock(&mutex);
        chains_left--;
        pthread_cond_signal(&has_ended);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void start_thread(struct chain *chain)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, chain) != 0 || pthread_detach(thread) != 0) {
        bench_fail("no thread");
    }
}

int main(int argc, char **argv)
{
    if (argc != 3 || bench_number(argv[1]) > MOST_THREADS) {
        bench_fail("larson THREADS ROUNDS, at most 64 threads");
    }
    uint32_t count = chains_left = bench_number(argv[1]);
    for (uint32_t i = 0; i < count; i++) {
        chains[i].draw.state = i;
        chains[i].rounds_left = bench_number(argv[2]);
        for (size_t k = 0; k < CHAIN_BLOCKS; k++) {
            block_allocate(&chains[i].blocks[k], 8 + draw_below(&chains[i].draw, 992));
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        start_thread(&chains[i]);
    }
    pthread_mutex_lock(&mutex);
    while (chains_left > 0) {
        pthread_cond_wait(&has_ended, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    for (uint32_t i = 0; i < count; i++) {
        for (size_t k = 0; k < CHAIN_BLOCKS; k++) {
            block_free(&chains[i].blocks[k]);
        }
    }
    return EXIT_SUCCESS;
}
