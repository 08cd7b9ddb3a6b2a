// CWin32Heap over a handle: a heap whose pages are the world's, which it does not own.

#include "subjects/world_heap.h"

#include <comheap/atlheaps.h>

static struct ch_win32_heap win32;

static IAtlMemMgr *open_heap(size_t arena_bytes)
{
    struct ch_heap *heap = world_heap_open(arena_bytes);
    ch_win32_heap_init(&win32);
    bool is_attached = ch_win32_heap_attach(&win32, heap, false);
    return is_attached ? ch_win32_heap_manager(&win32) : NULL;
}

static void close_heap(void)
{
    ch_win32_heap_destroy(&win32);
    world_heap_close();
}

const struct subject subject_win32 = {
    .name = "win32",
    .sentence = "this project's CWin32Heap over its own engine",
    .c_form = " MANAGER ENGINE WIN32 ",
    WORLD_HEAP_POLICIES,
    .policies.hides_freed_bytes = WORLD_HEAP_HIDES_FREED,
    .policies.limit_bytes = SIZE_MAX,
    WORLD_HEAP_NO_BLOCK_BYTES(SIZE_MAX),
    .open = open_heap,
    .close = close_heap,
    .owns = world_heap_owns,
    WORLD_HEAP_BOUNDS,
    WORLD_HEAP_MEMBERS,
};
