// The parts that every spy in C has: a table of its methods, under their names in its file, and a
// This that a method may ignore. The tests' spies use it, too.
#ifndef COM_SPY_METHODS_H
#define COM_SPY_METHODS_H

#include <comheap/mallocspy.h>

#define SPY_THIS IMallocSpy *This __attribute__((unused))

#define SPY_METHODS                                                                                \
    {                                                                                              \
        .QueryInterface = query_interface, .AddRef = add_ref, .Release = release,                  \
        .PreAlloc = pre_alloc, .PostAlloc = post_alloc, .PreFree = pre_free,                       \
        .PostFree = post_free, .PreRealloc = pre_realloc, .PostRealloc = post_realloc,             \
        .PreGetSize = pre_get_size, .PostGetSize = post_get_size, .PreDidAlloc = pre_did_alloc,    \
        .PostDidAlloc = post_did_alloc, .PreHeapMinimize = pre_heap_minimize,                      \
        .PostHeapMinimize = post_heap_minimize                                                     \
    }

#endif
