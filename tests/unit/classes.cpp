// The header of each function, interface and class, as its page names it. And ATL's memory managers
// as classes: their base, their methods, and the members of CWin32Heap. A test that holds prints
// its name as cmocka does, so that tests/checks/rows sees it.

#include <combaseapi.h>

#include <type_traits>

static_assert(std::is_function<decltype(CoTaskMemAlloc)>::value, "the page names combaseapi.h");
static_assert(std::is_function<decltype(CoTaskMemRealloc)>::value, "the page names combaseapi.h");
static_assert(std::is_function<decltype(CoTaskMemFree)>::value, "the page names combaseapi.h");
static_assert(std::is_function<decltype(CoGetMalloc)>::value, "the page names combaseapi.h");

#include <objidl.h>

static_assert(std::is_base_of<IUnknown, IMalloc>::value, "the page names objidl.h");
static_assert(std::is_base_of<IUnknown, IMallocSpy>::value, "the page names objidl.h");

#include <objbase.h>

static_assert(std::is_function<decltype(CoRegisterMallocSpy)>::value, "the page names objbase.h");
static_assert(std::is_function<decltype(CoRevokeMallocSpy)>::value, "the page names objbase.h");

#include <ATLComMem.h>

static_assert(std::is_class<ATL::CComHeap>::value, "the page names ATLComMem.h");

#include <atlmem.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>

static_assert(std::is_abstract<IAtlMemMgr>::value, "the page names atlmem.h");
static_assert(std::is_class<ATL::CCRTHeap>::value, "the page names atlmem.h");
static_assert(std::is_class<ATL::CLocalHeap>::value, "the page names atlmem.h");
static_assert(std::is_class<ATL::CGlobalHeap>::value, "the page names atlmem.h");
static_assert(std::is_class<ATL::CWin32Heap>::value, "the page names atlmem.h");

#ifdef _NATIVE_WCHAR_T_DEFINED // By -fms-extensions.
static_assert(__uuidof(IAtlMemMgr).Data1 == 0x654F7EF5 && __uuidof(IAtlMemMgr).Data3 == 0x4DF9 &&
                  __uuidof(IAtlMemMgr).Data4[7] == 0xC0,
              "the page names this identifier");
#endif

using namespace ATL;

namespace
{

bool holds; // So far in this test.
int failures = 0;

void check(bool claim, const char *words, int line)
{
    if (!claim) {
        std::fprintf(stderr, "classes.cpp:%d: not so: %s\n", line, words);
        holds = false;
    }
}

#define CHECK(claim) check(claim, #claim, __LINE__)

template <class Heap> void CheckMethods()
{
    static_assert(std::is_base_of<IAtlMemMgr, Heap>::value, "a manager");
    static_assert(std::is_default_constructible<Heap>::value, "it needs no argument");
    static_assert(std::is_same<decltype(std::declval<Heap &>().Allocate(size_t{})), void *>::value,
                  "");
    static_assert(
        std::is_same<decltype(std::declval<Heap &>().Reallocate(nullptr, size_t{})), void *>::value,
        "");
    static_assert(std::is_void<decltype(std::declval<Heap &>().Free(nullptr))>::value, "");
    static_assert(std::is_same<decltype(std::declval<Heap &>().GetSize(nullptr)), size_t>::value,
                  "");
}

// The calls that can fail do so without an exception.
void CheckThatNothingIsThrown(IAtlMemMgr &manager)
{
    bool is_thrown = false;
    try {
        CHECK(manager.Allocate(SIZE_MAX) == nullptr);
        CHECK(manager.Reallocate(nullptr, SIZE_MAX) == nullptr);
        manager.Free(nullptr);
        (void)manager.GetSize(nullptr);
    } catch (...) {
        is_thrown = true;
    }
    CHECK(!is_thrown);
}

// The assertions above make it compile.
void S1_9_each_is_in_the_header_of_its_page()
{
}

void S5_class_has_the_methods_of_its_base()
{
    CheckMethods<CComHeap>();
    CheckMethods<CCRTHeap>();
    CheckMethods<CLocalHeap>();
    CheckMethods<CGlobalHeap>();
    CheckMethods<CWin32Heap>();
}

void S5_class_without_exceptions()
{
    CComHeap com;
    CCRTHeap crt;
    CLocalHeap local;
    CGlobalHeap global;
    CWin32Heap none;
    CWin32Heap win32(0, 0);
    IAtlMemMgr *const managers[] = {&com, &crt, &local, &global, &none, &win32};
    for (IAtlMemMgr *manager : managers) {
        CheckThatNothingIsThrown(*manager);
    }
}

void S5_class_CWin32Heap_has_its_members()
{
    static_assert(std::is_constructible<CWin32Heap, HANDLE>::value, "over a heap");
    static_assert(std::is_constructible<CWin32Heap, DWORD, size_t>::value, "nMaxSize is 0");
    static_assert(std::is_constructible<CWin32Heap, DWORD, size_t, size_t>::value, "all three");
    static_assert(std::is_same<decltype(CWin32Heap::m_hHeap), HANDLE>::value, "");
    static_assert(std::is_same<decltype(CWin32Heap::m_bOwnHeap), bool>::value, "");
    static_assert(std::is_same<decltype(std::declval<CWin32Heap &>().Detach()), HANDLE>::value, "");
    CWin32Heap owner(HEAP_NO_SERIALIZE, 4096);
    CHECK(owner.m_hHeap != nullptr && owner.m_bOwnHeap);
    CWin32Heap guest(owner.m_hHeap);
    CHECK(guest.m_hHeap == owner.m_hHeap && !guest.m_bOwnHeap);
    CHECK(guest.Detach() == owner.m_hHeap && guest.m_hHeap == nullptr);
    guest.Attach(owner.Detach(), true);
    CHECK(guest.m_hHeap != nullptr && guest.m_bOwnHeap);
    CHECK(owner.m_hHeap == nullptr && !owner.m_bOwnHeap);
    CWin32Heap process(GetProcessHeap());
    void *block = process.Allocate(100);
    CHECK(block != nullptr && process.GetSize(block) == 100 && !process.m_bOwnHeap);
    process.Free(block);
}

void Run(void (*test)(), const char *name)
{
    holds = true;
    test();
    failures += holds ? 0 : 1;
    std::printf("[%s] %s\n", holds ? "       OK " : "  FAILED  ", name);
}

#define RUN(test) Run(test, #test)

} // namespace

int main()
{
    RUN(S1_9_each_is_in_the_header_of_its_page);
    RUN(S5_class_has_the_methods_of_its_base);
    RUN(S5_class_without_exceptions);
    RUN(S5_class_CWin32Heap_has_its_members);
    return failures == 0 ? 0 : 1;
}
