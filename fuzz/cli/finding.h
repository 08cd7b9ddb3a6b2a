// A finding, for people: what happened, the program as text, and how to run it again.
#ifndef CLI_FINDING_H
#define CLI_FINDING_H

#include "cli/command.h"
#include "cli/listen.h"

/// No program that libFuzzer makes is longer.
#define PROGRAM_BYTES 4096U

/// Room for the name that a finding is kept under.
#define FINDING_NAME_BYTES 64U

/// Prints the report, keeps the program as finding-FAULT.ops in the current folder, where no file
/// is ever overwritten, and prints the line that replays it.
void finding_tell(const struct heard *heard, const struct choice *choice);

#endif
