// A spy that writes down what it is told, and does what a test wants of it.
#ifndef TESTS_UNIT_RECORDER_H
#define TESTS_UNIT_RECORDER_H

#include <comheap/mallocspy.h>

#include <stdbool.h>
#include <stddef.h>

struct recorder {
    IMallocSpy spy;        ///< First, so that a pointer to it is one to the recorder.
    ULONG references;      ///< All that were added, less those that were released.
    ULONG releases;        ///< So far.
    HRESULT query_result;  ///< What QueryInterface returns.
    IMallocSpy *query_spy; ///< What it stores, unless it fails: itself, unless set.

    bool hides_block;      ///< PreFree answers NULL, and PreRealloc stores it.
    bool refuses;          ///< The Pre methods of requests answer 0.
    size_t header_bytes;   ///< What it adds to each request, and hides from the caller.
    bool loses_block;      ///< PostAlloc and PostRealloc answer NULL.
    void *instead;         ///< What PostRealloc answers for NULL.
    const char *nest_in;   ///< The method in which `nest` is called.
    void (*nest)(void);    ///< May make calls of its own; must not assert.
    unsigned nested;       ///< How often it has been.
    size_t recorded_bytes; ///< Of `record`.
    char record[4096];
};

/// Makes a spy that changes nothing; nobody has a reference.
void recorder_init(struct recorder *recorder);

/// Makes one, and registers it.
void recorder_register(struct recorder *recorder);

/// Asserts that exactly these calls have come since the last that were expected. Methods other than
/// those of IUnknown are written as "PreFree 0x55d0 1": with their arguments, formatted as by
/// printf; ", " is between two.
void recorder_expect(struct recorder *recorder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Forgets the calls that have come.
void recorder_forget(struct recorder *recorder);

/// Asserts that the spy can be revoked now, and that its one reference is released.
void recorder_revoke(struct recorder *recorder);

#endif
