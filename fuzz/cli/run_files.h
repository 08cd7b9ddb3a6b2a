// Where a fuzzing run keeps things: its corpus, and beside that its log and what does not outlive
// it.
#ifndef CLI_RUN_FILES_H
#define CLI_RUN_FILES_H

#include <limits.h>
#include <stddef.h>

#include "cli/command.h"

struct run_files {
    char fuzzer[PATH_MAX];    ///< The target's program, which the build puts beside this one.
    char corpus[PATH_MAX];    ///< The working corpus; libFuzzer adds to it.
    char seeds[PATH_MAX];     ///< The compiled seed corpus, beside this program; it may be missing.
    char log[PATH_MAX];       ///< All that the target writes. Ours alone while it is open.
    char counters[PATH_MAX];  ///< See counters_share.
    char artifacts[PATH_MAX]; ///< What the paths of libFuzzer's findings begin with.
    int log_file;
    size_t programs, seed_programs; ///< How many there are.
};

/// Finds all places and makes what is missing, the working corpus too; a folder of NULL means
/// work-TARGET-SUBJECT beside this program, with the other subject behind it where there is one.
/// Refuses what can't be.
void run_files_open(struct run_files *files, const struct choice *choice, const char *folder);

/// Removes what does not outlive a run.
void run_files_close(struct run_files *files);

#endif
