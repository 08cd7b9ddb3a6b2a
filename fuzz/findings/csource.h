// A program as a C file that stands alone: nothing of the harness is in it, only the calls that the
// program makes, and the checks of the law that it breaks.
#ifndef FINDINGS_CSOURCE_H
#define FINDINGS_CSOURCE_H

#include <stdio.h>

#include "runner/trial.h"

/// The words that compile what is written for a subject, the file's name between the two; NULL:
/// nothing can be written for it.
struct csource_compile {
    const char *before, *after;
};
const struct csource_compile *csource_compile(const struct subject *subject);

/// Runs a program in a process of its own, and writes it up to the op that breaks a law as C. What
/// is written ends with status 1 iff that law is broken; where the run breaks none, iff any is that
/// C code can see. `name` is the file's, for its comment. Returns the verdict of the run.
///
/// Precondition: csource_compile has words for the plan's subject.
trial_verdict csource_write(FILE *file, const struct plan *plan, const struct program *program,
                            const char *name);

#endif
