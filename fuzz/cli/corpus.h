// A working corpus while libFuzzer adds to it. libFuzzer takes no notice of a write that fails, so
// that is noticed here.
#ifndef CLI_CORPUS_H
#define CLI_CORPUS_H

#include <stddef.h>

#include "cli/sha1.h"

struct corpus {
    const char *folder;
    char (*names)[SHA1_DIGITS + 1]; ///< Of the programs that were there, in their order.
    size_t count, capacity;
};

/// Notes which programs are there already: none of them is ever removed. Ends the process with a
/// sentence and status 2 iff the folder can't be read or there is no memory.
void corpus_open(struct corpus *corpus, const char *folder);

/// Returns 0, or the number of the error with which no program can be written there now.
int corpus_probe(const struct corpus *corpus);

/// Removes what libFuzzer has not written whole since the corpus was opened. Returns how many files
/// that were.
size_t corpus_sweep(const struct corpus *corpus);

void corpus_close(struct corpus *corpus);

#endif
