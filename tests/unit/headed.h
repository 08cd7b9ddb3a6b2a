// A spy in C as code for Windows has it: see headed_spy.c.
#ifndef TESTS_UNIT_HEADED_H
#define TESTS_UNIT_HEADED_H

#include <comheap/mallocspy.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The one spy, which nobody has a reference of at first.
IMallocSpy *headed_spy(void);

/// The references that are held of it, and the blocks that it has a header in.
ULONG headed_spy_references(void);
long headed_spy_blocks(void);

/// Ends the program, with a sentence, unless what a spy takes for granted holds.
void headed_assert(bool holds, const char *claim);

#ifdef __cplusplus
}
#endif

#endif
