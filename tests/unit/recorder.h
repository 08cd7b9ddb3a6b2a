// A spy that records its calls, and behaves as a test sets it.
#ifndef TESTS_UNIT_RECORDER_H
#define TESTS_UNIT_RECORDER_H

#include <comheap/mallocspy.h>

#include <stdbool.h>
#include <stddef.h>

struct recorder {
    IMallocSpy spy;        ///< First, so that a pointer to it is a pointer to the recorder.
    ULONG references;      ///< All added references, less the released ones.
    ULONG releases;        ///< So far.
    HRESULT query_result;  ///< The return value of QueryInterface.
    IMallocSpy *query_spy; ///< The pointer that it stores, unless it fails: itself, unless set.

    bool hides_block;      ///< PreFree answers NULL, and PreRealloc stores it.
    bool refuses;          ///< The Pre methods of requests answer 0.
    size_t header_bytes;   ///< Added to each request, and hidden from the caller.
    bool loses_block;      ///< PostAlloc and PostRealloc answer NULL.
    void *instead;         ///< The answer of PostRealloc to NULL.
    void *asked_instead;   ///< The answer of PreDidAlloc, unless NULL.
    int did_alloc_more;    ///< Added to the answer of PostDidAlloc.
    const char *nest_in;   ///< The method in which `nest` is called.
    void (*nest)(void);    ///< May make calls of its own; must not assert.
    unsigned nested;       ///< The number of those calls.
    size_t recorded_bytes; ///< Of `record`.
    char record[4096];
};

/// Makes a spy that changes nothing; no reference to it is held.
void recorder_init(struct recorder *recorder);

/// Makes one, and registers it.
void recorder_register(struct recorder *recorder);

/// Asserts that exactly these calls have come since the last expected ones. Methods other than
/// those of IUnknown are written as "PreFree 0x55d0 1": with their arguments, formatted as by
/// printf; ", " is between two.
void recorder_expect(struct recorder *recorder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Forgets the calls so far.
void recorder_forget(struct recorder *recorder);

/// Asserts that the spy can be revoked now, and that its one reference is released.
void recorder_revoke(struct recorder *recorder);

#endif
