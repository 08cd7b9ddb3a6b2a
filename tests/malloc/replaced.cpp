// A program that replaces the plain new and delete alone, and puts a header before their blocks.
// C++ says that each other form calls one of these, so that every block has the header. Needs
// C++17, where the same holds for the aligned forms, which this program replaces, too. With
// ARRAYS_ALONE it replaces the plain new[] and delete[] instead, which the array forms that must
// not throw call.
//
// Runs with libcomheap-malloc.so linked or preloaded; knows nothing of the heap.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

#ifndef __clang__ // This program does what that warns of.
#pragma GCC diagnostic ignored "-Wsized-deallocation"
#endif

namespace
{

const std::size_t HEADER_BYTES = 64;
const std::uint64_t MARK = 0x6465636170657231;

int live = 0;
bool refuses = false;

void *mark(void *start)
{
    if (start == nullptr || refuses) {
        throw std::bad_alloc();
    }
    live++;
    *static_cast<std::uint64_t *>(start) = MARK;
    return static_cast<char *>(start) + HEADER_BYTES;
}

void unmark(void *block)
{
    if (block != nullptr) {
        char *start = static_cast<char *>(block) - HEADER_BYTES;
        if (*reinterpret_cast<std::uint64_t *>(start) != MARK) {
            std::fprintf(stderr, "replaced.cpp: a block without a header comes back\n");
            std::_Exit(1);
        }
        live--;
        std::free(start);
    }
}

} // namespace

#ifdef ARRAYS_ALONE
#define OPERATOR_NEW operator new[]
#define OPERATOR_DELETE operator delete[]
#else
#define OPERATOR_NEW operator new
#define OPERATOR_DELETE operator delete
#endif

void *OPERATOR_NEW(std::size_t size)
{
    return mark(std::malloc(size + HEADER_BYTES));
}

void OPERATOR_DELETE(void *block) noexcept
{
    unmark(block);
}

void *OPERATOR_NEW(std::size_t size, std::align_val_t)
{
    return mark(std::aligned_alloc(HEADER_BYTES, (size + 2 * HEADER_BYTES) & ~(HEADER_BYTES - 1)));
}

void OPERATOR_DELETE(void *block, std::align_val_t) noexcept
{
    unmark(block);
}

namespace
{

// Ends the program unless the program's own operators made as many blocks.
void *made(void *block, int blocks)
{
    if (live != blocks) {
        std::fprintf(stderr, "replaced.cpp: %d blocks are live, and not %d\n", live, blocks);
        std::_Exit(1);
    }
    void *volatile seen = block; // Not to every compiler is a program's own pair a pair.
    return seen;
}

template <typename... tags> void round_trips(tags... tag)
{
    for (std::size_t size = 1; size < 100000; size *= 3) {
#ifndef ARRAYS_ALONE
        ::operator delete(made(::operator new(size, tag...), 1), tag...);
        ::operator delete(made(::operator new(size, tag..., std::nothrow), 1), size, tag...);
        ::operator delete(made(::operator new(size, tag...), 1), tag..., std::nothrow);
#endif
        ::operator delete[](made(::operator new[](size, tag...), 1), tag...);
        ::operator delete[](made(::operator new[](size, tag..., std::nothrow), 1), size, tag...);
        ::operator delete[](made(::operator new[](size, tag...), 1), tag..., std::nothrow);
        made(nullptr, 0);
    }
    refuses = true;
    void *none = made(::operator new[](1, tag..., std::nothrow), 0);
#ifndef ARRAYS_ALONE
    none = none == nullptr ? ::operator new(1, tag..., std::nothrow) : none;
#endif
    refuses = false;
    if (none != nullptr) {
        std::fprintf(stderr, "replaced.cpp: a form that must not throw gives a block\n");
        std::_Exit(1);
    }
}

} // namespace

int main()
{
    round_trips();
    round_trips(std::align_val_t(64));
    return 0;
}
