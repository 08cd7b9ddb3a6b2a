// A program in C++98: something of each header that needs no later C++. A memory manager and a spy
// of the program's own do not say noexcept.

#include <stdio.h>
#include <stdlib.h>

#include <comheap/arrays.h>
#include <comheap/atlheaps.h>
#include <comheap/atlmem.h>
#include <comheap/heap.h>
#include <comheap/leakspy.h>
#include <comheap/mallocspy.h>
#include <comheap/pages.h>
#include <comheap/taskmem.h>
#include <comheap/taskstrings.h>

#define CLAIM(claim)                                                                               \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            puts(#claim);                                                                          \
            exit(1);                                                                               \
        }                                                                                          \
    } while (false)

#define ANSWER answer<int, long>() // A comma that no macro of ours may take for its own.

namespace
{

template <typename A, typename B> HRESULT answer()
{
    return sizeof(A) > sizeof(B) ? E_FAIL : S_OK;
}

struct Manager : public IAtlMemMgr {
    virtual void *Allocate(size_t nBytes);
    virtual void Free(void *p);
    virtual void *Reallocate(void *p, size_t nBytes);
    virtual size_t GetSize(void *p);
};

void *Manager::Allocate(size_t nBytes)
{
    return CoTaskMemAlloc(nBytes);
}

void Manager::Free(void *p)
{
    CoTaskMemFree(p);
}

void *Manager::Reallocate(void *p, size_t nBytes)
{
    return CoTaskMemRealloc(p, nBytes);
}

size_t Manager::GetSize(void *p)
{
    return ch_com_heap()->GetSize(p);
}

void use_managers()
{
    Manager manager;
    ch_win32_heap win32;
    CLAIM(ch_win32_heap_init_own(&win32, 0, 0, 0));
    IAtlMemMgr *managers[] = {&manager,        ch_com_heap(),    ch_crt_heap(),
                              ch_local_heap(), ch_global_heap(), ch_win32_heap_manager(&win32)};
    for (size_t i = 0; i < sizeof managers / sizeof *managers; i++) {
        void *array = ch_array_allocate_zeroed(managers[i], 4, 25);
        CLAIM(managers[i]->GetSize(array) == 100);
        managers[i]->Free(array);
    }
    ch_win32_heap_destroy(&win32);
    size_t product;
    CLAIM(ch_size_multiply(&product, ~static_cast<size_t>(0), 2) == CH_E_OVERFLOW);
}

void use_task_memory()
{
    ch_leak_spy *spy = ch_leak_spy_create();
    CLAIM(CoRegisterMallocSpy(ch_leak_spy_object(spy)) == S_OK);
    char *string = ch_task_string("comheap");
    CLAIM(ch_leak_spy_counts(spy).live_bytes == sizeof "comheap");
    IMalloc *allocator;
    CLAIM(SUCCEEDED(CoGetMalloc(MEMCTX_TASK, &allocator)));
    CLAIM(allocator->GetSize(string) == sizeof "comheap");
    allocator->Free(string);
    CLAIM(CoRevokeMallocSpy() == S_OK);
    ch_leak_spy_destroy(spy);
    const ch_olechar letters[] = {'a', 0};
    CoTaskMemFree(ch_task_ole_string(letters));
}

} // namespace

int main()
{
    CLAIM(SUCCEEDED(ANSWER) && !FAILED(ANSWER));
    use_managers();
    use_task_memory();
    return 0;
}
