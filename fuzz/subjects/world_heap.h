// A heap of this library whose pages are the world's: the members of a subject that depend on
// neither the manager in front of it nor COM. There is one at a time.
#ifndef SUBJECTS_WORLD_HEAP_H
#define SUBJECTS_WORLD_HEAP_H

#include <comheap/heap.h>

#include "laws/subject.h"

/// Makes the heap. Returns NULL iff the world has no room for an empty one.
struct ch_heap *world_heap_open(size_t arena_bytes);
void world_heap_close(void);

// The members of a subject, as subject.h describes them.
bool world_heap_must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks);
bool world_heap_must_resize(size_t old_bytes, size_t size_bytes);
size_t world_heap_largest(size_t arena_bytes);
size_t world_heap_most_committed(const struct load *load);
int world_heap_owns(const void *address);
void world_heap_minimize(void);
bool world_heap_count(struct counts *counts);
const char *world_heap_check(const void **where);
const char *world_heap_fault(const void **where);
const char *world_heap_fault_of(enum misuse misuse, enum stray stray);
void world_heap_pages(uintptr_t *begin, uintptr_t *end);
bool world_heap_select_lane(enum lane lane);

/// Sets the policies that the heap decides; the manager in front of it decides the others.
#define WORLD_HEAP_POLICIES                                                                        \
    .policies.alignment_bytes = CH_GRANULE_BYTES, .policies.size_is_exact = true,                  \
    .policies.is_repeatable = true, .policies.hides_slack = true
#define WORLD_HEAP_HIDES_FREED ((size_t)8 * 1024)

/// Sets GetSize of NULL and of any other pointer that is no block, and with it the answers to
/// misuse.
#define WORLD_HEAP_NO_BLOCK_BYTES(bytes)                                                           \
    .policies.has_null_size = true, .policies.null_size_bytes = (bytes),                           \
    .misuse = &(const struct misuse_answers)                                                       \
    {                                                                                              \
        .fault = world_heap_fault_of, .size_bytes = (bytes), .pages = world_heap_pages             \
    }

/// Sets the members that depend on the sizes that the manager requests from the heap: here the
/// sizes that its caller requests.
#define WORLD_HEAP_BOUNDS                                                                          \
    .must_grant = world_heap_must_grant, .must_resize = world_heap_must_resize,                    \
    .most_committed = world_heap_most_committed

/// Sets the members that are the same for every manager.
#define WORLD_HEAP_MEMBERS                                                                         \
    .largest = world_heap_largest, .minimize = world_heap_minimize, .count = world_heap_count,     \
    .check = world_heap_check, .fault = world_heap_fault, .select_lane = world_heap_select_lane

#endif
