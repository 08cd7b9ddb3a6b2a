// A fuzzing run, as far as it has come: what runs it and what tells its end share it.
#ifndef CLI_FUZZING_H
#define CLI_FUZZING_H

#include <limits.h>
#include <signal.h>

#include "cli/child.h"
#include "cli/command.h"
#include "cli/corpus.h"
#include "cli/fuzzer_output.h"
#include "cli/progress.h"
#include "cli/run_files.h"

struct fuzzing {
    struct choice choice;
    size_t seconds;
    struct run_files files;
    struct child child;
    struct fuzzer_output fuzzer;
    struct progress progress;
    uint64_t done_before; ///< At the last tick.
    struct corpus corpus;
    unsigned ticks; ///< Until the folder is probed again.
    unsigned idle_ticks;
    unsigned stopping_ticks;
    bool is_hung;
    sig_atomic_t stop_signal; ///< 0: none came.
    struct {
        const char *path; ///< Where something could not be written; NULL: all was.
        int error;
    } unwritten;
};

/// Prints what was done or found, and what went wrong. Returns the exit status.
int fuzzing_tell_end(const struct fuzzing *fuzzing);

#endif
