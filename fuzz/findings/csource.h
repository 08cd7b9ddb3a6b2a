// A program as a C file that stands alone: the calls of the program, and the parts of standalone.c
// that check their answers. The file needs nothing of the harness.
#ifndef FINDINGS_CSOURCE_H
#define FINDINGS_CSOURCE_H

#include <stdio.h>

#include "runner/trial.h"

/// Returns the options that compile a subject's programs, each after a blank. A subject without a
/// form in standalone.c needs a header of its author, who replaces my_heap.h.
const char *csource_options(const struct subject *subject);

/// Runs a program in a process of its own, and writes it as C. The C program ends with status 1 as
/// long as the law that the run breaks is broken. Where the run breaks none, the C program checks
/// every law that C can check. `name` is the file's, for its comment. Returns the run's verdict.
trial_verdict csource_write(FILE *file, const struct plan *plan, const struct program *program,
                            const char *name);

#endif
