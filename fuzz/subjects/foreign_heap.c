// The manager in front of an allocator that is not of the world. It adds nothing: what the
// allocator holds when it is closed, it holds on.

#include "subjects/foreign_heap.h"

#define CERTAIN_BYTES ((size_t)64 * 1024 * 1024)

static struct foreign_calls calls;

static void *allocate(IAtlMemMgr *This, size_t size_bytes)
{
    (void)This;
    return calls.alloc(size_bytes);
}

static void free_block(IAtlMemMgr *This, void *block)
{
    (void)This;
    calls.free(block);
}

static void *reallocate(IAtlMemMgr *This, void *block, size_t size_bytes)
{
    (void)This;
    return calls.realloc(block, size_bytes);
}

static size_t get_size(IAtlMemMgr *This, void *block)
{
    (void)This;
    return calls.size_bytes(block);
}

static IAtlMemMgr manager = {&(const IAtlMemMgrVtbl){
    allocate,
    free_block,
    reallocate,
    get_size,
}};

IAtlMemMgr *foreign_heap_open(const struct foreign_calls *wanted)
{
    calls = *wanted;
    return &manager;
}

void foreign_heap_close(void)
{
}

bool foreign_heap_must_grant(size_t arena_bytes, size_t since_empty_bytes,
                             size_t since_empty_blocks)
{
    (void)arena_bytes, (void)since_empty_blocks;
    return since_empty_bytes <= CERTAIN_BYTES;
}
