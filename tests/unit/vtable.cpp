// C and C++ see one object. C calls an object of C++ through the macros, and C++ calls an object of
// the library, made in C, as a class. Each C++ method records its name and its arguments, so its
// name shows a method in the wrong slot.

#include "vtable_caller.h"

#include <cstdint>
#include <cstdio>
#include <string>

namespace
{

int failures = 0;

void check(bool holds, const char *claim, int line)
{
    if (!holds) {
        std::fprintf(stderr, "vtable.cpp:%d: not so: %s\n", line, claim);
        failures++;
    }
}

#define CHECK(claim) check(claim, #claim, __LINE__)

// The sanitizer that checks the class of an object needs C++'s records of classes, and an object
// that was made in C has none of them.
#if defined(__clang__) || defined(__GNUC__)
#define CALLS_OBJECTS_OF_C __attribute__((no_sanitize("vptr")))
#else
#define CALLS_OBJECTS_OF_C
#endif

char storage[2]; // Addresses to hand in and to get back.
void *const given = &storage[0];
void *const answered = &storage[1];
const size_t large = SIZE_MAX - 2; // No argument or answer may lose a bit.

// The last call of a method; arguments that it does not have are nullptr or 0.
struct Call {
    std::string method;
    void *block;
    size_t size_bytes;
};

bool operator==(const Call &one, const Call &other)
{
    return one.method == other.method && one.block == other.block &&
           one.size_bytes == other.size_bytes;
}

class RecordingManager final : public IAtlMemMgr
{
  public:
    Call last;

    void *Allocate(size_t nBytes) noexcept override
    {
        last = Call{"Allocate", nullptr, nBytes};
        return answered;
    }

    void Free(void *p) noexcept override
    {
        last = Call{"Free", p, 0};
    }

    void *Reallocate(void *p, size_t nBytes) noexcept override
    {
        last = Call{"Reallocate", p, nBytes};
        return answered;
    }

    size_t GetSize(void *p) noexcept override
    {
        last = Call{"GetSize", p, 0};
        return large;
    }
};

void c_calls_a_manager_of_cpp()
{
    RecordingManager manager;
    CHECK(manager_allocate(&manager, large) == answered);
    CHECK((manager.last == Call{"Allocate", nullptr, large}));
    manager_free(&manager, given);
    CHECK((manager.last == Call{"Free", given, 0}));
    CHECK(manager_reallocate(&manager, given, large) == answered);
    CHECK((manager.last == Call{"Reallocate", given, large}));
    CHECK(manager_size_bytes(&manager, given) == large);
    CHECK((manager.last == Call{"GetSize", given, 0}));
}

class RecordingMalloc final : public IMalloc
{
  public:
    Call last;

    HRESULT STDMETHODCALLTYPE QueryInterface(REFIID riid, void **ppv) override
    {
        last = Call{"QueryInterface", nullptr, 0};
        *ppv = &riid == &IID_IMalloc ? answered : nullptr;
        return E_NOINTERFACE;
    }

    ULONG STDMETHODCALLTYPE AddRef() override
    {
        last = Call{"AddRef", nullptr, 0};
        return 0xFFFFFFFE;
    }

    ULONG STDMETHODCALLTYPE Release() override
    {
        last = Call{"Release", nullptr, 0};
        return 0xFFFFFFFD;
    }

    void *STDMETHODCALLTYPE Alloc(SIZE_T cb) override
    {
        last = Call{"Alloc", nullptr, cb};
        return answered;
    }

    void *STDMETHODCALLTYPE Realloc(void *pv, SIZE_T cb) override
    {
        last = Call{"Realloc", pv, cb};
        return answered;
    }

    void STDMETHODCALLTYPE Free(void *pv) override
    {
        last = Call{"Free", pv, 0};
    }

    SIZE_T STDMETHODCALLTYPE GetSize(void *pv) override
    {
        last = Call{"GetSize", pv, 0};
        return large;
    }

    int STDMETHODCALLTYPE DidAlloc(void *pv) override
    {
        last = Call{"DidAlloc", pv, 0};
        return -7;
    }

    void STDMETHODCALLTYPE HeapMinimize() override
    {
        last = Call{"HeapMinimize", nullptr, 0};
    }
};

void c_calls_an_unknown_of_cpp()
{
    RecordingMalloc allocator;
    void *face = nullptr;
    CHECK(unknown_query_interface(&allocator, &IID_IMalloc, &face) == E_NOINTERFACE);
    CHECK((allocator.last == Call{"QueryInterface", nullptr, 0}));
    CHECK(face == answered);
    CHECK(unknown_add_ref(&allocator) == 0xFFFFFFFE);
    CHECK((allocator.last == Call{"AddRef", nullptr, 0}));
    CHECK(unknown_release(&allocator) == 0xFFFFFFFD);
    CHECK((allocator.last == Call{"Release", nullptr, 0}));
}

void c_calls_an_allocator_of_cpp()
{
    RecordingMalloc allocator;
    void *face = nullptr;
    CHECK(malloc_query_interface(&allocator, &IID_IMalloc, &face) == E_NOINTERFACE);
    CHECK((allocator.last == Call{"QueryInterface", nullptr, 0}));
    CHECK(face == answered);
    CHECK(malloc_add_ref(&allocator) == 0xFFFFFFFE);
    CHECK((allocator.last == Call{"AddRef", nullptr, 0}));
    CHECK(malloc_release(&allocator) == 0xFFFFFFFD);
    CHECK((allocator.last == Call{"Release", nullptr, 0}));
    CHECK(malloc_alloc(&allocator, large) == answered);
    CHECK((allocator.last == Call{"Alloc", nullptr, large}));
    CHECK(malloc_realloc(&allocator, given, large) == answered);
    CHECK((allocator.last == Call{"Realloc", given, large}));
    malloc_free(&allocator, given);
    CHECK((allocator.last == Call{"Free", given, 0}));
    CHECK(malloc_size_bytes(&allocator, given) == large);
    CHECK((allocator.last == Call{"GetSize", given, 0}));
    CHECK(malloc_did_alloc(&allocator, given) == -7);
    CHECK((allocator.last == Call{"DidAlloc", given, 0}));
    malloc_heap_minimize(&allocator);
    CHECK((allocator.last == Call{"HeapMinimize", nullptr, 0}));
}

CALLS_OBJECTS_OF_C void cpp_calls_the_com_heap()
{
    IAtlMemMgr *heap = ch_com_heap();
    void *block = heap->Allocate(100);
    CHECK(block != nullptr);
    CHECK(heap->GetSize(block) == 100);
    block = heap->Reallocate(block, 200);
    CHECK(block != nullptr);
    CHECK(heap->GetSize(block) == 200);
    heap->Free(block);
    CHECK(heap->GetSize(block) == SIZE_MAX);
    CHECK(heap->Allocate(size_t{1} << 31) == nullptr);
}

CALLS_OBJECTS_OF_C void cpp_calls_the_task_allocator()
{
    IMalloc *allocator = nullptr;
    CHECK(CoGetMalloc(MEMCTX_TASK, &allocator) == S_OK);
    void *face = nullptr;
    CHECK(allocator->QueryInterface(IID_IUnknown, &face) == S_OK);
    CHECK(face == allocator);
    CHECK(allocator->AddRef() == 2);
    CHECK(allocator->Release() == 1);

    void *block = allocator->Alloc(100);
    CHECK(block != nullptr);
    CHECK(allocator->GetSize(block) == 100);
    CHECK(allocator->DidAlloc(block) == 1);
    CHECK(allocator->DidAlloc(nullptr) == -1);
    block = allocator->Realloc(block, 200);
    CHECK(block != nullptr);
    allocator->HeapMinimize();
    CHECK(allocator->GetSize(block) == 200);
    allocator->Free(block);
    CHECK(allocator->DidAlloc(block) == 0);
    static_cast<IUnknown *>(face)->Release();
}

void cpp_calls_the_free_functions()
{
    void *block = CoTaskMemAlloc(100);
    CHECK(block != nullptr);
    block = CoTaskMemRealloc(block, 200);
    CHECK(block != nullptr);
    CoTaskMemFree(block);
    CHECK(ch_task_heap_use(nullptr) == nullptr);
}

} // namespace

int main()
{
    c_calls_a_manager_of_cpp();
    c_calls_an_unknown_of_cpp();
    c_calls_an_allocator_of_cpp();
    cpp_calls_the_com_heap();
    cpp_calls_the_task_allocator();
    cpp_calls_the_free_functions();
    return failures == 0 ? 0 : 1;
}
