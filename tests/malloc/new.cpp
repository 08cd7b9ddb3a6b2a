// C++'s new and delete are the library's, in the language's own words, and in the uses of the
// standard library. operators.cpp goes through every form. Runs with libcomheap-malloc.so
// preloaded; knows nothing of the heap.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <malloc.h>

namespace
{

int failures = 0;

void check(bool holds, const char *claim, int line)
{
    if (!holds) {
        std::fprintf(stderr, "new.cpp:%d: not so: %s\n", line, claim);
        failures++;
    }
}

#define CHECK(claim) check((claim), #claim, __LINE__)

bool malloc_is_the_librarys()
{
    Dl_info info;
    return dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info) != 0 &&
           std::string(info.dli_fname).find("libcomheap-malloc") != std::string::npos;
}

// Not every compiler calls the forms with a size unless it is asked to.
void end(void *block, std::size_t size)
{
#ifdef __cpp_sized_deallocation
    ::operator delete[](block, size);
#else
    (void)size;
    ::operator delete[](block);
#endif
}

// The operators by name: a compiler may leave out a new expression and its delete together.
void new_grants_what_was_asked_for()
{
    for (std::size_t size = 100; size < 100000; size = size * 2 + 1) {
        void *block = ::operator new(size);
        CHECK(malloc_usable_size(block) == size); // Another malloc would not give it.
        ::operator delete(block);
        block = ::operator new[](size, std::nothrow);
        CHECK(malloc_usable_size(block) == size);
        end(block, size);
    }
    void *none = ::operator new(0);
    CHECK(none != nullptr);
    ::operator delete(none);
    ::operator delete(nullptr);
}

void aligned_new_is_aligned()
{
    for (std::size_t alignment = 1; alignment <= 1024 * 1024; alignment *= 2) {
        for (std::size_t size = 1; size < 300000; size = size * 7 + 3) {
            std::align_val_t aligned{alignment};
            void *block = ::operator new(size, aligned);
            CHECK(reinterpret_cast<std::uintptr_t>(block) % alignment == 0);
            CHECK(malloc_usable_size(block) >= size);
            ::operator delete(block, aligned);
            block = ::operator new[](size, aligned, std::nothrow);
            CHECK(reinterpret_cast<std::uintptr_t>(block) % alignment == 0);
            ::operator delete[](block, aligned);
        }
    }
}

void too_much_throws()
{
    volatile std::size_t too_many = SIZE_MAX / 2 + 1;
    bool is_thrown = false;
    try {
        ::operator delete(::operator new(too_many));
    } catch (const std::bad_alloc &) { // Which is itself allocated.
        is_thrown = true;
    }
    CHECK(is_thrown);
    CHECK(::operator new(too_many, std::nothrow) == nullptr);
}

struct alignas(64) Wide {
    unsigned char bytes[192];
};

void containers_live()
{
    std::map<std::string, std::vector<int>> map;
    for (int i = 0; i < 20000; i++) {
        map[std::to_string(i % 1999)].push_back(i);
    }
    std::size_t count = 0;
    for (const auto &entry : map) {
        count += entry.second.size();
    }
    CHECK(count == 20000);
    std::vector<std::unique_ptr<Wide>> wides;
    for (int i = 0; i < 1000; i++) {
        wides.push_back(std::make_unique<Wide>());
        CHECK(reinterpret_cast<std::uintptr_t>(wides.back().get()) % 64 == 0);
    }
}

} // namespace

int main()
{
    CHECK(malloc_is_the_librarys());
    new_grants_what_was_asked_for();
    aligned_new_is_aligned();
    too_much_throws();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back(containers_live);
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    return failures == 0 ? 0 : 1;
}
