// A test's own heap below task memory, and the rows that run on it. Its pages are the system's, but
// they count, they can be refused and they are never fresh zeros. Its faults are recorded instead
// of fatal.
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include "faces.h"

#include <comheap/heap.h>

// The fill of fresh pages, up to a size that is not worth the time.
#define SCRATCH_GARBAGE ((unsigned char)0xA5)

struct scratch {
    struct ch_heap *heap;
    bool refuses_pages;   // From now on.
    size_t page_requests; // So far, granted or refused.
    size_t faults;        // Raised and not yet expected.
    enum ch_fault fault;  // The last one.
    const void *fault_block;
};

extern struct scratch scratch;

/// Replaces the scratch heap, which may have no live block, by one with this arena.
void scratch_restart(size_t arena_bytes);

/// Asserts that exactly this fault was raised, for this pointer, since the last one expected.
void scratch_expect_fault(enum ch_fault fault, const void *block);

/// Writes a pattern of this seed all over a block.
void fill(void *block, size_t size_bytes, unsigned seed);

/// Returns the number of bytes from the start on that still have the pattern.
size_t filled_bytes(const void *block, size_t size_bytes, unsigned seed);

/// Asserts that all of them have. Not for a child process, which has no test to fail.
void assert_filled(const void *block, size_t size_bytes, unsigned seed);

/// A row of the specification. face is NULL where the row is about no face, or names its faces.
struct row {
    void (*test)(const struct face *face);
    const struct face *face;
};

/// Runs the row that *state points to on a fresh scratch heap. Asserts in the end that every fault
/// was expected, that the heap's invariants hold and that no block is left alive.
int scratch_setup(void **state);
void scratch_run(void **state);
int scratch_teardown(void **state);

#define SCRATCH_ROW(row_name, test, face)                                                          \
    {                                                                                              \
        row_name, scratch_run, scratch_setup, scratch_teardown, (&(struct row){test, face})        \
    }

// A row alone; a row on one face, named after both; and on the two faces of the task allocator or
// on all three.
#define ROW(test) SCRATCH_ROW(#test, test, NULL)
#define ON_FACE(test, face) SCRATCH_ROW(#test "." #face, test, &face_##face)
#define ON_TASK_FACES(test) ON_FACE(test, CoTaskMem), ON_FACE(test, IMalloc)
#define ON_ALL_FACES(test) ON_TASK_FACES(test), ON_FACE(test, CComHeap)

#endif
