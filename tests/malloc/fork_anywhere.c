// A process forks where a program may, and none of its children, nor itself, waits for good: while
// one thread reads lines and one flushes every file; and in the handler of a signal that has
// interrupted an allocation. Handlers of fork that a library registers early may allocate and
// flush. Runs with libcomheap-malloc.so preloaded.
//
//     fork_anywhere files | signal | signal-threads

#define _GNU_SOURCE // For getline, sigaction and setitimer.

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fork_handlers.h"

#define SECONDS 60U // A process that waits for a lock does so for good.
#define FORKS 500
#define SIGNALS 100
#define KIB ((size_t)1024)

static atomic_bool is_over;

static void fail(const char *what)
{
    (void)fprintf(stderr, "fork_anywhere: %s\n", what);
    _exit(1);
}

static void *keep(void *block)
{
    if (block == NULL) {
        fail("an allocation was refused");
    }
    return block;
}

// Small and large blocks: most of these calls take the heap's lock.
static void allocate(void)
{
    void *blocks[16];
    for (size_t i = 0; i < 16; i++) {
        blocks[i] = keep(malloc((i % 2 == 0 ? 40 : 24 * KIB) + i));
    }
    blocks[3] = keep(realloc(blocks[3], 80 * KIB));
    for (size_t i = 0; i < 16; i++) {
        free(blocks[i]);
    }
}

// Waits for a child, whose alarm ends it where it hangs.
static void claim_ended_well(pid_t child)
{
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fail("a child did not end well");
    }
}

static void *read_lines(void *file)
{
    while (!atomic_load(&is_over)) {
        char *line = NULL;
        size_t size_bytes = 0;
        rewind(file);
        while (getline(&line, &size_bytes, file) > 0) {
            free(line);
            line = NULL;
            size_bytes = 0;
        }
        free(line);
    }
    return NULL;
}

static void *flush(void *unused)
{
    while (!atomic_load(&is_over)) {
        (void)fflush(NULL);
    }
    return unused;
}

// A file whose lines are too long for a small block.
static FILE *make_file(void)
{
    FILE *file = tmpfile();
    if (file == NULL) {
        fail("there is no file");
    }
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned j = 0; j < 20 * KIB; j++) {
            (void)fputc('x', file);
        }
        (void)fputc('\n', file);
    }
    return file;
}

static void fork_beside_files(void)
{
    pthread_t reader, flusher;
    if (pthread_create(&reader, NULL, read_lines, make_file()) != 0 ||
        pthread_create(&flusher, NULL, flush, NULL) != 0) {
        fail("there are no threads");
    }
    for (unsigned i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            (void)alarm(SECONDS);
            allocate();
            (void)fflush(NULL);
            _exit(0);
        }
        claim_ended_well(child);
    }
    atomic_store(&is_over, true);
    (void)pthread_join(reader, NULL);
    (void)pthread_join(flusher, NULL);
}

static volatile sig_atomic_t signals; // That were handled, and forked.
static volatile sig_atomic_t is_child;

// Some children end here, and some go on with the interrupted work.
static void on_signal(int unused)
{
    (void)unused;
    pid_t child = fork();
    if (child == 0) {
        (void)alarm(SECONDS);
        is_child = 1;
        if (signals % 2 == 0) {
            _exit(0);
        }
        return;
    }
    claim_ended_well(child);
    signals = signals + 1;
}

static void fork_in_a_handler(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    (void)sigaction(SIGVTALRM, &action, NULL);
    for (int i = 0; i < SIGNALS;) {
        struct itimerval soon = {.it_value = {.tv_usec = 50 + i % 50}};
        int before = signals;
        (void)setitimer(ITIMER_VIRTUAL, &soon, NULL);
        while (signals == before && !is_child) {
            allocate();
        }
        if (is_child) {
            allocate();
            _exit(0);
        }
        i = signals;
    }
}

static void *wait_for_the_end(void *unused)
{
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
    while (!atomic_load(&is_over)) {
        allocate();
        (void)usleep(100);
    }
    return unused;
}

int main(int argc, char **argv)
{
    const char *way = argc == 2 ? argv[1] : "";
    (void)alarm(SECONDS);
    if (strcmp(way, "files") == 0) {
        fork_handlers_begin();
        fork_beside_files();
        if (fork_handlers_called() != 2 * FORKS) {
            fail("the library's handlers of fork did not run");
        }
    } else if (strcmp(way, "signal") == 0) {
        fork_in_a_handler();
    } else if (strcmp(way, "signal-threads") == 0) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, wait_for_the_end, NULL) != 0) {
            fail("there is no thread");
        }
        fork_in_a_handler();
        atomic_store(&is_over, true);
        (void)pthread_join(thread, NULL);
    } else {
        fail("files, signal or signal-threads");
    }
    return 0;
}
