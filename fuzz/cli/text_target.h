// What heapfuzz does for the target that reads texts and runs nothing.
#ifndef CLI_TEXT_TARGET_H
#define CLI_TEXT_TARGET_H

#include "cli/command.h"
#include "cli/finding.h"

/// Holds files against the laws of the op language, and says what each is.
void texts_replay(int argc, char **argv, int first_file);

/// As finding_tell, for a text.
bool texts_tell_finding(const struct fuzzer_output *fuzzer, const struct choice *choice);

#endif
