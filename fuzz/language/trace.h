// Recorded traces of real programs, in the form of the CS:APP malloc lab: four header lines
// (suggested heap size, number of ids, number of ops, weight), then an op a line: a ID SIZE,
// r ID SIZE, f ID; f -1 frees NULL. Lines end in LF or CRLF, with blanks before that or not, and
// blank lines may follow the last op.
#ifndef LANGUAGE_TRACE_H
#define LANGUAGE_TRACE_H

#include "language/text.h"

/// Reads the ops from `first`, counted from 0, and up to `most` of them as a program; `program` is
/// emptied first. The blocks that are live at `first` are allocated before, so that a window of a
/// trace begins with the heap it had. An id becomes the lowest slot that is free; NULL is what that
/// slot holds until then.
///
/// Returns false iff the trace is malformed, has not as many ops as its header says, more than
/// SLOTS blocks live at once or a size above SIZE_LITERAL_MAX, or can't be read to the end of the
/// window; then *error says where and why.
bool trace_read(FILE *file, struct program *program, size_t first, size_t most,
                struct text_error *error);

#endif
