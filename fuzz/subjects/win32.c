// CWin32Heap over a handle: a heap over the harness's pages, which it does not own.

#include "laws/subject.h"
#include "subjects/manager.h"
#include "subjects/world_heap.h"

#include <comheap/atlheaps.h>

static struct ch_win32_heap win32;

static bool open_heap(const struct heapfuzz_pages *pages, size_t arena_bytes)
{
    struct ch_heap *heap = world_heap_open(pages, arena_bytes);
    ch_win32_heap_init(&win32);
    return ch_win32_heap_attach(&win32, heap, false) && manager_use(ch_win32_heap_manager(&win32));
}

static void close_heap(void)
{
    ch_win32_heap_destroy(&win32);
    world_heap_close();
}

const struct subject_parts parts_win32 = {.c_form = " MANAGER ENGINE WIN32 "};

const struct heapfuzz_port port_win32 = {
    .sentence = "this project's CWin32Heap over its own engine",
    MANAGER_POLICIES,
    WORLD_HEAP_POLICIES,
    WORLD_HEAP_NO_BLOCK_BYTES(SIZE_MAX),
    .open_pages = open_heap,
    .close = close_heap,
    MANAGER_CALLS,
    .allocate_zeroed = world_heap_allocate_zeroed,
    .allocate_aligned = world_heap_allocate_aligned,
    .owns = world_heap_owns,
    WORLD_HEAP_PROMISES,
    WORLD_HEAP_MEMBERS,
};
