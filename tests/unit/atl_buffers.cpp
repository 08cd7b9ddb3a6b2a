// ATL's temporary buffer, its list of owners, and its functions over task memory. Bytes outside a
// buffer are AddressSanitizer's to see.

#include <atlbase.h>
#include <atlcoll.h>

#include "atl_claims.h"

#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <type_traits>

namespace
{

// An allocator that refuses all but the next few calls.
class CScarceAllocator
{
  public:
    static void *Allocate(size_t nBytes) noexcept
    {
        return s_left-- > 0 ? std::malloc(nBytes) : nullptr;
    }
    static void *Reallocate(void *p, size_t nBytes) noexcept
    {
        return s_left-- > 0 ? std::realloc(p, nBytes) : nullptr;
    }
    static void Free(void *p) noexcept
    {
        std::free(p);
    }

    static int s_left;
};
int CScarceAllocator::s_left = 0;

typedef CTempBuffer<unsigned char, 16, CScarceAllocator> Buffer;

bool IsInside(const Buffer &buffer)
{
    const void *start = buffer.m_p;
    return start >= &buffer && start < &buffer + 1;
}

// Every size follows every other, and the bytes that fit stay.
void S7_a_buffer_is_in_the_object_while_it_fits()
{
    const size_t sizes[] = {0, 1, 15, 16, 17, 18, 40, 4000};
    for (size_t before : sizes) {
        for (size_t after : sizes) {
            CScarceAllocator::s_left = (before > 16 ? 1 : 0) + (after > 16 ? 1 : 0);
            Buffer buffer(before);
            CHECK(IsInside(buffer) == (before <= 16));
            for (size_t i = 0; i < before; i++) {
                buffer[i] = static_cast<unsigned char>(i * 7);
            }
            CHECK(buffer.Reallocate(after) == buffer.m_p && IsInside(buffer) == (after <= 16));
            for (size_t i = 0; i < after; i++) {
                CHECK(i >= before || buffer[i] == static_cast<unsigned char>(i * 7));
                buffer[i] = 1;
            }
            CHECK(CScarceAllocator::s_left == 0);
        }
    }
}

template <class Call> HRESULT Thrown(Call call)
{
    try {
        call();
    } catch (const CAtlException &e) {
        return e;
    }
    return S_OK;
}

void S7_a_buffer_that_throws_has_not_changed()
{
    CScarceAllocator::s_left = 0;
    Buffer buffer(16);
    buffer[15] = 15;
    CHECK(Thrown([&] { buffer.Reallocate(17); }) == E_OUTOFMEMORY && buffer[15] == 15);
    CScarceAllocator::s_left = 1;
    buffer.Reallocate(17);
    buffer[16] = 16;
    CHECK(Thrown([&] { buffer.Reallocate(4000); }) == E_OUTOFMEMORY && buffer[16] == 16);
    CScarceAllocator::s_left = 9;
    CTempBuffer<int, 16, CScarceAllocator> numbers(4);
    CHECK(Thrown([&] { numbers.Reallocate(SIZE_MAX / 4 + 1); }) == E_OUTOFMEMORY);
    CHECK(Thrown([] { throw CAtlException(); }) == E_FAIL);
}

typedef CHeapPtrList<int, CScarceAllocator> List;

CHeapPtr<int, CScarceAllocator> Number(int n)
{
    CScarceAllocator::s_left = 1;
    CHeapPtr<int, CScarceAllocator> owner;
    CHECK(owner.Allocate());
    *owner = n;
    return owner;
}

// Whether the list has these numbers, in both directions. 0 stands for an element without a block.
template <size_t count> bool Has(const List &list, const int (&numbers)[count])
{
    POSITION pos = list.GetHeadPosition();
    POSITION back = list.GetTailPosition();
    bool has = list.GetCount() == count;
    for (size_t i = 0; i < count && has; i++) {
        has = pos != nullptr && back != nullptr && list.FindIndex(i) == pos;
        if (has) {
            const int *next = list.GetNext(pos);
            const int *prev = list.GetPrev(back);
            has = (next == nullptr ? 0 : *next) == numbers[i] &&
                  (prev == nullptr ? 0 : *prev) == numbers[count - 1 - i];
        }
    }
    return has && pos == nullptr && back == nullptr;
}

void S7_a_list_keeps_its_order()
{
    List list;
    CHECK(list.IsEmpty() && list.GetHeadPosition() == nullptr);
    POSITION two = list.AddTail(Number(2));
    list.AddTail(Number(5));
    list.AddHead(Number(1));
    POSITION three = list.InsertAfter(two, Number(3));
    CHECK(Has(list, {1, 2, 3, 5}));
    list.InsertBefore(list.GetTailPosition(), Number(4));
    CHECK(Has(list, {1, 2, 3, 4, 5}));
    list.MoveToHead(three);
    CHECK(Has(list, {3, 1, 2, 4, 5}));
    list.MoveToTail(three);
    list.MoveToTail(three);
    CHECK(Has(list, {1, 2, 4, 5, 3}) && *list.GetTail() == 3);
    list.MoveToHead(list.GetHeadPosition());
    list.RemoveAt(two);
    list.RemoveTailNoReturn();
    list.RemoveHeadNoReturn();
    CHECK(Has(list, {4, 5}));
    CHECK(*list.RemoveTail() == 5 && *list.RemoveHead() == 4 && list.IsEmpty());
    POSITION empty = list.AddTail();
    list.AddHead();
    list.SetAt(empty, Number(8));
    CHECK(Has(list, {0, 8}));
}

// The elements are owners: code may resize a block, take it, or replace it. LeakSanitizer sees a
// block that nobody frees.
void S7_an_element_of_a_list_is_an_owner()
{
    List list;
    POSITION pos = list.AddTail(Number(1));
    static_assert(std::is_same<decltype(list.GetAt(pos)), List::Owner &>::value, "as ATL's");
    const List &same = list;
    static_assert(std::is_same<decltype(same.GetNext(pos)), const List::Owner &>::value, "");
    CScarceAllocator::s_left = 1;
    CHECK(list.GetHead().Reallocate(100));
    list.GetHead()[99] = 99;
    list.SetAt(pos, list.GetAt(pos));
    CHECK(list.GetHead() != nullptr && list.GetTail()[99] == 99);
    list.SetAt(pos, Number(2));
    CHECK(*list.GetHead() == 2);
    int *block = list.GetAt(pos).Detach();
    CHECK(list.GetHead() == nullptr && list.GetCount() == 1);
    CScarceAllocator::Free(block);
    list.AddTail(Number(3));
    list.AddTail(list.GetTail()); // It takes the block of its neighbour.
    CHECK(Has(list, {0, 0, 3}));
}

// A product above 32 bits does nothing. New bytes are arbitrary.
void S7_arrays_in_task_memory_are_checked()
{
    CComHeap heap;
    void *pv = AtlCoTaskMemCAlloc(3, 7);
    CHECK(heap.GetSize(pv) == 21);
    std::memset(pv, 5, 21);
    CHECK(AtlCoTaskMemCAlloc(0x80000000, 2) == nullptr);
    CHECK(AtlCoTaskMemRecalloc(pv, 2, 0x80000000) == nullptr && heap.GetSize(pv) == 21);
    pv = AtlCoTaskMemRecalloc(pv, 4, 7);
    CHECK(heap.GetSize(pv) == 28 && static_cast<char *>(pv)[20] == 5);
    CHECK(AtlCoTaskMemRecalloc(pv, 0, 7) == nullptr && heap.GetSize(pv) == SIZE_MAX);
    CComHeapPtr<char> empty(static_cast<char *>(AtlCoTaskMemCAlloc(0, 7)));
    CHECK(empty != nullptr && heap.GetSize(empty) == 0);
}

void S7_strings_in_task_memory_are_exact()
{
    CComHeap heap;
    CComHeapPtr<wchar_t> wide(AtlAllocTaskWideString("four"));
    CHECK(heap.GetSize(wide) == 5 * sizeof(wchar_t) && std::wcscmp(wide, L"four") == 0);
    CComHeapPtr<char> narrow(AtlAllocTaskAnsiString(L"four"));
    CHECK(heap.GetSize(narrow) == 5 && std::strcmp(narrow, "four") == 0);
    CComHeapPtr<wchar_t> empty(AtlAllocTaskOleString(""));
    CHECK(heap.GetSize(empty) == sizeof(wchar_t) && *empty == 0);
    CHECK(AtlAllocTaskAnsiString(L"\x4e2d") == nullptr); // The locale is "C".
}

// Every byte of an identifier counts.
void S7_identifiers_are_the_same_or_not()
{
    for (size_t i = 0; i < sizeof(GUID); i++) {
        GUID guid = GUID_NULL;
        CHECK(guid == GUID_NULL && IsEqualGUID(guid, GUID_NULL));
        reinterpret_cast<unsigned char *>(&guid)[i] = 1;
        CHECK(guid != GUID_NULL && !IsEqualIID(guid, GUID_NULL) && !(guid == GUID_NULL));
    }
}

// In the type of n: no LONGLONG is cut where a size_t has 32 bits.
void S7_alignment_keeps_the_type()
{
    static_assert(std::is_same<decltype(AtlAlignUp(1, 8u)), int>::value, "");
    static_assert(AtlAlignUp(0x100000001, 8) == 0x100000008 && AtlAlignDown(-1, 8ul) == -8, "");
    static_assert(AtlAlignDown(0x10000000FLL, 8u) == 0x100000008LL, "8 has fewer bits than n");
    CHECK(AtlAlignUp(static_cast<size_t>(9), 8) == 16 && AtlAlignUp(8, 8) == 8);
    CHECK(AtlAlignUp(SIZE_MAX, 8) == 0 && AtlAlignDown(SIZE_MAX, 8) == SIZE_MAX - 7);
}

// Members with constructors do not make GCC warn, as they do of memset.
void S7_memory_of_objects_is_cleared_and_copied()
{
    struct Entry {
        Entry()
        {
            ZeroMemory(this, sizeof *this);
        }
        LONG lUses;
        BYTE ab[12];
    };
    Entry entry;
    CHECK(entry.lUses == 0 && entry.ab[11] == 0);
    entry.ab[11] = 7;
    Entry entries[3];
    CopyMemory(&entries[1], &entry, sizeof entry);
    CHECK(entries[1].ab[11] == 7 && entries[2].lUses == 0);
    CTempBuffer<Entry> buffer(2);
    ZeroMemory(buffer, 2 * sizeof(Entry));
    CHECK(buffer[1].lUses == 0 && ARRAYSIZE(entries) == 3);
}

} // namespace

void check_buffers()
{
    S7_a_buffer_is_in_the_object_while_it_fits();
    S7_a_buffer_that_throws_has_not_changed();
    S7_a_list_keeps_its_order();
    S7_an_element_of_a_list_is_an_owner();
    S7_arrays_in_task_memory_are_checked();
    S7_strings_in_task_memory_are_exact();
    S7_identifiers_are_the_same_or_not();
    S7_alignment_keeps_the_type();
    S7_memory_of_objects_is_cleared_and_copied();
}
