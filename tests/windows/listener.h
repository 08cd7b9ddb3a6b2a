// A spy that notes its calls, in words, and behaves as a test sets it.
#ifndef TESTS_WINDOWS_LISTENER_H
#define TESTS_WINDOWS_LISTENER_H

#include <comheap/mallocspy.h>

#include <stdbool.h>
#include <stddef.h>

extern struct listener {
    IMallocSpy spy;          ///< First, so that a pointer to it is one to the listener.
    bool listens;            ///< It notes nothing while this is false.
    bool refuses;            ///< The Pre methods of requests answer 0.
    size_t more_bytes;       ///< PreAlloc adds this to a request.
    size_t shift_bytes;      ///< PreDidAlloc adds this to a pointer.
    const void *asked_about; ///< The pointer that PostDidAlloc hears.
    void (*in_pre_alloc)(void);
} listener;

/// The notes so far, ", " between two: "PreFree 1, PostFree 1". Methods are noted by their names
/// and fSpyed; so are those of IUnknown, except QueryInterface.
extern char noted[512];

/// Notes something, formatted as by printf.
void note(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));

#endif
