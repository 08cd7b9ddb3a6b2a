// The laws of the op language. A program as text and the same program as bytes are equal, and
// either gives the other back. Any bytes may be read as a text, a trace or a program.
#ifndef LAWS_LANGUAGE_H
#define LAWS_LANGUAGE_H

#include <stddef.h>
#include <stdint.h>

/// Checks bytes against the laws: as a text, as a trace, and as a program. Returns iff none is
/// broken.
void language_hold(const uint8_t *bytes, size_t size_bytes);

/// Does the same, and prints one line that says whether they are a program, a trace, or neither.
void language_tell(const uint8_t *bytes, size_t size_bytes);

/// Prints the numbers of inputs read, and the table of the laws.
void language_print(void);

#endif
