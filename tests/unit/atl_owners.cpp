// Ownership in ATL's style: a CWin32Heap owns its heap, and a CHeapPtr its block. No sanitizer sees
// a block or a heap of ours that is never ended. So the blocks are counted, and the heaps are so
// many that their addresses would run out.

#include <atlbase.h>
#include <atlcommem.h>
#include <atlcore.h>

#include "atl_claims.h"

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace
{

const size_t MIB = 1024 * 1024;

void S5_win32_owns_what_it_was_given_to_own()
{
    CWin32Heap owner(HEAP_NO_SERIALIZE, 0, 1024 * 1024);
    CHECK(owner.m_hHeap != nullptr && owner.m_bOwnHeap);
    void *block = owner.Allocate(100);
    CWin32Heap guest(owner.m_hHeap);
    CHECK(!guest.m_bOwnHeap && guest.GetSize(block) == 100);
    CHECK(guest.Detach() == owner.m_hHeap);
    CHECK(guest.m_hHeap == nullptr && guest.Allocate(1) == nullptr);
    HANDLE heap = owner.Detach();
    CHECK(!owner.m_bOwnHeap && ch_heap_owns(static_cast<ch_heap *>(heap), block));
    guest.Attach(heap, true);
    CHECK(guest.m_bOwnHeap);
    guest.Attach(ch_heap_of_process(), false); // Something is attached.
    CHECK(guest.m_hHeap == heap && guest.m_bOwnHeap);
    guest.Free(block);
    static_assert(!std::is_copy_constructible<CWin32Heap>::value, "two would end one heap");
    static_assert(std::has_virtual_destructor<CWin32Heap>::value, "as in ATL");
}

void S5_win32_ends_no_heap_that_it_does_not_own()
{
    CWin32Heap owner(0, 0);
    void *block = owner.Allocate(100);
    {
        CWin32Heap guest(owner.m_hHeap);
    }
    CHECK(owner.GetSize(block) == 100);
    {
        CWin32Heap guest;
        guest.Attach(owner.m_hHeap, false);
    }
    CHECK(owner.GetSize(block) == 100);
    owner.Free(block);
}

bool MakesHeap(size_t nMaxSize)
{
    try {
        CWin32Heap heap(0, 0, nMaxSize);
        return heap.Allocate(100) != nullptr;
    } catch (const CAtlException &) {
        return false;
    }
}

// The address space has no room for 300 heaps of this size at once, only one after the other.
void S5_win32_ends_the_heap_that_it_owns()
{
    const size_t large = SIZE_MAX > UINT32_MAX ? SIZE_MAX >> 24 : SIZE_MAX >> 4;
    bool all = true;
    for (int i = 0; i < 300; i++) {
        all = all && MakesHeap(large);
    }
    CHECK(all);
    for (int i = 0; i < 300; i++) {
        CWin32Heap owner;
        ch_config config = {};
        config.arena_bytes = large;
        owner.Attach(ch_heap_create(&config), true);
        all = all && owner.m_hHeap != nullptr;
    }
    CHECK(all);
}

void S5_win32_with_a_maximum_has_blocks_below_the_documented_limit()
{
    CWin32Heap limited(0, 4096, 64 * MIB);
    void *block = limited.Allocate(CH_WIN32_FIXED_BYTES - 1);
    CHECK(block != nullptr);
    CHECK(limited.Allocate(CH_WIN32_FIXED_BYTES) == nullptr);
    CHECK(limited.Reallocate(block, CH_WIN32_FIXED_BYTES) == nullptr);
    limited.Free(block);
    CWin32Heap owner;
    owner.Attach(limited.Detach(), true); // The limit goes with the heap.
    CHECK(owner.Allocate(CH_WIN32_FIXED_BYTES) == nullptr);
    CWin32Heap unlimited(0, 0);
    limited.Attach(unlimited.m_hHeap, false);
    CHECK(limited.Allocate(CH_WIN32_FIXED_BYTES) != nullptr);
}

void S5_win32_with_a_maximum_has_no_more()
{
    CWin32Heap limited(0, 0, 65536);
    CHECK(limited.Allocate(180 * 1024) == nullptr);
    CHECK(limited.Allocate(65537) == nullptr);
    void *block = limited.Allocate(65536);
    CHECK(block != nullptr && limited.Allocate(1) == nullptr);
    limited.Free(block);
}

void S7_a_heap_pointer_owns_its_block()
{
    CComHeapPtr<int> first;
    CHECK(first == nullptr);
    CHECK(first.Allocate(10));
    first[9] = 77;
    CHECK(!first.Allocate(SIZE_MAX / 2));             // Too many for a size_t,
    CHECK(!first.Reallocate(SIZE_MAX / sizeof(int))); // and for the heap.
    CHECK(CComHeap().GetSize(first) == 10 * sizeof(int));
    CHECK(first.Reallocate(10000) && first[9] == 77);
    CComHeapPtr<int> second(first); // Hands it over.
    CHECK(first == nullptr && second[9] == 77);
    CHECK(!second.Reallocate(0)); // Frees it, once.
    CHECK(second == nullptr);
    second.Attach(static_cast<int *>(CoTaskMemAlloc(sizeof(int))));
    int *block = second.Detach();
    CHECK(second == nullptr && block != nullptr);
    *&first = block; // As a function does that stores a block by address.
    first.Free();
    CHECK(first == nullptr);
}

size_t LiveBlocks()
{
    return ch_heap_stats(ch_heap_of_process()).live_blocks;
}

void S7_a_heap_pointer_frees_its_block()
{
    CComHeapPtr<int>().Free(); // There is a heap now.
    size_t before = LiveBlocks();
    {
        CComHeapPtr<int> pointer;
        CHECK(pointer.AllocateBytes(3) && pointer.AllocateBytes(4));
        CHECK(LiveBlocks() == before + 1); // The first one is freed,
        pointer.Attach(static_cast<int *>(CoTaskMemAlloc(sizeof(int))));
        CHECK(LiveBlocks() == before + 1); // and so is the second.
        CComHeapPtr<int> other(pointer);
        CHECK(LiveBlocks() == before + 1);
    }
    CHECK(LiveBlocks() == before);
}

template <class Pointer> void CheckAssignment()
{
    size_t before = LiveBlocks();
    {
        Pointer from;
        Pointer to;
        CHECK(from.Allocate(10) && to.Allocate(20));
        int *block = from;
        to = from;
        CHECK(from == nullptr && to == block);
        CHECK(LiveBlocks() == before + 1); // Its former block is freed.
        Pointer &same = to;
        to = same;
        CHECK(to == block && CComHeap().GetSize(block) == 10 * sizeof(int));
        to = from;
        CHECK(to == nullptr && LiveBlocks() == before);
    }
    CHECK(LiveBlocks() == before);
}

void S7_to_assign_a_heap_pointer_is_to_hand_its_block_over()
{
    CheckAssignment<CComHeapPtr<int>>();
    CheckAssignment<CHeapPtr<int, CComAllocator>>();
}

template <class Pointer> Pointer Make()
{
    Pointer made;
    CHECK(made.Allocate(10));
    return made;
}

struct Holder {
    CComHeapPtr<int> pointer;
};

class CDerivedPtr : public CHeapPtr<int, CComAllocator>
{
};

// Each way in which a block can go from one owner to the next. Each of them used to free it twice,
// or did not compile where the first owner can't be named as one that may change.
template <class Pointer> void CheckMoves()
{
    size_t before = LiveBlocks();
    {
        Pointer made(Make<Pointer>());
        Pointer assigned;
        int *block = made;
        assigned = std::move(made);
        CHECK(made == nullptr && assigned == block && LiveBlocks() == before + 1);
        Pointer moved(std::move(assigned));
        CHECK(assigned == nullptr && moved == block && LiveBlocks() == before + 1);
        Pointer &same = moved;
        moved = std::move(same);
        CHECK(moved == block && LiveBlocks() == before + 1);
        moved = Make<Pointer>(); // Its former block is freed.
        CHECK(moved != nullptr && LiveBlocks() == before + 1);
        Pointer copied(moved);
        CHECK(moved == nullptr && copied != nullptr && LiveBlocks() == before + 1);
        std::swap(moved, copied);
        CHECK(moved != nullptr && copied == nullptr && LiveBlocks() == before + 1);
    }
    CHECK(LiveBlocks() == before);
}

void S7_a_heap_pointer_that_is_moved_hands_its_block_over()
{
    CheckMoves<CComHeapPtr<int>>();
    CheckMoves<CHeapPtr<int, CComAllocator>>();
    CheckMoves<CDerivedPtr>();
}

void S7_a_heap_pointer_goes_where_owners_go()
{
    size_t before = LiveBlocks();
    {
        std::vector<CComHeapPtr<int>> many;
        for (int i = 0; i < 20; i++) {
            many.push_back(Make<CComHeapPtr<int>>());
        }
        CHECK(LiveBlocks() == before + 20);
        Holder holder = {std::move(many[7])};
        Holder other(holder);
        Holder last(std::move(other));
        CHECK(many[7] == nullptr && other.pointer == nullptr && last.pointer != nullptr);
        CHECK(LiveBlocks() == before + 20);
        CHeapPtr<int, CComAllocator> base(last.pointer);
        CComHeapPtr<int> task(base);
        CHeapPtr<int, CComAllocator> back(std::move(task));
        CComHeapPtr<int> again(std::move(back));
        CHECK(base == nullptr && task == nullptr && back == nullptr && again != nullptr);
        CHECK(LiveBlocks() == before + 20);
    }
    CHECK(LiveBlocks() == before);
}

} // namespace

void check_owners()
{
    S5_win32_owns_what_it_was_given_to_own();
    S5_win32_ends_no_heap_that_it_does_not_own();
    S5_win32_ends_the_heap_that_it_owns();
    S5_win32_with_a_maximum_has_blocks_below_the_documented_limit();
    S5_win32_with_a_maximum_has_no_more();
    S7_a_heap_pointer_owns_its_block();
    S7_a_heap_pointer_frees_its_block();
    S7_to_assign_a_heap_pointer_is_to_hand_its_block_over();
    S7_a_heap_pointer_that_is_moved_hands_its_block_over();
    S7_a_heap_pointer_goes_where_owners_go();
}
