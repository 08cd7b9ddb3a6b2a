// Each of the 20 operators new and delete of C++17 is the drop-in's and does what C++ says: blocks,
// the new-handler, std::bad_alloc. A wrong size ends the process with a sentence. Each standard
// from C++11 on compiles this, so the operators are called by their mangled names, too.
//
// Runs with libcomheap-malloc.so linked or preloaded; knows nothing of the heap.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include <dlfcn.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

using std::size_t;

int failures = 0;

void check(bool holds, const std::string &claim, int line)
{
    if (!holds) {
        std::fprintf(stderr, "operators.cpp:%d: not so: %s\n", line, claim.c_str());
        failures++;
    }
}

#define CHECK(claim) check((claim), #claim, __LINE__)

const size_t MIB = size_t(1024) * 1024;
const size_t TOO_MANY = SIZE_MAX / 2 + 1;
const std::string size_letter = SIZE_MAX > UINT32_MAX ? "m" : "j";

// The eight families: new and new[], with and without an alignment, throwing or not.
struct family {
    bool is_array, is_aligned, throws;
};

enum end { PLAIN, SIZED, NOTHROW, ENDS };

void *operator_named(const std::string &mangled)
{
    Dl_info info;
    void *found = dlsym(RTLD_DEFAULT, mangled.c_str());
    check(found != nullptr && dladdr(found, &info) != 0 &&
              std::strstr(info.dli_fname, "libcomheap-malloc") != nullptr,
          mangled, __LINE__);
    return found;
}

template <typename function> function *as(void *found)
{
    return reinterpret_cast<function *>(found);
}

void *take(family which, size_t size, size_t alignment)
{
    void *found = operator_named((which.is_array ? "_Zna" : "_Znw") + size_letter +
                                 (which.is_aligned ? "St11align_val_t" : "") +
                                 (which.throws ? "" : "RKSt9nothrow_t"));
    typedef const std::nothrow_t &tag;
    if (which.is_aligned) {
        return which.throws ? as<void *(size_t, size_t)>(found)(size, alignment)
                            : as<void *(size_t, size_t, tag)>(found)(size, alignment, std::nothrow);
    }
    return which.throws ? as<void *(size_t)>(found)(size)
                        : as<void *(size_t, tag)>(found)(size, std::nothrow);
}

void give(family which, end how, void *block, size_t size, size_t alignment)
{
    void *found = operator_named(
        (which.is_array ? "_ZdaPv" : "_ZdlPv") + (how == SIZED ? size_letter : "") +
        (which.is_aligned ? "St11align_val_t" : "") + (how == NOTHROW ? "RKSt9nothrow_t" : ""));
    typedef const std::nothrow_t &tag;
    if (how == SIZED) {
        which.is_aligned ? as<void(void *, size_t, size_t)>(found)(block, size, alignment)
                         : as<void(void *, size_t)>(found)(block, size);
    } else if (how == NOTHROW) {
        which.is_aligned ? as<void(void *, size_t, tag)>(found)(block, alignment, std::nothrow)
                         : as<void(void *, tag)>(found)(block, std::nothrow);
    } else {
        which.is_aligned ? as<void(void *, size_t)>(found)(block, alignment)
                         : as<void(void *)>(found)(block);
    }
}

template <typename action> void in_each_family(action act)
{
    for (unsigned bits = 0; bits < 8; bits++) {
        act(family{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0});
    }
}

// The size of a block of libcomheap-malloc.so. No other malloc gives these sizes.
size_t size_of_block(family which, size_t size, size_t alignment)
{
    size_t granule = 2 * sizeof(void *);
    size_t step = which.is_aligned && alignment > granule ? alignment : 1;
    if (step == 1 && granule < 16 && size > granule && size <= 64) {
        step = 16;
    }
    return ((step > 1 && size == 0 ? 1 : size) + step - 1) / step * step;
}

void every_form_gives_and_ends_blocks(family which)
{
    for (size_t alignment = 1; alignment <= 2 * MIB; alignment *= 4) {
        for (size_t size = 0; size < 300000; size = size * 6 + 1) {
            for (int how = 0; how < ENDS; how++) {
                void *block = take(which, size, alignment);
                void *other = take(which, size, alignment);
                CHECK(block != nullptr && other != nullptr && block != other);
                CHECK(!which.is_aligned ||
                      reinterpret_cast<std::uintptr_t>(block) % alignment == 0);
                CHECK(malloc_usable_size(block) == size_of_block(which, size, alignment));
                std::memset(block, 0xa5, size);
                give(which, end(how), block, size, alignment);
                CHECK(malloc_usable_size(block) == 0);
                give(which, PLAIN, other, size, alignment);
                give(which, end(how), nullptr, size, alignment);
            }
        }
    }
}

int calls;

// Returns whether the form refuses as C++ says: by an exception, or by NULL.
template <typename exception> bool refuses(family which, size_t size, size_t alignment)
{
    calls = 0;
    try {
        return take(which, size, alignment) == nullptr && !which.throws;
    } catch (const exception &) {
        return which.throws;
    }
}

struct thrown_by_handler {
};

// C++11 has the question whether an exception is on its way, for one.
bool is_unwinding()
{
#if __cplusplus >= 201703L
    return std::uncaught_exceptions() != 0;
#else
    return std::uncaught_exception();
#endif
}

void no_room_calls_the_handler_and_throws(family which)
{
    CHECK(refuses<std::bad_alloc>(which, TOO_MANY, 64));
    CHECK(refuses<std::bad_alloc>(which, SIZE_MAX, 64));
    std::set_new_handler([] {
        if (++calls == 3) {
            std::set_new_handler(nullptr);
        }
    });
    CHECK(refuses<std::bad_alloc>(which, TOO_MANY, 64) && calls == 3);
    std::set_new_handler([] {
        calls++;
        throw thrown_by_handler();
    });
    CHECK(refuses<thrown_by_handler>(which, TOO_MANY, 64) && calls == 1);
    CHECK(!is_unwinding());
    if (which.is_aligned) { // No power of two: no handler can help.
        CHECK(refuses<std::bad_alloc>(which, 100, 24) && calls == 0);
    }
    std::set_new_handler(nullptr);
}

void *ballast;

// The kernel grants no more than these bytes, until the handler has given the ballast back.
void a_handler_can_make_room(family which)
{
    rlimit before, tight;
    CHECK(getrlimit(RLIMIT_DATA, &before) == 0);
    tight = before;
    tight.rlim_cur = 300 * MIB;
    CHECK(malloc_trim(0) >= 0);
    CHECK(setrlimit(RLIMIT_DATA, &tight) == 0);
    ballast = std::malloc(200 * MIB);
    calls = 0;
    std::set_new_handler([] {
        calls++;
        std::free(ballast);
        (void)malloc_trim(0);
        std::set_new_handler(nullptr);
    });
    void *block = take(which, 199 * MIB, 64);
    CHECK(ballast != nullptr && block != nullptr && calls == 1);
    std::set_new_handler(nullptr);
    give(which, SIZED, block, 199 * MIB, 64);
    CHECK(setrlimit(RLIMIT_DATA, &before) == 0);
}

// Classes: the compiler chooses the form and the size.
struct base {
    virtual ~base()
    {
        calls++;
    }
    char bytes[20];
};
struct derived : base {
    ~derived() override
    {
        calls++;
    }
    char more[200];
};
struct counted { // Arrays of it have a cookie.
    ~counted()
    {
        calls++;
    }
    char bytes[24];
};
struct plain_base {
    int number;
};
struct plain_derived : plain_base { // No virtual destructor.
    int numbers[30];
};

template <typename type> type *hidden(type *object)
{
    type *volatile seen = object; // The compiler may not pair this new with its delete.
    return seen;
}

#ifdef __cpp_aligned_new
struct alignas(128) wide {
    ~wide()
    {
        calls++;
    }
    char bytes[130];
};
#endif

void classes_end_with_their_own_size()
{
    calls = 0;
    delete hidden<base>(new derived);
    CHECK(calls == 2);
    for (size_t count = 0; count < 100; count++) {
        calls = 0;
        delete[] hidden(new counted[count]);
        CHECK(calls == int(count));
        delete[] hidden(new int[count]);
        delete[] hidden(new (std::nothrow) std::string[count]);
    }
    delete hidden(new plain_derived);
#ifdef __cpp_aligned_new
    calls = 0;
    wide *one = hidden(new wide);
    CHECK(reinterpret_cast<std::uintptr_t>(one) % 128 == 0);
    delete one;
    delete[] hidden(new wide[9]);
    CHECK(calls == 10);
#endif
}

// Returns what a child says that has to abort.
template <typename action> std::string last_words(action act)
{
    char said[256] = "";
    int ends[2], status = 0;
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    (void)close(ends[1]);
    for (size_t length = 0; length < sizeof said - 1;) {
        ssize_t more = read(ends[0], said + length, sizeof said - 1 - length);
        if (more <= 0) {
            break;
        }
        length += size_t(more);
    }
    (void)close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return said;
}

void check_says(const std::string &said, const std::string &sentence, int line)
{
    check(said.find(sentence) == 0 && said.find('\n') == said.size() - 1,
          "'" + said + "' begins with '" + sentence + "'", line);
}

#define CHECK_SAYS(said, sentence) check_says((said), (sentence), __LINE__)

void a_wrong_size_ends_the_process(family which)
{
    std::string aligned = which.is_aligned ? " aligned to 64" : "";
    std::string size = which.is_aligned ? "128" : "100";
    const size_t wrongs[] = {0, 64, 99, 101, 129, 5000, SIZE_MAX};
    for (size_t wrong : wrongs) {
        if (which.is_aligned && wrong > 64 && wrong <= 128) {
            continue; // It gives a block of 128 bytes, too.
        }
        CHECK_SAYS(last_words([=] { give(which, SIZED, take(which, 100, 64), wrong, 64); }),
                   "comheap: free of " + std::to_string(wrong) + " bytes" + aligned +
                       ", but the block has " + size + ": 0x");
    }
    CHECK_SAYS(last_words([=] { give(which, SIZED, take(which, 100000, 1), 100001, 1); }),
               "comheap: free of 100001 bytes" +
                   std::string(which.is_aligned ? " aligned to 1" : "") +
                   ", but the block has 100000: 0x");
    CHECK_SAYS(last_words([=] {
                   void *block = take(which, 100, 64);
                   give(which, SIZED, block, 100, 64);
                   give(which, SIZED, block, 100, 64);
               }),
               "comheap: free of a block that is not live: freed before, or never handed out: 0x");
    CHECK_SAYS(last_words([=] { give(which, SIZED, &failures, SIZE_MAX, 1); }),
               "comheap: free of a pointer where this heap has no block: 0x");
}

void a_wrong_alignment_ends_the_process(family which)
{
    if (which.is_aligned) {
        CHECK_SAYS(last_words([=] { // Two blocks, and 20 KiB between them: one is no such multiple.
                       void *block = take(which, MIB, 16);
                       (void)take(which, 20480, 16);
                       void *next = take(which, MIB, 16);
                       bool is_odd = reinterpret_cast<std::uintptr_t>(block) % MIB != 0;
                       give(which, SIZED, is_odd ? block : next, MIB, MIB);
                   }),
                   "comheap: free of 1048576 bytes aligned to 1048576, but the block is not "
                   "aligned so: 0x");
        CHECK_SAYS(last_words([=] { give(which, SIZED, take(which, 96, 16), 96, 24); }),
                   "comheap: free of 96 bytes aligned to 24, but the block is not aligned so: 0x");
    }
}

// The compiler's own sizes, where it passes them.
void a_class_of_another_size_ends_the_process()
{
#ifdef __cpp_sized_deallocation
    CHECK_SAYS(last_words([] { delete hidden<plain_base>(new plain_derived); }),
               "comheap: free of 4 bytes, but the block has 124: 0x");
#endif
}

} // namespace

int main()
{
    in_each_family(every_form_gives_and_ends_blocks);
    in_each_family(no_room_calls_the_handler_and_throws);
    in_each_family(a_handler_can_make_room);
    classes_end_with_their_own_size();
    in_each_family(a_wrong_size_ends_the_process);
    in_each_family(a_wrong_alignment_ends_the_process);
    a_class_of_another_size_ends_the_process();
    return failures == 0 ? 0 : 1;
}
