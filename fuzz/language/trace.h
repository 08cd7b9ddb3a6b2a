// Recorded traces of real programs, in the form of the CS:APP malloc lab. Four header lines give a
// suggested heap size, the number of ids, the number of ops, and a weight. Each further line is an
// op: a ID SIZE, r ID SIZE, f ID; f -1 frees NULL. Lines end in LF or CRLF, with or without blanks
// before it. Blank lines may follow the last op.
#ifndef LANGUAGE_TRACE_H
#define LANGUAGE_TRACE_H

#include "language/text.h"

/// Empties `program` and reads up to `most` ops into it, from op `first`, counted from 0. Allocates
/// the blocks that are live at `first` before them, so a window begins with the trace's heap. An id
/// takes the lowest free slot, which holds NULL until then.
///
/// Returns false iff the trace can't be read to the end of the window, is malformed, or exceeds a
/// limit. Then *error says where and why. A trace is also malformed if its header gives another
/// number of ops. The limits are ten million ids, SLOTS live blocks, and SIZE_LITERAL_MAX bytes.
bool trace_read(FILE *file, struct program *program, size_t first, size_t most,
                struct text_error *error);

#endif
