// A ready-made spy that finds leaks of task memory. It records which blocks are live. Once a
// program or a test has freed all its blocks, the live ones have leaked.
//
//     struct ch_leak_spy *spy = ch_leak_spy_create();
//     CoRegisterMallocSpy(ch_leak_spy_object(spy));
//     ...
//     size_t leaks = ch_leak_spy_print(spy, stderr);
//     CoRevokeMallocSpy();
//     ch_leak_spy_destroy(spy);
//
// The spy changes no call. It ignores blocks that were live before its registration, until a caller
// reallocates them. Its records lie in a heap of its own, not in task memory. Any thread may call
// any function, also while the spy is registered.
#ifndef COMHEAP_LEAKSPY_H
#define COMHEAP_LEAKSPY_H

#include <stddef.h>
#include <stdio.h>

#include <comheap/api.h>
#include <comheap/mallocspy.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ch_leak_spy;

/// A live block that was allocated while the spy was registered.
struct ch_leak {
    const void *block;
    size_t size_bytes; ///< The size that was last requested.
    size_t number;     ///< Counts the allocations that the spy saw, from 1. Reallocation keeps the
                       ///< number. The same run gives the same numbers.
};

struct ch_leak_counts {
    size_t live_blocks;
    size_t live_bytes;  ///< The sum of the sizes of the live blocks.
    size_t allocations; ///< Numbers given so far.
    size_t lost;        ///< Blocks so far that the spy had no memory to record. They have numbers,
                        ///< but no other function here reports them.
};

/// Makes a spy that is not registered yet. The caller owns it and ends it with ch_leak_spy_destroy.
/// Returns NULL iff there is no memory for it.
CH_API struct ch_leak_spy *ch_leak_spy_create(void);

/// Returns the spy as an IMallocSpy, for CoRegisterMallocSpy. Adds no reference.
CH_API struct IMallocSpy *ch_leak_spy_object(struct ch_leak_spy *spy);

/// Returns the present counts.
CH_API struct ch_leak_counts ch_leak_spy_counts(struct ch_leak_spy *spy);

/// Stores the live blocks with the lowest numbers, at most `capacity` of them, in ascending order.
/// Returns how many it stored. leaks may be NULL iff capacity is 0.
CH_API size_t ch_leak_spy_list(struct ch_leak_spy *spy, struct ch_leak *leaks, size_t capacity);

/// Prints a line for each live block, in ascending order of the numbers, and returns how many it
/// printed. A block that another thread or the stream frees meanwhile may be among them. A block
/// that is allocated meanwhile is not.
///
///     block #17 of 40 bytes leaked, at 0x7f21c8a012c0
CH_API size_t ch_leak_spy_print(struct ch_leak_spy *spy, FILE *file);

/// Releases the caller's spy, which may be NULL: no effect. A registered spy keeps working and ends
/// when COM releases it.
CH_API void ch_leak_spy_destroy(struct ch_leak_spy *spy);

#ifdef __cplusplus
}
#endif

#endif
