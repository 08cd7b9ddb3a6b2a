// A port's calls over an IAtlMemMgr. There is one manager at a time.
#ifndef SUBJECTS_MANAGER_H
#define SUBJECTS_MANAGER_H

#include <comheap/atlmem.h>

#include <stdbool.h>

/// Makes the calls go to a manager. Returns whether it is one.
bool manager_use(IAtlMemMgr *manager);

void *manager_allocate(size_t size_bytes);
void *manager_reallocate(void *block, size_t size_bytes);
void manager_free(void *block);
size_t manager_size(void *block);

/// Sets the calls of a port.
#define MANAGER_CALLS                                                                              \
    .allocate = manager_allocate, .free = manager_free, .reallocate = manager_reallocate,          \
    .size = manager_size

/// Sets the policies that every manager of ATL has.
#define MANAGER_POLICIES                                                                           \
    .policies.zero = HEAPFUZZ_ZERO_IS_BLOCK,                                                       \
    .policies.reallocate_to_zero = HEAPFUZZ_TO_ZERO_FREES,                                         \
    .policies.free_takes_null = HEAPFUZZ_YES, .policies.reallocate_takes_null = HEAPFUZZ_YES

#endif
