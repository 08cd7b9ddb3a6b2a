// SHA-1: libFuzzer names its files by it.
#ifndef CLI_SHA1_H
#define CLI_SHA1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Hexadecimal digits of a hash.
#define SHA1_DIGITS 40U

/// Writes the hash of some bytes as lower-case digits, terminated.
void sha1_print(const uint8_t *bytes, size_t size_bytes, char digits[SHA1_DIGITS + 1]);

/// Returns the hash that a file's name is, or ends in behind a hyphen. Returns NULL iff it has
/// none.
const char *sha1_in_name(const char *name);

#endif
