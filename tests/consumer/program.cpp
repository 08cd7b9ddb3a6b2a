// A user's program in C++: the same interfaces as abstract classes, a heap of its own, and the
// classes of ATL.

#include <comheap/atl/atlmem.h>
#include <comheap/atlmem.h>
#include <comheap/heap.h>
#include <comheap/taskmem.h>

static bool a_heap_works()
{
    ch_config config{};
    config.arena_bytes = CH_ARENA_BYTES_MIN;
    ch_heap *heap = ch_heap_create(&config);
    if (heap == nullptr)
        return false;
    void *block = ch_heap_alloc(heap, 100);
    bool works = ch_heap_owns(heap, block) && ch_heap_size_bytes(heap, block) == 100;
    ch_heap_destroy(heap);
    return works;
}

static bool task_memory_works()
{
    IMalloc *allocator = nullptr;
    if (CoGetMalloc(MEMCTX_TASK, &allocator) != S_OK)
        return false;
    void *same = nullptr;
    bool works = allocator->QueryInterface(IID_IUnknown, &same) == S_OK && same == allocator;
    void *block = CoTaskMemAlloc(100);
    works = works && allocator->DidAlloc(block) == 1 && allocator->GetSize(block) == 100;
    allocator->Free(block);
    return works;
}

static bool com_heap_works()
{
    CComHeap heap;
    IAtlMemMgr *manager = &heap;
    void *block = manager->Reallocate(manager->Allocate(100), 200);
    bool works = ch_com_heap()->GetSize(block) == 200;
    manager->Free(block);

    CWin32Heap own(0, 0);
    CComHeapPtr<int> numbers;
    return own.m_hHeap != nullptr && numbers.Allocate(25) && manager->GetSize(numbers) == 100 &&
           works;
}

int main()
{
    if (!a_heap_works())
        return 1;
    if (!task_memory_works())
        return 2;
    return com_heap_works() ? 0 : 3;
}
