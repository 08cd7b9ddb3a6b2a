// The progress of a run as a line: rewritten in place on a terminal, otherwise one now and then.
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/fuzzer_output.h"

/// Ticks that a rate is measured over, so that it neither flickers nor lags.
#define PROGRESS_SAMPLES 8U

struct progress {
    bool is_live; ///< Standard output is a terminal that can rewrite a line.
    double began;
    double printed; ///< The time of the last line.
    size_t seconds; ///< The length of the run.
    size_t ticks;
    struct {
        double time;
        uint64_t programs, calls;
    } samples[PROGRESS_SAMPLES];
};

/// Returns whether standard output is a terminal that can rewrite a line.
bool progress_is_live(void);

void progress_begin(struct progress *progress, size_t seconds);

/// Prints the line where it is due. Called about four times a second; reads the harness's counters.
void progress_tick(struct progress *progress, const struct fuzzer_output *fuzzer);

/// Leaves the cursor at the start of an empty line.
void progress_end(const struct progress *progress);

#endif
