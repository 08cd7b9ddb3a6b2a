// The range of addresses that a watch lends: closed, and opened part by part.
#ifndef TESTS_UNIT_WATCH_RANGE_H
#define TESTS_UNIT_WATCH_RANGE_H

#include <stdbool.h>
#include <stddef.h>

/// Returns a range that can't be touched, this far behind a multiple of CH_SPAN_BYTES; NULL iff
/// there is none.
unsigned char *watch_range_map(size_t size_bytes, size_t past_bytes);

/// Makes a part of it readable and writable. Returns false iff there is no memory for it.
bool watch_range_open(void *start, size_t size_bytes);

/// Drops the contents of a part of it, and closes it.
void watch_range_shut(void *start, size_t size_bytes);

/// Ends the range, without a poisoned byte.
void watch_range_unmap(void *start, size_t size_bytes);

#endif
