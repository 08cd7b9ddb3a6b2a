// Recorded traces of real programs. The first line shows the form:
//
//     1048576                            the CS:APP malloc lab, see below
//     123: malloc 0x7f02 24              Android's malloc_debug, for its memory_replay
//     = Start                            glibc's mtrace, or a line of it:
//     @ a.out:[0x1136] + 0x7f02 0x18
//     malloc(24) = 0x7f02                ltrace, with or without pids, times and other calls
//
// The malloc lab has four header lines: a heap size, the numbers of ids and of ops, and a weight.
// Then a line is a ID SIZE, r ID SIZE or f ID; f -1 frees NULL.
//
// Lines end in LF or CRLF, with or without blanks before it.
#ifndef LANGUAGE_TRACE_H
#define LANGUAGE_TRACE_H

#include "language/events.h"

/// Empties `program` and reads up to `most` ops into it, from op `first`, counted from 0. Puts the
/// state of the trace at `first` before them, so a window begins with the trace's heap.
///
/// Returns false iff the trace can't be read to the end of the window, is malformed, or exceeds a
/// limit of events_add. Then *error says where and why. A trace of the malloc lab also
/// has as many ops as its header says, and frees only live blocks. The other forms may begin in the
/// middle of a process: calls on blocks from before are left out. events_counts tells how many.
bool trace_read(FILE *file, struct program *program, size_t first, size_t most,
                struct text_error *error);

#endif
