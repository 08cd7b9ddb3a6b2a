// A user's program in C: a heap of its own, task memory and CComHeap, each from its public header.

#include <comheap/atlmem.h>
#include <comheap/heap.h>
#include <comheap/taskmem.h>

static bool a_heap_works(void)
{
    struct ch_heap *heap = ch_heap_create(NULL);
    if (heap == NULL)
        return false;
    void *block = ch_heap_alloc(heap, 100);
    bool works = ch_heap_size_bytes(heap, block) == 100;
    works = ch_heap_check(heap).invariant == CH_INVARIANTS && works;
    ch_heap_free(heap, block);
    works = ch_heap_stats(heap).live_blocks == 0 && works;
    ch_heap_destroy(heap);
    return works;
}

static bool task_memory_works(void)
{
    IMalloc *allocator = NULL;
    if (CoGetMalloc(MEMCTX_TASK, &allocator) != S_OK)
        return false;
    void *same = NULL;
    bool works = IMalloc_QueryInterface(allocator, &IID_IMalloc, &same) == S_OK;
    void *block = CoTaskMemRealloc(CoTaskMemAlloc(100), 200);
    works = works && same == allocator && IMalloc_GetSize(allocator, block) == 200;
    CoTaskMemFree(block);
    return works;
}

static bool com_heap_works(void)
{
    IAtlMemMgr *manager = ch_com_heap();
    void *block = IAtlMemMgr_Allocate(manager, 100);
    bool works = IAtlMemMgr_GetSize(manager, block) == 100;
    IAtlMemMgr_Free(manager, block);
    return works;
}

int main(void)
{
    if (!a_heap_works())
        return 1;
    if (!task_memory_works())
        return 2;
    return com_heap_works() ? 0 : 3;
}
