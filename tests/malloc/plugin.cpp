// A plugin in C++: it asks for too much, and lives with the answer. host.c loads it.

#include <cstddef>
#include <cstdint>
#include <new>

// Returns whether new throws std::bad_alloc here, and its quiet form calls the handler.
extern "C" bool lives_without_memory()
{
    volatile std::size_t too_many = SIZE_MAX / 2 + 1;
    std::set_new_handler([] { throw std::bad_alloc(); });
    bool is_null = ::operator new(too_many, std::nothrow) == nullptr;
    std::set_new_handler(nullptr);
    try {
        ::operator delete(::operator new(too_many));
    } catch (const std::bad_alloc &) {
        return is_null;
    }
    return false;
}
