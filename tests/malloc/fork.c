// A process forks while its other threads allocate. Whatever they hold at that moment, the child
// can allocate, free its parent's blocks, and fork again. Runs with libcomheap-malloc.so preloaded.

#define _GNU_SOURCE // For fork, alarm and waitpid.

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define FORKS 150
#define BLOCKS 64
#define CHILD_SECONDS 30 // A child that is stuck would be so for good.

static atomic_bool is_over;
static atomic_uint rounds;

// Blocks of many classes and some runs: all that a call can be in the middle of.
static void churn(void **blocks, unsigned seed)
{
    for (unsigned i = 0; i < 4 * BLOCKS; i++) {
        void **block = &blocks[i % BLOCKS];
        seed = seed * 1664525 + 1013904223;
        size_t size_bytes = seed >> 16 & (i % 16 == 0 ? 0xffff : 0x3ff);
        void *resized = i % 3 == 0 ? realloc(*block, size_bytes + 1) : NULL;
        if (resized == NULL) {
            free(*block);
            resized = malloc(size_bytes + 1);
        }
        if (resized == NULL) {
            abort();
        }
        memset(resized, 1, size_bytes + 1);
        *block = resized;
    }
}

static void *work(void *argument)
{
    void *blocks[BLOCKS] = {NULL};
    unsigned seed = *(unsigned *)argument;
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        churn(blocks, seed++);
        atomic_fetch_add_explicit(&rounds, 1, memory_order_relaxed);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    return NULL;
}

static void *work_once(void *argument)
{
    void *blocks[BLOCKS] = {NULL};
    churn(blocks, *(unsigned *)argument);
    for (size_t i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
    return NULL;
}

// Runs first in a child: uses its parent's blocks, and a thread of its own.
static void live(void **blocks)
{
    unsigned seed = 5;
    pthread_t thread;
    (void)alarm(CHILD_SECONDS);
    churn(blocks, 1);
    if (pthread_create(&thread, NULL, work_once, &seed) != 0 || pthread_join(thread, NULL) != 0) {
        _exit(2);
    }
}

// Forks, and returns the child's end: 0 when all went well. Some have a child in turn.
static int status_of_child(void **blocks, bool has_child)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        live(blocks);
        if (has_child) {
            pid_t grandchild = fork();
            if (grandchild == 0) {
                live(blocks);
                _exit(0);
            }
            if (waitpid(grandchild, &status, 0) != grandchild || status != 0) {
                _exit(3);
            }
        }
        _exit(0);
    }
    return waitpid(child, &status, 0) == child ? status : -1;
}

int main(void)
{
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    void *blocks[BLOCKS] = {NULL};
    int wrong = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i;
        if (pthread_create(&threads[i], NULL, work, &seeds[i]) != 0) {
            return 2;
        }
    }
    for (unsigned i = 0; i < FORKS && wrong == 0; i++) {
        churn(blocks, i);
        int status = status_of_child(blocks, i % 4 == 0);
        if (status != 0) {
            (void)fprintf(stderr, "fork %u: the child ended with status 0x%x\n", i, status);
            wrong++;
        }
    }
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    if (atomic_load(&rounds) < THREADS) {
        (void)fprintf(stderr, "the threads did nothing\n");
        wrong++;
    }
    return wrong == 0 ? 0 : 1;
}
