// An allocator over the process's own memory: the parts of a port that are the same for each.
#ifndef SUBJECTS_FOREIGN_HEAP_H
#define SUBJECTS_FOREIGN_HEAP_H

#include <heapfuzz/port.h>

#include "world/asan.h"

/// Returns whether an allocator over malloc refuses a size because malloc is dear: see asan.h.
/// AddressSanitizer writes a line about each size that it refuses.
static inline bool foreign_heap_is_too_dear(size_t size_bytes)
{
#ifdef HAS_ASAN
    return size_bytes > MALLOC_MOST_BYTES;
#else
    return size_bytes > MALLOC_MOST_BYTES && size_bytes <= PTRDIFF_MAX;
#endif
}

/// Serves as a promise: the process can certainly hold 64 MiB beside everything else.
static inline bool foreign_heap_must_grant(size_t arena_bytes, size_t since_empty_bytes,
                                           size_t since_empty_blocks)
{
    (void)arena_bytes, (void)since_empty_blocks;
    return since_empty_bytes <= (size_t)64 * 1024 * 1024;
}

#define FOREIGN_HEAP_POLICIES                                                                      \
    .policies.alignment_bytes = 2 * sizeof(void *), .policies.zero = HEAPFUZZ_ZERO_IS_BLOCK,       \
    .policies.reallocate_to_zero = HEAPFUZZ_TO_ZERO_FREES,                                         \
    .policies.free_takes_null = HEAPFUZZ_YES, .policies.reallocate_takes_null = HEAPFUZZ_YES

#endif
