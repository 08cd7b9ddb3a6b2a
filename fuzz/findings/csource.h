// A program as a C file that stands alone: the calls of the program, and the parts of standalone.c
// that check their answers. The file needs nothing of the harness except, for a port, port.h.
#ifndef FINDINGS_CSOURCE_H
#define FINDINGS_CSOURCE_H

#include <stdio.h>

#include "runner/trial.h"

/// Prints the command that compiles a subject's program, `name`, without the end of the line. The
/// program of a port needs the port, its allocator and heapfuzz/port.h: the words of the
/// environment variable HEAPFUZZ_WORDS where there are any.
void csource_print_command(FILE *file, const struct subject *subject, const char *name);

/// Returns whether a program as C makes all of its calls. Misuse of a port has no C form: such ops
/// only ask about their address.
bool csource_is_whole(const struct plan *plan, const struct program *program);

/// Runs a program in a process of its own, and writes it as C. The C program ends with status 1 as
/// long as the law that the run breaks is broken. Where the run breaks none, the C program checks
/// every law that C can check. `name` is the file's, for its comment. Returns the run's verdict.
trial_verdict csource_write(FILE *file, const struct plan *plan, const struct program *program,
                            const char *name);

#endif
