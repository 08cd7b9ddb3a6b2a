// first_fit.h: a heap in one range of memory, which takes the first free block that is large
// enough.
//
// It serves one range and one thread. It does not keep the sizes that were requested.
#ifndef FIRST_FIT_H
#define FIRST_FIT_H

#include <stdbool.h>
#include <stddef.h>

/// Begins a heap in a range that starts at a multiple of two pointers. Returns false iff it is too
/// small. The heap before it ends.
bool first_fit_begin(void *range, size_t range_bytes);

/// Returns a block at a multiple of two pointers, or NULL if there is no room for it.
void *first_fit_allocate(size_t size_bytes);

void first_fit_free(void *block);

/// Resizes a block, which may move. Returns NULL, and changes nothing, if there is no room.
void *first_fit_reallocate(void *block, size_t size_bytes);

/// Returns the bytes that a block has room for.
size_t first_fit_size(void *block);

#endif
