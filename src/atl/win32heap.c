// CWin32Heap: a heap with a handle behind IAtlMemMgr. It owns the question of ownership: which
// struct ends the heap. The heap itself keeps the bounds. A bad pointer is a fault of the heap, and
// this file does not look at it.

#include <comheap/atlheaps.h>
#include <comheap/heap.h>

// Windows rounds a maximum up to a multiple of this.
#define STEP_BYTES ((size_t)4096)

// The smallest arena of a heap with a maximum: it has room for blocks of all sizes at once. For a
// lower maximum the heap itself adds up the sizes of its blocks.
#define LEAST_ARENA_BYTES ((size_t)4 * 1024 * 1024)

static const struct ch_win32_heap *win32_of(const IAtlMemMgr *This)
{
    return (const struct ch_win32_heap *)(const void *)This;
}

static void *allocate(IAtlMemMgr *This, size_t nBytes)
{
    const struct ch_win32_heap *win32 = win32_of(This);
    return win32->heap != NULL ? ch_heap_alloc(win32->heap, nBytes) : NULL;
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
    if (p != NULL && nBytes == 0) { // HeapReAlloc would keep a block of 0 bytes.
        free_block(This, p);
        return NULL;
    }
    return win32->heap != NULL ? ch_heap_realloc(win32->heap, p, nBytes) : NULL;
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

static struct ch_config config_of(size_t max_bytes)
{
    if (max_bytes == 0) {
        return (struct ch_config){0};
    }
    struct ch_config config = {.arena_bytes = max_bytes, .block_bytes = CH_WIN32_FIXED_BYTES - 1};
    if (max_bytes < LEAST_ARENA_BYTES) {
        config.arena_bytes = LEAST_ARENA_BYTES;
        config.live_bytes = (max_bytes + STEP_BYTES - 1) & ~(STEP_BYTES - 1);
    }
    return config;
}

bool ch_win32_heap_init_own(struct ch_win32_heap *win32, uint32_t flags, size_t initial_bytes,
                            size_t max_bytes)
{
    ch_win32_heap_init(win32);
    if ((flags & ~CH_HEAP_NO_SERIALIZE) != 0 || (max_bytes != 0 && initial_bytes > max_bytes)) {
        return false;
    }
    struct ch_config config = config_of(max_bytes);
    win32->heap = ch_heap_create(&config);
    win32->is_owner = win32->heap != NULL;
    return win32->is_owner;
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
