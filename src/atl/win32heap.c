// CWin32Heap: a heap with a handle behind IAtlMemMgr, and whose the heap is. A bad pointer is a
// fault of the heap, and none of this file's business.

#include <comheap/atlheaps.h>
#include <comheap/heap.h>

static const struct ch_win32_heap *win32_of(const IAtlMemMgr *This)
{
    return (const struct ch_win32_heap *)(const void *)This;
}

static bool may_ask_for(const struct ch_win32_heap *win32, size_t size_bytes)
{
    return win32->heap != NULL && (win32->limit_bytes == 0 || size_bytes < win32->limit_bytes);
}

static void *allocate(IAtlMemMgr *This, size_t nBytes)
{
    const struct ch_win32_heap *win32 = win32_of(This);
    return may_ask_for(win32, nBytes) ? ch_heap_alloc(win32->heap, nBytes) : NULL;
}

static void free_block(IAtlMemMgr *This, void *p)
{
    const struct ch_win32_heap *win32 = win32_of(This);
    if (win32->heap != NULL) {
        ch_heap_free(win32->heap, p);
    }
}

static void *reallocate(IAtlMemMgr *This, void *p, size_t nBytes)
{
    const struct ch_win32_heap *win32 = win32_of(This);
    if (p != NULL && nBytes == 0) { // HeapReAlloc would leave a block of 0 bytes.
        free_block(This, p);
        return NULL;
    }
    return may_ask_for(win32, nBytes) ? ch_heap_realloc(win32->heap, p, nBytes) : NULL;
}

static size_t get_size(IAtlMemMgr *This, void *p)
{
    const struct ch_win32_heap *win32 = win32_of(This);
    return win32->heap != NULL ? ch_heap_size_bytes(win32->heap, p) : SIZE_MAX;
}

static const IAtlMemMgrVtbl vtable = {
    .Allocate = allocate,
    .Free = free_block,
    .Reallocate = reallocate,
    .GetSize = get_size,
};

void ch_win32_heap_init(struct ch_win32_heap *win32)
{
    *win32 = (struct ch_win32_heap){.manager = {&vtable}};
}

void ch_win32_heap_init_over(struct ch_win32_heap *win32, struct ch_heap *heap)
{
    ch_win32_heap_init(win32);
    win32->heap = heap;
}

bool ch_win32_heap_init_own(struct ch_win32_heap *win32, uint32_t flags, size_t initial_bytes,
                            size_t max_bytes)
{
    ch_win32_heap_init(win32);
    bool is_fixed = max_bytes != 0;
    if ((flags & ~CH_HEAP_NO_SERIALIZE) != 0 || (is_fixed && initial_bytes > max_bytes)) {
        return false;
    }
    bool is_small = max_bytes < CH_ARENA_BYTES_MIN;
    struct ch_config config = {
        .arena_bytes = is_fixed && is_small ? CH_ARENA_BYTES_MIN : max_bytes,
    };
    win32->heap = ch_heap_create(&config);
    if (win32->heap == NULL) {
        return false;
    }
    win32->is_owner = true;
    win32->limit_bytes = is_fixed ? CH_WIN32_FIXED_BYTES : 0;
    return true;
}

bool ch_win32_heap_attach(struct ch_win32_heap *win32, struct ch_heap *heap, bool takes_ownership)
{
    if (heap == NULL || win32->heap != NULL) {
        return false;
    }
    win32->heap = heap;
    win32->is_owner = takes_ownership;
    return true;
}

struct ch_heap *ch_win32_heap_detach(struct ch_win32_heap *win32)
{
    struct ch_heap *heap = win32->heap;
    ch_win32_heap_init(win32);
    return heap;
}

void ch_win32_heap_destroy(struct ch_win32_heap *win32)
{
    bool is_owner = win32->is_owner;
    struct ch_heap *heap = ch_win32_heap_detach(win32);
    if (is_owner) {
        ch_heap_destroy(heap);
    }
}

IAtlMemMgr *ch_win32_heap_manager(struct ch_win32_heap *win32)
{
    return &win32->manager;
}
