// The laws of the op language: what is a program as text is one as bytes, and either gives the
// other back; and any bytes at all may be taken for a text, a trace or a program.
#ifndef LAWS_LANGUAGE_H
#define LAWS_LANGUAGE_H

#include <stddef.h>
#include <stdint.h>

/// Holds bytes against the laws: as a text, as a trace, and as a program. Returns iff none is
/// broken.
void language_hold(const uint8_t *bytes, size_t size_bytes);

/// The same, and prints what they are, as one line.
void language_tell(const uint8_t *bytes, size_t size_bytes);

/// Writes what was read and the table of the laws.
void language_print(void);

#endif
