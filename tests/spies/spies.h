// Spies as people write them for Windows: one in C, table_spy.c, and one in C++, map_spy.cpp. Each
// puts a header before every block and a guard behind it, knows the live blocks, and notes the
// first call that contradicts COM's documentation. No method of theirs takes a lock, since COM
// makes one call at a time.
//
// These three files include headers of Windows alone, and compile for Windows, too.
#ifndef TESTS_SPIES_SPIES_H
#define TESTS_SPIES_SPIES_H

#include <objbase.h>
#include <objidl.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tagSPYSTATS {
    ULONG cObjects;       // Spies that are not released yet.
    ULONG cLive;          // Spied blocks.
    ULONG cCalls;         // Of Pre methods, since the program began.
    const char *pszError; // The first claim that did not hold; NULL: none.
} SPYSTATS;

// Stores a spy, with a reference that the caller releases.
STDAPI CreateTableSpy(LPMALLOCSPY *ppSpy);
STDAPI CreateMapSpy(LPMALLOCSPY *ppSpy);

// Stores the state of this kind of spy. No other thread uses task memory meanwhile.
STDAPI GetTableSpyStats(SPYSTATS *pStats);
STDAPI GetMapSpyStats(SPYSTATS *pStats);

typedef struct tagWORK {
    ULONG ulSeed;
    ULONG cSteps;
} WORK;

// A thread that makes, resizes, queries and frees blocks. lpParameter is a WORK. Returns the number
// of wrong results.
DWORD WINAPI TableSpyWorker(LPVOID lpParameter);
DWORD WINAPI MapSpyWorker(LPVOID lpParameter);

#ifdef __cplusplus
}
#endif

#endif
