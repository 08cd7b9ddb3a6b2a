// The state of a fuzzing run, shared by the part that runs it and the part that reports its end.
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
    size_t seed; ///< libFuzzer's; 0: one from the time.
    struct run_files files;
    struct child child;
    struct fuzzer_output fuzzer;
    struct progress progress;
    size_t log_bytes;
    uint64_t done_before; ///< At the last tick.
    struct corpus corpus;
    unsigned ticks; ///< Until the folder is probed again.
    unsigned idle_ticks;
    unsigned stopping_ticks;
    bool is_hung;
    sig_atomic_t stop_signal; ///< 0: none came.
    struct {
        const char *path; ///< A file that could not be written; NULL: none.
        int error;
    } unwritten;
};

/// Saves the program that ran when the target ended, where the target did not. So a subject, or the
/// system, may end the process past every handler.
void fuzzing_save_last(struct fuzzing *fuzzing);

/// Prints the tables or the finding, and errors. Returns the exit status.
int fuzzing_tell_end(const struct fuzzing *fuzzing);

#endif
