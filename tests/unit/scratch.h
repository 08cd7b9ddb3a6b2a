// A heap of a test's own below task memory. Its pages are the system's, but they count, they can be
// refused and they are never fresh zeros; its faults are recorded instead of fatal.
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <comheap/heap.h>

// What fresh pages are filled with, up to a size that is not worth the time.
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

/// Puts a fresh scratch heap with an arena of the default size below task memory.
int scratch_setup(void **state);

/// Asserts that every fault was expected, that the heap's invariants hold and that no block is left
/// alive, and puts task memory back on the process's own heap.
int scratch_teardown(void **state);

/// Replaces the scratch heap, which may have no live block, by one with this arena.
void scratch_restart(size_t arena_bytes);

/// Asserts that exactly this fault was raised, for this pointer, since the last one expected.
void scratch_expect_fault(enum ch_fault fault, const void *block);

/// Writes a pattern of this seed all over a block.
void fill(void *block, size_t size_bytes, unsigned seed);

/// Returns how many bytes from the start on still have the pattern.
size_t filled_bytes(const void *block, size_t size_bytes, unsigned seed);

/// Asserts that all of them have. Not for a child process, which has no test to fail.
void assert_filled(const void *block, size_t size_bytes, unsigned seed);

#endif
