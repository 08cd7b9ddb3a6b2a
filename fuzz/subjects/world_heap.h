// A heap of this library over the harness's pages: the members of a port that depend on neither the
// manager in front of it nor COM. There is one at a time.
#ifndef SUBJECTS_WORLD_HEAP_H
#define SUBJECTS_WORLD_HEAP_H

#include <comheap/heap.h>
#include <heapfuzz/port.h>

/// Makes the heap. Returns NULL iff there is no room for an empty one.
struct ch_heap *world_heap_open(const struct heapfuzz_pages *pages, size_t arena_bytes);
void world_heap_close(void);

// The members of a port, as port.h describes them.
bool world_heap_must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks);
bool world_heap_must_resize(size_t old_bytes, size_t size_bytes);
size_t world_heap_largest(size_t arena_bytes);
size_t world_heap_most_committed(const struct heapfuzz_load *load);
int world_heap_owns(const void *address);
void *world_heap_allocate_zeroed(size_t count, size_t size_bytes);
void *world_heap_allocate_aligned(size_t alignment_bytes, size_t size_bytes);
void world_heap_minimize(void);
void world_heap_count(struct heapfuzz_counts *counts);
const char *world_heap_check(const void **where);
const char *world_heap_fault(const void **where);
const char *world_heap_fault_of(enum heapfuzz_misuse misuse, enum heapfuzz_stray stray);
void world_heap_pages(uintptr_t *begin, uintptr_t *end);
bool world_heap_select_cache(unsigned cache);

/// Sets the policies that the heap decides; the manager in front of it decides the others.
#define WORLD_HEAP_POLICIES                                                                        \
    .policies.alignment_bytes = CH_GRANULE_BYTES, .policies.size = HEAPFUZZ_SIZE_IS_EXACT,         \
    .policies.addresses_repeat = HEAPFUZZ_YES, .policies.is_threadsafe = true
#define WORLD_HEAP_HIDES_FREED (4096 * CH_GRANULE_BYTES)

/// Sets GetSize of NULL and of any other pointer that is no block, and with it the answers to
/// misuse.
#define WORLD_HEAP_NO_BLOCK_BYTES(bytes)                                                           \
    .policies.size_takes_null = HEAPFUZZ_YES, .policies.null_size_bytes = (bytes),                 \
    .faults = &(const struct heapfuzz_faults)                                                      \
    {                                                                                              \
        .expected = world_heap_fault_of, .stray_size_bytes = (bytes), .pages = world_heap_pages    \
    }

/// Sets the promises of a manager that requests the sizes of its caller from the heap.
#define WORLD_HEAP_PROMISES                                                                        \
    .promises = &(const struct heapfuzz_promises)                                                  \
    {                                                                                              \
        .must_grant = world_heap_must_grant, .must_resize = world_heap_must_resize,                \
        .largest = world_heap_largest, .most_committed = world_heap_most_committed,                \
        .stays_used = true, .hides_slack = true, .hides_freed_bytes = WORLD_HEAP_HIDES_FREED       \
    }

/// Sets the members that are the same for every manager.
#define WORLD_HEAP_MEMBERS                                                                         \
    .minimize = world_heap_minimize, .count = world_heap_count, .check = world_heap_check,         \
    .fault = world_heap_fault, .select_cache = world_heap_select_cache

#endif
