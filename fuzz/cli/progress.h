// How far a run is, as a line: rewritten in place on a terminal, otherwise a line now and then.
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/fuzzer_output.h"

/// Rates are over so many ticks, so that they neither flicker nor lag.
#define PROGRESS_SAMPLES 8U

struct progress {
    bool is_live; ///< Standard output is a terminal that can rewrite a line.
    double began;
    double printed; ///< When the last line was.
    size_t seconds; ///< That the run is to take.
    size_t ticks;
    struct {
        double time;
        uint64_t programs, calls;
    } samples[PROGRESS_SAMPLES];
};

/// Returns whether standard output is a terminal that can rewrite a line.
bool progress_is_live(void);

void progress_begin(struct progress *progress, size_t seconds);

/// To be called about four times a second; reads the harness's counters.
void progress_tick(struct progress *progress, const struct fuzzer_output *fuzzer);

/// Leaves the cursor at the start of an empty line.
void progress_end(const struct progress *progress);

#endif
