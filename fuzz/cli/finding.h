// A finding for people: its report, the program as text, and the command that runs it again.
#ifndef CLI_FINDING_H
#define CLI_FINDING_H

#include "cli/command.h"
#include "cli/fuzzer_output.h"
#include "cli/output.h"

/// Room for the name of a finding's file.
#define FINDING_NAME_BYTES 64U

/// Reads the program that libFuzzer saved, at most TARGET_MOST_BYTES. Returns false iff it can't be
/// read or was written in part. Then it prints the report and a sentence, and removes the part.
bool finding_read(const struct fuzzer_output *fuzzer, uint8_t *bytes, size_t *size_bytes);

/// Opens a file for a finding. finding_close names it finding-FAULT.SUFFIX, finding-FAULT-2.SUFFIX
/// and so on: the first name that neither a file nor its form in C has. Both print why and return
/// false iff the file can't be written; then there is none.
bool finding_open(struct output *output, const char *fault, const char *suffix);
bool finding_close(struct output *output, const char *fault, const char *suffix,
                   char name[FINDING_NAME_BYTES]);

/// Prints the report, keeps the program as finding-FAULT.ops in the current folder, and prints the
/// command that replays it. Overwrites no file. Prints why and returns false iff not all of that
/// could be written.
bool finding_tell(const struct fuzzer_output *fuzzer, const struct choice *choice);

#endif
