// A user's program in C: something of each public header.

#include <comheap/arrays.h>
#include <comheap/atlheaps.h>
#include <comheap/atlmem.h>
#include <comheap/heap.h>
#include <comheap/leakspy.h>
#include <comheap/mallocspy.h>
#include <comheap/pages.h>
#include <comheap/taskmem.h>
#include <comheap/taskstrings.h>

static bool a_heap_works(void)
{
    const struct ch_config config = {.pages = &ch_pages_os};
    struct ch_heap *heap = ch_heap_create(&config);
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

static bool managers_work(void)
{
    IAtlMemMgr *const managers[] = {ch_com_heap(), ch_crt_heap(), ch_local_heap(),
                                    ch_global_heap()};
    bool work = true;
    for (size_t i = 0; i < sizeof managers / sizeof *managers; i++) {
        void *array = ch_array_allocate(managers[i], 4, 25);
        work = IAtlMemMgr_GetSize(managers[i], array) == 100 && work;
        IAtlMemMgr_Free(managers[i], array);
    }
    return work;
}

static bool a_spy_works(void)
{
    struct ch_leak_spy *spy = ch_leak_spy_create();
    bool works = CoRegisterMallocSpy(ch_leak_spy_object(spy)) == S_OK;
    char *string = ch_task_string("comheap");
    works = ch_leak_spy_counts(spy).live_bytes == sizeof "comheap" && works;
    CoTaskMemFree(string);
    works = ch_leak_spy_print(spy, stderr) == 0 && works;
    works = CoRevokeMallocSpy() == S_OK && works;
    ch_leak_spy_destroy(spy);
    return works;
}

int main(void)
{
    if (!a_heap_works())
        return 1;
    if (!task_memory_works())
        return 2;
    if (!managers_work())
        return 3;
    return a_spy_works() ? 0 : 4;
}
