// A working corpus while libFuzzer adds to it. libFuzzer ignores writes that fail; this part
// notices them.
#ifndef CLI_CORPUS_H
#define CLI_CORPUS_H

#include <stddef.h>

#include "cli/sha1.h"

struct corpus {
    const char *folder;
    char (*names)[SHA1_DIGITS + 1]; ///< Of the programs that were there, sorted.
    size_t count, capacity;
};

/// Lists the programs that are there already: no sweep removes them. Ends the process with a
/// sentence and status 2 iff the folder can't be read or there is no memory.
void corpus_open(struct corpus *corpus, const char *folder);

/// Tries to write a program there. Returns 0, or the number of the error.
int corpus_probe(const struct corpus *corpus);

/// Removes the files that libFuzzer wrote in part since the corpus was opened. Returns their
/// number.
size_t corpus_sweep(const struct corpus *corpus);

void corpus_close(struct corpus *corpus);

#endif
