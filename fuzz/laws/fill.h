// The bytes of blocks, which the harness writes and expects to read again.
//
// A byte depends on its block and on its offset. So a copy shows that is short, shifted, or from
// another block. Blocks of up to FILL_WHOLE_BYTES are written and read whole. Larger ones are
// written and read at both ends and at samples between. So a block of 2 GiB costs no more than one
// of 1 KiB.
#ifndef LAWS_FILL_H
#define LAWS_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILL_WHOLE_BYTES ((size_t)1024)

/// The bytes of a block as words of eight, the lowest byte first. The first word is `first`; each
/// next word adds `step`. A step of 0 is a pattern that a program chose.
struct fill {
    uint64_t first, step;
};

/// Returns the fill of a number. In it, every byte of every word differs from the next word's.
struct fill fill_of(uint64_t number);

/// Writes a block's bytes.
void fill_write(void *block, size_t size_bytes, struct fill fill);

/// Reads the bytes that fill_write wrote for this size, within the first `kept_bytes` of the block.
/// Returns the offset of the first wrong byte, or SIZE_MAX iff none is wrong.
size_t fill_find_wrong(const void *block, size_t size_bytes, struct fill fill, size_t kept_bytes);

/// Returns the end of the written part of a block that an offset lies in.
size_t fill_written_end(size_t size_bytes, size_t offset);

/// Returns the first byte that AddressSanitizer has poisoned. Looks at the whole of a block of up
/// to FILL_ASKED_BYTES, and at the bytes of a larger one that fill_write touches. Returns NULL iff
/// none is poisoned, or the build has no AddressSanitizer.
#define FILL_ASKED_BYTES ((size_t)16 * 1024)
const void *fill_find_poisoned(const void *block, size_t size_bytes);

/// Return whether the byte is poisoned, and whether the build has AddressSanitizer.
bool fill_is_poisoned(const void *byte);
bool fill_sees_poison(void);

/// Returns the byte that belongs at an offset.
uint8_t fill_byte(struct fill fill, size_t offset);

#endif
