// heapfuzz random --threads: rounds of programs on real threads.
#ifndef CLI_RANDOM_THREADS_H
#define CLI_RANDOM_THREADS_H

#include "cli/command.h"
#include "cli/words.h"

struct random_threads {
    const struct choice *choice;
    size_t threads, count, seed;
    size_t round;                          ///< Only this one, counted from 1, each time; 0: all.
    const struct words *files;             ///< They begin the pool, and are named again.
    void (*make)(struct program *program); ///< Makes the next program of the seed.
};

/// Runs `count` rounds, each in a process of its own, and prints what they did. Repeats a round
/// with a finding, and prints how often it fails. Returns the exit status.
int random_threads(const struct random_threads *wanted);

#endif
