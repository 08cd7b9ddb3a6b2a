// A spy that is ready made: it knows which blocks of task memory are live, and so, once a program
// or a test has freed all that it means to free, which have leaked.
//
//     struct ch_leak_spy *spy = ch_leak_spy_create();
//     CoRegisterMallocSpy(ch_leak_spy_object(spy));
//     ...
//     size_t leaks = ch_leak_spy_print(spy, stderr);
//     CoRevokeMallocSpy();
//     ch_leak_spy_destroy(spy);
//
// It changes no call. Blocks that were live before it was registered are none of its business,
// until they are reallocated. What it notes is in memory of its own, not in task memory. Every
// function may be called from any thread, also while the spy is registered.
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
    size_t size_bytes; ///< What was last asked for.
    size_t number;     ///< The block was the number-th that the spy saw allocated, from 1; it keeps
                       ///< its number when it is reallocated. The same run has the same numbers.
};

struct ch_leak_counts {
    size_t live_blocks;
    size_t live_bytes;  ///< The sum of the sizes of the live blocks.
    size_t allocations; ///< Numbers that were given, so far.
    size_t lost;        ///< Blocks, so far, that there was no memory to note: they have a number,
                        ///< but nothing else here knows of them.
};

/// Makes a spy that is not registered yet. The caller owns it and ends it with ch_leak_spy_destroy.
/// Returns NULL iff there is no memory for it.
CH_API struct ch_leak_spy *ch_leak_spy_create(void);

/// Returns the spy as COM knows it, for CoRegisterMallocSpy. Adds no reference.
CH_API IMallocSpy *ch_leak_spy_object(struct ch_leak_spy *spy);

/// Counts the blocks that are live now.
CH_API struct ch_leak_counts ch_leak_spy_counts(struct ch_leak_spy *spy);

/// Stores the live blocks with the lowest numbers, as many as there are or `capacity`, in the order
/// of their numbers. Returns how many it stored. leaks may be NULL iff capacity is 0.
CH_API size_t ch_leak_spy_list(struct ch_leak_spy *spy, struct ch_leak *leaks, size_t capacity);

/// Prints a line for each live block, in the order of their numbers, and returns how many it
/// printed. A block that ends meanwhile, in another thread or in the stream, may be one of them;
/// one that begins meanwhile is not.
///
///     block #17 of 40 bytes leaked, at 0x7f21c8a012c0
CH_API size_t ch_leak_spy_print(struct ch_leak_spy *spy, FILE *file);

/// Gives up the caller's spy, which may be NULL: no effect. If it is still registered, it goes on,
/// and is gone when COM releases it.
CH_API void ch_leak_spy_destroy(struct ch_leak_spy *spy);

#ifdef __cplusplus
}
#endif

#endif
