// A finding, for people: what happened, the program as text, and how to run it again.
#ifndef CLI_FINDING_H
#define CLI_FINDING_H

#include "cli/command.h"
#include "cli/listen.h"

/// No program that libFuzzer makes is longer.
#define PROGRAM_BYTES 4096U

/// Room for the name that a finding is kept under.
#define FINDING_NAME_BYTES 64U

/// Opens the first of finding-FAULT.SUFFIX, finding-FAULT-2.SUFFIX, ... that is not there yet, and
/// gives its name. Returns NULL iff it can't be written.
FILE *finding_open(const char *fault, const char *suffix, char name[FINDING_NAME_BYTES]);

/// Closes it. Returns false, with errno, iff not all of it is written; then it is gone again.
bool finding_close(FILE *file, const char *name);

/// Prints the report, keeps the program as finding-FAULT.ops in the current folder, where no file
/// is ever overwritten, and prints the line that replays it.
void finding_tell(const struct heard *heard, const struct choice *choice);

#endif
