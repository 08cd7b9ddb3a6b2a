// A program as one writes it with ATL: it includes ATL's headers, and finds ours. It tests section
// 5's heaps in C++, the documentation's example, section 7's checked sizes, and managers that go
// from C++ to C and back. Ownership is in atl_owners.cpp, and buffers and lists in atl_buffers.cpp.

#include <ATLComMem.h>
#include <atlmem.h>

#include "atl_claims.h"

#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace
{

int failures = 0;

// The example of IAtlMemMgr's documentation: a block that is allocated, doubled and freed, and an
// HRESULT that says whether there was memory for it.
HRESULT Demonstrate(IAtlMemMgr &manager)
{
    const size_t size = 1024;
    void *memory = manager.Allocate(size);
    if (memory == nullptr) {
        return E_OUTOFMEMORY;
    }
    ATLASSERT(manager.GetSize(memory) == size);
    memory = manager.Reallocate(memory, size * 2);
    if (memory == nullptr) {
        return E_OUTOFMEMORY;
    }
    ATLASSERT(manager.GetSize(memory) == size * 2);
    manager.Free(memory);
    return S_OK;
}

void S5_the_documented_example_works_with_all_five()
{
    CComHeap com;
    CCRTHeap crt;
    CLocalHeap local;
    CGlobalHeap global;
    CWin32Heap win32(0, 4096);
    CHECK(Demonstrate(com) == S_OK);
    CHECK(Demonstrate(crt) == S_OK);
    CHECK(Demonstrate(local) == S_OK);
    CHECK(Demonstrate(global) == S_OK);
    CHECK(Demonstrate(win32) == S_OK);
}

void S5_each_class_is_its_own_heap()
{
    CCRTHeap crt;
    CWin32Heap win32;
    CLocalHeap local;
    CGlobalHeap global;
    CComHeap com;
    CHECK(crt.GetSize(nullptr) == SIZE_MAX);
    CHECK(win32.GetSize(nullptr) == SIZE_MAX);
    CHECK(local.GetSize(nullptr) == 0);
    CHECK(com.GetSize(nullptr) == SIZE_MAX);
    CHECK(com.Allocate(static_cast<size_t>(INT_MAX) + 1) == nullptr);
    void *none = global.Allocate(0);
    CHECK(global.GetSize(none) == 1);
    CHECK(ch_global_heap() != ch_local_heap());
    global.Free(none);
    none = local.Allocate(0);
    CHECK(none != nullptr && local.GetSize(none) == 0);
    CHECK(local.Reallocate(none, 0) == nullptr);
    none = com.Allocate(100);
    CHECK(ch_com_heap() != nullptr && com.GetSize(none) == 100);
    CoTaskMemFree(none);
}

HRESULT WhatIsThrown(DWORD flags, size_t initial, size_t max)
{
    try {
        CWin32Heap heap(flags, initial, max);
    } catch (const CAtlException &e) {
        return e.m_hr;
    }
    return S_OK;
}

void S5_win32_throws_where_it_has_no_heap()
{
    CHECK(WhatIsThrown(0, 0, 0) == S_OK);
    CHECK(WhatIsThrown(0, 4096, 0) == S_OK);
    CHECK(WhatIsThrown(HEAP_GENERATE_EXCEPTIONS, 0, 0) == E_INVALIDARG);
    CHECK(WhatIsThrown(0, 2, 1) == E_INVALIDARG);
    CHECK(WhatIsThrown(0, 0, SIZE_MAX) == E_OUTOFMEMORY);
}

template <typename T> void CheckArithmetic(T largest)
{
    T result = 77;
    CHECK(AtlMultiply(&result, largest, T(2)) == static_cast<HRESULT>(0x80070216));
    CHECK(AtlAdd(&result, largest, T(1)) == static_cast<HRESULT>(0x80070216));
    CHECK(result == 77);
    CHECK(AtlMultiply(&result, T(0), largest) == S_OK && result == 0);
    CHECK(AtlMultiply(&result, largest, T(1)) == S_OK && result == largest);
    CHECK(AtlAdd(&result, T(largest - 1), T(1)) == S_OK && result == largest);
    CHECK(AtlMultiplyThrow(T(6), T(7)) == 42 && AtlAddThrow(T(6), T(7)) == 13);
    HRESULT thrown = S_OK;
    try {
        (void)AtlMultiplyThrow(largest, largest);
    } catch (const CAtlException &e) {
        thrown = e;
    }
    CHECK(thrown == CH_E_OVERFLOW);
}

void S7_arithmetic_is_checked_in_every_type()
{
    CheckArithmetic<int>(INT_MAX);
    CheckArithmetic<unsigned>(UINT_MAX);
    CheckArithmetic<long>(LONG_MAX);
    CheckArithmetic<unsigned long>(ULONG_MAX);
    CheckArithmetic<unsigned long long>(ULLONG_MAX);
    CheckArithmetic<size_t>(SIZE_MAX);
}

void S7_an_allocator_is_its_heap()
{
    void *block = CComAllocator::Allocate(100);
    CHECK(ATL::CComHeap().GetSize(block) == 100);
    CHECK(CComAllocator::Reallocate(block, static_cast<size_t>(INT_MAX) + 1) == nullptr);
    CComAllocator::Free(block);
    block = CCRTAllocator::Reallocate(nullptr, 100);
    CHECK(CCRTHeap().GetSize(block) == 100);
    CCRTAllocator::Free(block);
    block = CGlobalAllocator::Allocate(0);
    CHECK(CGlobalHeap().GetSize(block) == 1);
    CGlobalAllocator::Free(block);
    block = CLocalAllocator::Allocate(0);
    CHECK(block != nullptr && CLocalHeap().GetSize(block) == 0);
    CLocalAllocator::Free(block);
}

// A manager of C++, for C. GCC wants a virtual destructor in its base.
#ifdef __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif
class CCountingHeap : public CCRTHeap
{
  public:
    int live = 0;

    void *Allocate(size_t nBytes) override
    {
        live++;
        return CCRTHeap::Allocate(nBytes);
    }
    void Free(void *p) noexcept override
    {
        live--;
        CCRTHeap::Free(p);
    }
};

// As one writes it for Windows: it says throw(), or nothing, and no other manager makes it.
class CMallocHeap : public IAtlMemMgr
{
  public:
    virtual void *Allocate(size_t nBytes)
    {
        return std::malloc(nBytes);
    }
#if __cplusplus < 202002L
    virtual void Free(void *p) throw()
#else
    virtual void Free(void *p)
#endif
    {
        std::free(p);
    }
    virtual void *Reallocate(void *p, size_t nBytes)
    {
        return std::realloc(p, nBytes);
    }
    virtual size_t GetSize(void *p)
    {
        return p == nullptr ? SIZE_MAX : 100;
    }
};
#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

// One table of methods, either way: the array functions are C.
void S1_7_a_manager_goes_from_cpp_to_c_and_back()
{
    CCountingHeap counting;
    void *array = ch_array_allocate_zeroed(&counting, 10, 10);
    CHECK(counting.live == 1 && counting.GetSize(array) == 100);
    CHECK(static_cast<char *>(array)[99] == 0);
    array = ch_array_reallocate_zeroed(&counting, array, 20, 10);
    CHECK(counting.GetSize(array) == 200 && static_cast<char *>(array)[199] == 0);
    CHECK(ch_array_reallocate(&counting, array, 0, 10) == nullptr);
    CHECK(counting.live == 0);
    CMallocHeap plain;
    array = ch_array_allocate_zeroed(&plain, 10, 10);
    array = ch_array_reallocate_zeroed(&plain, array, 20, 10);
    CHECK(static_cast<char *>(array)[199] == 0);
    plain.Free(array);
    CWin32Heap win32(0, 0);
    array = ch_array_allocate(&win32, 3, 7);
    CHECK(ch_heap_owns(static_cast<ch_heap *>(win32.m_hHeap), array));
    static_assert(std::is_same<HANDLE, void *>::value, "as in Windows, and in other shims of it");
}

} // namespace

void check(bool holds, const char *claim, const char *file, int line)
{
    if (!holds) {
        std::fprintf(stderr, "%s:%d: not so: %s\n", file, line, claim);
        failures++;
    }
}

int main()
{
    S5_the_documented_example_works_with_all_five();
    S5_each_class_is_its_own_heap();
    S5_win32_throws_where_it_has_no_heap();
    S7_arithmetic_is_checked_in_every_type();
    S7_an_allocator_is_its_heap();
    S1_7_a_manager_goes_from_cpp_to_c_and_back();
    check_owners();
    check_buffers();
    return failures == 0 ? 0 : 1;
}
