// The gist of an op's answer: a word or two without an address, so that answers of several
// allocators can stand side by side.
#ifndef FINDINGS_GIST_H
#define FINDINGS_GIST_H

#include "runner/run.h"

#define GIST_BYTES 40U

/// Notes what a run's next op finds. A plan calls it before each op.
void gist_note(const struct run *run);

/// Writes the gist of the op that has just been made.
void gist_print(const struct run *run, char text[GIST_BYTES]);

#endif
