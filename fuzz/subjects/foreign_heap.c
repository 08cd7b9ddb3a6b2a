// The manager in front of an allocator that takes no pages from the world. There is nothing to
// close: the allocator keeps the blocks that are live at the end.

#include "subjects/foreign_heap.h"

#include "world/asan.h"

#define CERTAIN_BYTES ((size_t)64 * 1024 * 1024)

static struct {
    size_t most_bytes;
    void *(*alloc)(size_t size_bytes);
    void *(*resize)(void *block, size_t size_bytes);
    void (*free)(void *block);
    size_t (*size_of)(void *block);
} calls;

static void *allocate(IAtlMemMgr *This, size_t size_bytes)
{
    (void)This;
    return size_bytes > calls.most_bytes ? NULL : calls.alloc(size_bytes);
}

static void free_block(IAtlMemMgr *This, void *block)
{
    (void)This;
    calls.free(block);
}

static void *reallocate(IAtlMemMgr *This, void *block, size_t size_bytes)
{
    (void)This;
    return size_bytes > calls.most_bytes ? NULL : calls.resize(block, size_bytes);
}

static size_t get_size(IAtlMemMgr *This, void *block)
{
    (void)This;
    return calls.size_of(block);
}

static IAtlMemMgr manager = {&(const IAtlMemMgrVtbl){
    allocate,
    free_block,
    reallocate,
    get_size,
}};

IAtlMemMgr *foreign_heap_open(size_t most_bytes, void *(*alloc)(size_t size_bytes),
                              void *(*resize)(void *block, size_t size_bytes),
                              void (*free)(void *block), size_t (*size_of)(void *block))
{
    calls.most_bytes = most_bytes;
    calls.alloc = alloc;
    calls.resize = resize;
    calls.free = free;
    calls.size_of = size_of;
    return &manager;
}

// AddressSanitizer writes a line about each size that it refuses.
bool foreign_heap_is_too_dear(size_t size_bytes)
{
#ifdef HAS_ASAN
    return size_bytes > MALLOC_MOST_BYTES;
#else
    return size_bytes > MALLOC_MOST_BYTES && size_bytes <= PTRDIFF_MAX;
#endif
}

bool foreign_heap_must_grant(size_t arena_bytes, size_t since_empty_bytes,
                             size_t since_empty_blocks)
{
    (void)arena_bytes, (void)since_empty_blocks;
    return since_empty_bytes <= CERTAIN_BYTES;
}
