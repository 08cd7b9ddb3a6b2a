// Runs a program with an allocator, and prints its cost: measure LIBRARY PROGRAM ARGUMENT...
//
// LIBRARY is preloaded into the program; - is none. It prints the seconds from start to end, the
// seconds of processor time, and the most memory, in KiB, that was resident at a time. Its exit
// status is the program's, 1 if a signal ended that one, as it does after five minutes.
//
// It is small because a process starts its life with the peak of its parent: a large one would hide
// the needs of a small program.
#define _DEFAULT_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

enum { MOST_SECONDS = 300 };

static void become(const char *library, char **program)
{
    if (strcmp(library, "-") != 0) {
        setenv("LD_PRELOAD", library, 1);
    }
    alarm(MOST_SECONDS); // It holds for the program, too.
    execv(program[0], program);
    perror(program[0]);
    _exit(127);
}

int main(int argc, char **argv)
{
    int status;
    struct rusage usage;
    if (argc < 3) {
        fprintf(stderr, "measure LIBRARY PROGRAM ARGUMENT...\n");
        return EXIT_FAILURE;
    }
    double start = now();
    pid_t child = fork();
    if (child == 0) {
        become(argv[1], argv + 2);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        perror("measure");
        return EXIT_FAILURE;
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "%s\n",
                WTERMSIG(status) == SIGALRM ? "it took too long" : strsignal(WTERMSIG(status)));
    }
    printf("%.6f %.6f %ld\n", now() - start, seconds(usage.ru_utime) + seconds(usage.ru_stime),
           usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
