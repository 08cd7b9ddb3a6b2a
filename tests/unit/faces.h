// The entry points into task memory, as a table. A row about several is tested on each of them.
#ifndef TESTS_UNIT_FACES_H
#define TESTS_UNIT_FACES_H

#include <comheap/taskmem.h>

#include <stddef.h>

struct face {
    void *(*alloc)(size_t size_bytes);
    void *(*realloc)(void *block, size_t size_bytes);
    void (*free)(void *block);
    size_t (*size_bytes)(void *block);
};

/// The free functions have no GetSize: face_CoTaskMem borrows that of IMalloc.
extern const struct face face_CoTaskMem;
extern const struct face face_IMalloc;
extern const struct face face_CComHeap;

/// The allocator that CoGetMalloc hands out.
IMalloc *task_allocator(void);

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
