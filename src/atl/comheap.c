// CComHeap: the limit of INT_MAX bytes, and otherwise exactly COM's own calls. It decides nothing
// about NULL, 0 bytes or bad pointers, and knows no heap: what is below COM is COM's business.

#include <comheap/atlmem.h>
#include <comheap/taskmem.h>

#include <limits.h>

static void *allocate(IAtlMemMgr *This, size_t nBytes)
{
    (void)This;
    if (nBytes > INT_MAX) { // Spec A7, A8; the narrowing below would lose bits of what passes.
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
    if (nBytes > INT_MAX) { // Spec R8, R9.
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
