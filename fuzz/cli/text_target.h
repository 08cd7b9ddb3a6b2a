// The target that reads texts and runs nothing, in heapfuzz.
#ifndef CLI_TEXT_TARGET_H
#define CLI_TEXT_TARGET_H

#include "cli/command.h"
#include "cli/finding.h"

/// Holds files against the laws of the op language, and prints how each was read.
void text_target_replay(int argc, char **argv, int first_file);

/// Does for a text what finding_tell does for a program.
bool text_target_tell_finding(const struct fuzzer_output *fuzzer, const struct choice *choice);

#endif
