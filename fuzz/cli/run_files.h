// Files of a fuzzing run: its corpus, and beside that its log and temporary files.
#ifndef CLI_RUN_FILES_H
#define CLI_RUN_FILES_H

#include <limits.h>
#include <stddef.h>

#include "cli/command.h"

struct run_files {
    char fuzzer[PATH_MAX];    ///< The target's program, which the build puts beside this one. A
                              ///< port has one for all targets.
    char corpus[PATH_MAX];    ///< The working corpus; libFuzzer adds to it.
    char seeds[PATH_MAX];     ///< The compiled seed corpus, beside this program; it may be missing.
    char log[PATH_MAX];       ///< All output of the target. Locked while it is open.
    char counters[PATH_MAX];  ///< See counters_share.
    char artifacts[PATH_MAX]; ///< The first part of the paths of libFuzzer's findings.
    int log_file;
    size_t programs, seed_programs; ///< How many there are.
};

/// Finds all files, and makes missing ones. A folder of NULL is work-TARGET-SUBJECT beside this
/// program, followed by the other subject where there is one. Refuses a file that it can't make.
void run_files_open(struct run_files *files, const struct choice *choice, const char *folder);

/// Removes the temporary files.
void run_files_close(struct run_files *files);

#endif
