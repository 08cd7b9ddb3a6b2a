// What heapfuzz does for the target that reads texts and runs nothing.
#ifndef CLI_TEXTS_H
#define CLI_TEXTS_H

#include "cli/command.h"
#include "cli/finding.h"

/// Holds files against the laws of the op language, and says what each is.
void texts_replay(int argc, char **argv, int first_file);

/// As finding_tell, for a text.
bool texts_tell_finding(const struct heard *heard, const struct choice *choice);

#endif
