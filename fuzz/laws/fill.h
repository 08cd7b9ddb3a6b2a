// The bytes of blocks: what the harness writes into them and expects to read again.
//
// A byte depends on its block and on its place, so a copy that is short, shifted or of another
// block shows. Up to FILL_WHOLE_BYTES a block is written and read whole; beyond, at both ends and
// at samples between, so that a block of 2 GiB costs no more than one of 1 KiB.
#ifndef LAWS_FILL_H
#define LAWS_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILL_WHOLE_BYTES ((size_t)1024)

/// The bytes of a block as words of eight, the lowest byte first: `first`, and each next word one
/// `step` more; a step of 0 is a pattern that a program chose.
struct fill {
    uint64_t first, step;
};

/// The bytes that go with a number, in which every byte of every word differs from the next word's.
struct fill fill_of(uint64_t number);

/// Writes a block's bytes.
void fill_write(void *block, size_t size_bytes, struct fill fill);

/// Reads the bytes that fill_write wrote for this size, of the first `kept_bytes` of the
/// block. Returns the offset of the first that is wrong; SIZE_MAX iff none is.
size_t fill_find_wrong(const void *block, size_t size_bytes, struct fill fill, size_t kept_bytes);

/// Where the written part of a block ends that an offset lies in.
size_t fill_written_end(size_t size_bytes, size_t offset);

/// Returns the first byte that AddressSanitizer has poisoned, of the whole of a block of up to
/// FILL_ASKED_BYTES, and of those that fill_write touches of a larger one; NULL iff none is, and in
/// a build without it.
#define FILL_ASKED_BYTES ((size_t)16 * 1024)
const void *fill_find_poisoned(const void *block, size_t size_bytes);

/// Whether AddressSanitizer is here and has poisoned the byte.
bool fill_is_poisoned(const void *byte);
bool fill_sees_poison(void);

/// The byte that belongs at an offset.
uint8_t fill_byte(struct fill fill, size_t offset);

#endif
