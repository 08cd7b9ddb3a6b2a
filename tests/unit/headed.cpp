// Spies as in code for Windows, one in C++ and one in C. Each puts a header before every block, and
// ends the program where it hears a call that would not come on Windows. The one in C++ has a
// header alone, so a block of no bytes is where its real one ends. It also gives blocks from before
// it a header when they are reallocated.

#include "headed.h"

#include <comheap/atlmem.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace
{

int failures = 0;

void check(bool holds, const char *claim, int line)
{
    if (!holds) {
        std::fprintf(stderr, "headed.cpp:%d: not so: %s\n", line, claim);
        failures++;
    }
}

#define CHECK(claim) check(claim, #claim, __LINE__)
#define ASSERT(claim) headed_assert(claim, #claim)

// The library's objects were made in C: see vtable.cpp.
#if defined(__clang__) || defined(__GNUC__)
#define CALLS_OBJECTS_OF_C __attribute__((no_sanitize("vptr")))
#else
#define CALLS_OBJECTS_OF_C
#endif

IMalloc *task_allocator()
{
    IMalloc *allocator = nullptr;
    CHECK(CoGetMalloc(MEMCTX_TASK, &allocator) == S_OK);
    return allocator;
}

class HeaderSpy final : public IMallocSpy
{
  public:
    ULONG references = 0;
    long blocks = 0;

    HRESULT STDMETHODCALLTYPE QueryInterface(REFIID riid, void **ppv) override
    {
        bool is_known = std::memcmp(&riid, &IID_IMallocSpy, sizeof riid) == 0 ||
                        std::memcmp(&riid, &IID_IUnknown, sizeof riid) == 0;
        *ppv = is_known ? this : nullptr;
        references += is_known ? 1 : 0;
        return is_known ? S_OK : E_NOINTERFACE;
    }

    ULONG STDMETHODCALLTYPE AddRef() override
    {
        return ++references;
    }

    ULONG STDMETHODCALLTYPE Release() override
    {
        return --references;
    }

    SIZE_T STDMETHODCALLTYPE PreAlloc(SIZE_T cbRequest) override
    {
        request_bytes = cbRequest;
        return sizeof(Header) + cbRequest;
    }

    void *STDMETHODCALLTYPE PostAlloc(void *pActual) override
    {
        return pActual == nullptr ? nullptr : Begin(pActual);
    }

    void *STDMETHODCALLTYPE PreFree(void *pRequest, BOOL fSpyed) override
    {
        ASSERT(pRequest != nullptr);
        return fSpyed ? End(pRequest) : pRequest;
    }

    void STDMETHODCALLTYPE PostFree(BOOL) override
    {
    }

    CALLS_OBJECTS_OF_C SIZE_T STDMETHODCALLTYPE PreRealloc(void *pRequest, SIZE_T cbRequest,
                                                           void **ppNewRequest,
                                                           BOOL fSpyed) override
    {
        ASSERT(pRequest != nullptr);
        ASSERT(cbRequest != 0);
        former_bytes = fSpyed ? 0 : task_allocator()->GetSize(pRequest);
        request_bytes = cbRequest;
        *ppNewRequest = fSpyed ? Base(pRequest) : pRequest;
        return sizeof(Header) + cbRequest;
    }

    void *STDMETHODCALLTYPE PostRealloc(void *pActual, BOOL fSpyed) override
    {
        if (pActual == nullptr) {
            return nullptr;
        }
        if (!fSpyed) {
            size_t kept_bytes = former_bytes < request_bytes ? former_bytes : request_bytes;
            std::memmove(static_cast<Header *>(pActual) + 1, pActual, kept_bytes);
        }
        blocks -= fSpyed ? 1 : 0;
        return Begin(pActual);
    }

    void *STDMETHODCALLTYPE PreGetSize(void *pRequest, BOOL fSpyed) override
    {
        ASSERT(pRequest != nullptr);
        return fSpyed ? Base(pRequest) : pRequest;
    }

    SIZE_T STDMETHODCALLTYPE PostGetSize(SIZE_T cbActual, BOOL fSpyed) override
    {
        return fSpyed ? cbActual - sizeof(Header) : cbActual;
    }

    void *STDMETHODCALLTYPE PreDidAlloc(void *pRequest, BOOL fSpyed) override
    {
        return fSpyed ? Base(pRequest) : pRequest;
    }

    int STDMETHODCALLTYPE PostDidAlloc(void *, BOOL, int fActual) override
    {
        return fActual;
    }

    void STDMETHODCALLTYPE PreHeapMinimize() override
    {
    }

    void STDMETHODCALLTYPE PostHeapMinimize() override
    {
    }

  private:
    struct Header {
        const HeaderSpy *owner;
        size_t size_bytes;
    };

    size_t request_bytes = 0; // From a Pre method to its Post method.
    size_t former_bytes = 0;

    void *Begin(void *base)
    {
        Header *header = static_cast<Header *>(base);
        *header = Header{this, request_bytes};
        blocks++;
        return header + 1;
    }

    Header *Base(void *block) const
    {
        Header *header = static_cast<Header *>(block) - 1;
        ASSERT(header->owner == this);
        return header;
    }

    void *End(void *block)
    {
        Header *header = Base(block);
        header->owner = nullptr;
        blocks--;
        return header;
    }
};

struct Face {
    void *(*alloc)(size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
};

CALLS_OBJECTS_OF_C size_t size_of(void *block)
{
    return task_allocator()->GetSize(block);
}

const Face faces[] = {
    {[](size_t n) { return CoTaskMemAlloc(n); },
     [](void *p, size_t n) { return CoTaskMemRealloc(p, n); }, [](void *p) { CoTaskMemFree(p); }},
    {[](size_t n) CALLS_OBJECTS_OF_C { return task_allocator()->Alloc(n); },
     [](void *p, size_t n) CALLS_OBJECTS_OF_C { return task_allocator()->Realloc(p, n); },
     [](void *p) CALLS_OBJECTS_OF_C { task_allocator()->Free(p); }},
    {[](size_t n) CALLS_OBJECTS_OF_C { return ch_com_heap()->Allocate(n); },
     [](void *p, size_t n) CALLS_OBJECTS_OF_C { return ch_com_heap()->Reallocate(p, n); },
     [](void *p) CALLS_OBJECTS_OF_C { ch_com_heap()->Free(p); }},
};

bool is_text(const void *block)
{
    return std::memcmp(block, "text", 5) == 0;
}

// S3_4_3: one block through its calls.
void use_a_block(const Face &face)
{
    void *block = face.realloc(nullptr, 5);
    std::memcpy(block, "text", 5);
    block = face.realloc(block, 5000);
    CHECK(size_of(block) == 5000 && is_text(block));
    block = face.realloc(block, 5);
    CHECK(size_of(block) == 5 && is_text(block));
    CHECK(face.realloc(block, 0) == nullptr);

    void *empty = face.realloc(nullptr, 0);
    CHECK(empty != nullptr && size_of(empty) == 0);
    empty = face.realloc(empty, 5);
    CHECK(empty != nullptr && size_of(empty) == 5);
    face.free(empty);
    face.free(nullptr);
}

// S3_4_7a: blocks of no bytes, where those from before leave room.
void use_empty_blocks(const Face &face, void *const *former, size_t count)
{
    void *empty[8];
    for (void *&one : empty) {
        one = face.alloc(0);
        CHECK(one != nullptr && size_of(one) == 0);
        for (size_t i = 0; i < count; i++) {
            CHECK(one != former[i]);
        }
    }
    for (void *one : empty) {
        CHECK(face.realloc(one, 0) == nullptr);
    }
}

void use_task_memory(IMallocSpy *spy, const Face &face)
{
    void *former[9];
    for (void *&one : former) {
        one = face.alloc(16);
        CHECK(one != nullptr);
        std::memcpy(one, "text", 5);
    }
    for (size_t i = 1; i < 9; i += 2) {
        face.free(former[i]);
        former[i] = nullptr;
    }
    CHECK(CoRegisterMallocSpy(spy) == S_OK);
    use_a_block(face);
    use_empty_blocks(face, former, 9);
    void *moved = face.realloc(former[0], 500); // A spy may refuse this.
    former[0] = moved != nullptr ? moved : former[0];
    for (size_t i = 0; i < 9; i += 2) {
        CHECK(is_text(former[i]));
        face.free(former[i]);
    }
    CHECK(CoRevokeMallocSpy() == S_OK);
}

} // namespace

int main()
{
    HeaderSpy spy;
    for (const Face &face : faces) {
        use_task_memory(&spy, face);
        CHECK(spy.references == 0 && spy.blocks == 0);
        use_task_memory(headed_spy(), face);
        CHECK(headed_spy_references() == 0 && headed_spy_blocks() == 0);
    }
    return failures == 0 ? 0 : 1;
}
