// See fork_handlers.h.

#include "fork_handlers.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool has_begun;
static int called;

static void run(void)
{
    if (!has_begun) {
        return;
    }
    for (size_t size_bytes = 16; size_bytes < 100000; size_bytes *= 4) {
        void *volatile block = malloc(size_bytes); // Otherwise the compiler drops it.
        free(block);
    }
    called++;
}

static void prepare(void)
{
    if (has_begun) {
        (void)fflush(NULL);
    }
    run();
}

__attribute__((constructor)) static void register_early(void)
{
    if (pthread_atfork(prepare, run, run) != 0) {
        abort();
    }
}

void fork_handlers_begin(void)
{
    has_begun = true;
}

int fork_handlers_called(void)
{
    return called;
}
