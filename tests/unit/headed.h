// A spy in C as in code for Windows: see headed_spy.c.
#ifndef TESTS_UNIT_HEADED_H
#define TESTS_UNIT_HEADED_H

#include <comheap/mallocspy.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The one spy, to which no reference is held at first.
IMallocSpy *headed_spy(void);

/// The references held to it, and the blocks in which it has a header.
ULONG headed_spy_references(void);
long headed_spy_blocks(void);

/// Ends the program, with a sentence, unless a spy's assumption holds.
void headed_assert(bool holds, const char *claim);

#ifdef __cplusplus
}
#endif

#endif
