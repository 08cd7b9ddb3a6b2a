// CComHeap: the limit of INT_MAX bytes over COM's own calls. It owns that limit and nothing else.
// COM decides about NULL, 0 bytes and bad pointers. The file does not know that heaps exist.

#include <comheap/atlmem.h>
#include <comheap/taskmem.h>

#include <limits.h>

static void *allocate(IAtlMemMgr *This, size_t nBytes)
{
    (void)This;
    if (nBytes > INT_MAX) { // Rows A7, A8. Narrowing a larger size would lose bits.
        return NULL;
    }
    return CoTaskMemAlloc((ULONG)nBytes);
}

static void free_block(IAtlMemMgr *This, void *p)
{
    (void)This;
    CoTaskMemFree(p);
}

static void *reallocate(IAtlMemMgr *This, void *p, size_t nBytes)
{
    (void)This;
    if (nBytes > INT_MAX) { // Rows R8, R9.
        return NULL;
    }
    return CoTaskMemRealloc(p, (ULONG)nBytes);
}

static size_t get_size(IAtlMemMgr *This, void *p)
{
    (void)This;
    IMalloc *allocator = NULL;
    if (FAILED(CoGetMalloc(MEMCTX_TASK, &allocator))) {
        return 0;
    }
    size_t size_bytes = IMalloc_GetSize(allocator, p);
    (void)IMalloc_Release(allocator);
    return size_bytes;
}

static const IAtlMemMgrVtbl vtable = {
    .Allocate = allocate,
    .Free = free_block,
    .Reallocate = reallocate,
    .GetSize = get_size,
};

static IAtlMemMgr com_heap = {&vtable};

IAtlMemMgr *ch_com_heap(void)
{
    return &com_heap;
}
