// A finding, for people: what happened, the program as text, and how to run it again.
#ifndef CLI_FINDING_H
#define CLI_FINDING_H

#include "cli/command.h"
#include "cli/fuzzer_output.h"
#include "cli/output.h"

/// Room for the name that a finding is kept under.
#define FINDING_NAME_BYTES 64U

/// Reads what libFuzzer saved, at most TARGET_MOST_BYTES. Returns false iff it can't be read or is
/// not whole, which then is gone; then the report is printed and a sentence that says so.
bool finding_read(const struct fuzzer_output *fuzzer, uint8_t *bytes, size_t *size_bytes);

/// Opens a file for a finding. finding_close gives it the first of the names finding-FAULT.SUFFIX,
/// finding-FAULT-2.SUFFIX, ... that no file has yet, nor one of that name in C. Both return false,
/// having said why, iff it can't be written; then there is no such file.
bool finding_open(struct output *output, const char *fault, const char *suffix);
bool finding_close(struct output *output, const char *fault, const char *suffix,
                   char name[FINDING_NAME_BYTES]);

/// Prints the report, keeps the program as finding-FAULT.ops in the current folder, where no file
/// is ever overwritten, and prints the line that replays it. Returns false, having said why, iff
/// not all of that could be written.
bool finding_tell(const struct fuzzer_output *fuzzer, const struct choice *choice);

#endif
