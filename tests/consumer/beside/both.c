// A source that includes every header of comheap and one of another library with types of Windows.
// OTHER is that header. With IS_FIRST it comes first. Otherwise it comes last, and comheap
// leaves out those of its types that the flags name, or all. Compiled as C and as C++.

#ifdef IS_FIRST
#include OTHER
#elif !defined(COMHEAP_HAS_BOOL)
#define COMHEAP_HAS_COM_TYPES
#ifdef IS_WINE
#define COMHEAP_HAS_COM_FUNCTIONS
#endif
#define _ATL_NO_AUTOMATIC_NAMESPACE // DXC has some of ATL's names.
#endif

#include <comheap/arrays.h>
#include <comheap/atlheaps.h>
#include <comheap/atlmem.h>
#include <comheap/comtypes.h>
#include <comheap/heap.h>
#include <comheap/leakspy.h>
#include <comheap/mallocspy.h>
#include <comheap/pages.h>
#include <comheap/taskmem.h>
#include <comheap/taskstrings.h>

#include <comheap/atl/ole2.h>
#ifdef __cplusplus
#include <comheap/atl/ATLComMem.h>
#include <comheap/atl/atlbase.h>
#include <comheap/atl/atlcoll.h>
#endif

#ifndef IS_FIRST
#include OTHER
#endif

#ifdef __cplusplus
#define HOLDS(claim) static_assert(claim, #claim)
#else
#define HOLDS(claim) _Static_assert(claim, #claim)
#endif

int main(void)
{
    struct ch_leak_spy *spy = ch_leak_spy_create();
    struct IMallocSpy *object = ch_leak_spy_object(spy);
    (void)object;
#ifndef COMHEAP_HAS_COM_FUNCTIONS
    struct IMalloc *allocator = NULL;
    HOLDS(sizeof(CoGetMalloc(1, &allocator)) == 4 && sizeof(CoRegisterMallocSpy(object)) == 4);
    void *block = CoTaskMemRealloc(CoTaskMemAlloc(100), 200);
    CoTaskMemFree(block);
#endif
#ifdef IS_FIRST
    void *whatever = NULL;
    HANDLE *handle = &whatever;
    LPVOID *pointer = handle;
    SIZE_T bytes = sizeof(GUID) + sizeof(IID) + sizeof(REFIID) + sizeof(BOOL) + sizeof(LONG) +
                   sizeof(ULONG) + sizeof(DWORD) + sizeof(LONGLONG) + sizeof(BYTE) + sizeof(UINT) +
                   sizeof(PVOID) + sizeof(WCHAR) + sizeof(LPWSTR) + sizeof(LPCWSTR) +
                   sizeof(OLECHAR) + sizeof(CLSID);
    HRESULT result = bytes > 0 && pointer != NULL ? S_OK : E_NOINTERFACE;
    IUnknown *unknown = NULL;
    IMalloc *same = NULL;
    IMallocSpy *watcher = object;
    DWORD context = MEMCTX_TASK;
#ifdef __cplusplus
    context += IsEqualGUID(GUID_NULL, IID_IMalloc) && IsEqualIID(IID_IMalloc, IID_IMallocSpy);
    context +=
        InlineIsEqualGUID(GUID_NULL, IID_IMalloc) && IsEqualCLSID(IID_IMalloc, IID_IMallocSpy);
#else
    context += IsEqualGUID(&GUID_NULL, &IID_IMalloc) && IsEqualIID(&GUID_NULL, &IID_IMalloc);
    context += InlineIsEqualGUID(&GUID_NULL, &IID_IMalloc) && IsEqualCLSID(&GUID_NULL, &GUID_NULL);
#endif
    (void)watcher;
    (void)unknown;
    if (FAILED(result) || TRUE == FALSE) {
        return context == 1 && same == NULL;
    }
#ifdef __cplusplus
    return IID_IMalloc == IID_IMallocSpy || IID_IUnknown == GUID();
#endif
#endif
#ifdef __cplusplus
#ifndef COMHEAP_HAS_COM_FUNCTIONS
    ATL::CWin32Heap win32(GetProcessHeap());
#endif
    ATL::CComHeap heap;
    ATL::CHeapPtr<int, ATL::CComAllocator> numbers;
    ATL::CHeapPtrList<int> list;
    return numbers.Allocate(10) && heap.GetSize(numbers) == 40 && list.IsEmpty() ? 0 : 1;
#endif
    return 0;
}

#if defined(__cplusplus) && defined(HAS_WIDTHS_OF_WINDOWS) && defined(IS_FIRST)
// A spy in the words of Windows overrides every method.
class Spy : public IMallocSpy
{
  public:
    STDMETHODIMP QueryInterface(REFIID riid, void **object) override
    {
        *object = riid == IID_IMallocSpy ? this : nullptr;
        return *object != nullptr ? S_OK : E_NOINTERFACE;
    }
    STDMETHODIMP_(ULONG) AddRef() override
    {
        return 1;
    }
    STDMETHODIMP_(ULONG) Release() override
    {
        return 1;
    }
    STDMETHODIMP_(SIZE_T) PreAlloc(SIZE_T cb) override
    {
        return cb;
    }
    STDMETHODIMP_(void *) PostAlloc(void *actual) override
    {
        return actual;
    }
    STDMETHODIMP_(void *) PreFree(void *request, BOOL) override
    {
        return request;
    }
    STDMETHODIMP_(void) PostFree(BOOL) override
    {
    }
    STDMETHODIMP_(SIZE_T)
    PreRealloc(void *request, SIZE_T cb, void **changed, BOOL) override
    {
        *changed = request;
        return cb;
    }
    STDMETHODIMP_(void *) PostRealloc(void *actual, BOOL) override
    {
        return actual;
    }
    STDMETHODIMP_(void *) PreGetSize(void *request, BOOL) override
    {
        return request;
    }
    STDMETHODIMP_(SIZE_T) PostGetSize(SIZE_T cb, BOOL) override
    {
        return cb;
    }
    STDMETHODIMP_(void *) PreDidAlloc(void *request, BOOL) override
    {
        return request;
    }
    STDMETHODIMP_(int) PostDidAlloc(void *, BOOL, int actual) override
    {
        return actual;
    }
    STDMETHODIMP_(void) PreHeapMinimize() override
    {
    }
    STDMETHODIMP_(void) PostHeapMinimize() override
    {
    }
};

IMallocSpy *make_spy()
{
    static Spy spy;
    return &spy;
}
#endif
