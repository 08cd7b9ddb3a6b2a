// Programs as text, the form that people write, read and keep.
//
//     # one op a line; a comment reaches to the end of its line
//     allocate b0 100
//     reallocate b0 size*2+1
#ifndef LANGUAGE_TEXT_H
#define LANGUAGE_TEXT_H

#include <stdio.h>

#include "language/op.h"

/// Limits the length of a line in bytes, its end not counted.
#define TEXT_LINE_BYTES 4096U

/// Describes an error in a text: its line, counted from 1, and a sentence without a full stop.
struct text_error {
    size_t line;
    char sentence[256];
};

/// Reads a line, up to its end or the file's, into TEXT_LINE_BYTES + 1 bytes, terminated. The
/// caller sets error->line; a byte order mark at the start of line 1 is left out. Sets *is_last to
/// whether the line is the last one.
///
/// Returns false iff the line is not text or can't be read; then error->sentence says why. A
/// control character other than a tab or a carriage return is not text.
bool text_fetch_line(FILE *file, char *line, bool *is_last, struct text_error *error);

/// Writes one op as text, terminated, without an end of line; TEXT_OP_BYTES are always enough.
#define TEXT_OP_BYTES 96U
void text_print_op(struct op op, char *text);

/// Empties `program` and reads a program into it. Returns false iff the text is malformed or can't
/// be read to its end; then *error says where and why.
bool text_read(FILE *file, struct program *program, struct text_error *error);

/// Writes a program, an op a line.
void text_write(FILE *file, const struct program *program);

#endif
