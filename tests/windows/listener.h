// A spy that notes what it is told, in words, and does what a test wants of it.
#ifndef TESTS_WINDOWS_LISTENER_H
#define TESTS_WINDOWS_LISTENER_H

#include <comheap/mallocspy.h>

#include <stdbool.h>
#include <stddef.h>

extern struct listener {
    IMallocSpy spy;          ///< First, so that a pointer to it is one to the listener.
    bool listens;            ///< It notes nothing while this is false.
    bool refuses;            ///< The Pre methods of requests answer 0.
    size_t more_bytes;       ///< What PreAlloc adds to a request.
    size_t shift_bytes;      ///< What PreDidAlloc adds to a pointer.
    const void *asked_about; ///< The pointer in which PostDidAlloc is told.
    void (*in_pre_alloc)(void);
} listener;

/// What was noted, ", " between two: "PreFree 1, PostFree 1". Methods are noted by their names and
/// fSpyed, those of IUnknown but for QueryInterface too.
extern char noted[512];

/// Notes something, formatted as by printf.
void note(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));

#endif
