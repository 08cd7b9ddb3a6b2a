// The entry points into task memory, as a table: what a row says of several, it is tested on each.
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

/// The one that CoGetMalloc hands out.
IMalloc *task_allocator(void);

// One row on one face; its name ends in the face's.
#define FACE_ROW(row, face, setup, teardown)                                                       \
    {                                                                                              \
        .name = #row "." #face, .test_func = row, .setup_func = setup, .teardown_func = teardown,  \
        .initial_state = (void *)&face_##face                                                      \
    }

// The same with a scratch heap of its own below it: on one face, on the two faces of the task
// allocator, or on all three.
#define ON_FACE(row, face) FACE_ROW(row, face, scratch_setup, scratch_teardown)
#define ON_TASK_FACES(row) ON_FACE(row, CoTaskMem), ON_FACE(row, IMalloc)
#define ON_ALL_FACES(row) ON_TASK_FACES(row), ON_FACE(row, CComHeap)

// One row that is about no face, or that names the ones it is about.
#define ROW(row) cmocka_unit_test_setup_teardown(row, scratch_setup, scratch_teardown)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
