// IMallocSpy: an object of the program that hears every call on task memory, before and after it.
// It may change the request and the result.
//
// A spy hears the calls of all faces: CoTaskMem*, the methods of IMalloc and those of CComHeap. It
// does not hear requests that CComHeap refuses by itself. Nor does it hear a call that frees NULL
// or queries it. A reallocation of NULL is Alloc to the spy, and a reallocation of a block to 0
// bytes is Free.
//
// A block is spied if it was allocated or reallocated while the current spy was registered. The
// pointer that the caller holds identifies it.
//
// Calls that reach a spy come one at a time: between a Pre method and its Post method no call of
// another thread begins. The spy may make calls of its own there, on the same thread, and hears
// them, too.
//
// Every method has to return. A C++ exception or a longjmp would leave the other threads waiting.
// So would one from a heap's fault handler. A call of fork waits until a call is over, unless its
// own thread is in that call. So a child has the spy and its blocks, and no thread that was in a
// call.
#ifndef COMHEAP_MALLOCSPY_H
#define COMHEAP_MALLOCSPY_H

#include <stddef.h>
#include <stdint.h>

#include <comheap/api.h>
#include <comheap/comtypes.h>
#include <comheap/taskmem.h>

struct IMallocSpy;

#if !defined(_WIN32) && !defined(COMHEAP_HAS_COM_TYPES)

typedef struct IMallocSpy IMallocSpy;
typedef IMallocSpy *LPMALLOCSPY;

#ifndef __IMallocSpy_INTERFACE_DEFINED__
CH_RESERVED_NAMES_BEGIN
#define __IMallocSpy_FWD_DEFINED__
#define __IMallocSpy_INTERFACE_DEFINED__
CH_RESERVED_NAMES_END

#if defined(__cplusplus) && !defined(CINTERFACE)

#ifdef __GNUC__ // The table has no place for a virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif

/// The contract of each method stands at IMallocSpyVtbl, the form in C.
MIDL_INTERFACE("0000001D-0000-0000-C000-000000000046")
IMallocSpy : public IUnknown
{
    virtual size_t PreAlloc(size_t cbRequest) = 0;
    virtual void *PostAlloc(void *pActual) = 0;
    virtual void *PreFree(void *pRequest, ch_bool fSpyed) = 0;
    virtual void PostFree(ch_bool fSpyed) = 0;
    virtual size_t PreRealloc(void *pRequest, size_t cbRequest, void **ppNewRequest,
                              ch_bool fSpyed) = 0;
    virtual void *PostRealloc(void *pActual, ch_bool fSpyed) = 0;
    virtual void *PreGetSize(void *pRequest, ch_bool fSpyed) = 0;
    virtual size_t PostGetSize(size_t cbActual, ch_bool fSpyed) = 0;
    virtual void *PreDidAlloc(void *pRequest, ch_bool fSpyed) = 0;
    virtual int PostDidAlloc(void *pRequest, ch_bool fSpyed, int fActual) = 0;
    virtual void PreHeapMinimize() = 0;
    virtual void PostHeapMinimize() = 0;
};

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

#else

/// The methods of a spy, in the order that COM fixes. fSpyed is TRUE iff the block is spied.
typedef struct IMallocSpyVtbl {
    ch_hresult (*QueryInterface)(IMallocSpy *This, ch_refiid riid, void **ppv);
    uint32_t (*AddRef)(IMallocSpy *This);
    uint32_t (*Release)(IMallocSpy *This);

    /// Returns the number of bytes to allocate for a request of cbRequest, which may be 0. For a
    /// request above 0, returning 0 refuses it: the caller gets NULL, and PostAlloc is not called.
    size_t (*PreAlloc)(IMallocSpy *This, size_t cbRequest);

    /// Returns the pointer for the caller. pActual is the block. It is NULL if there is no memory
    /// for the block or for its record as spied.
    ///
    /// The result must lie in the block, with one exception. For a request of 0 bytes it may be the
    /// end of the block, if the block is nothing but a header. No other block starts there. The
    /// heap may make such a block a byte longer than the spy requested. GetSize does not count that
    /// byte while the spy is registered.
    void *(*PostAlloc)(IMallocSpy *This, void *pActual);

    /// Returns the pointer to free in place of pRequest, which is never NULL.
    void *(*PreFree)(IMallocSpy *This, void *pRequest, ch_bool fSpyed);
    void (*PostFree)(IMallocSpy *This, ch_bool fSpyed);

    /// Stores the pointer to reallocate in *ppNewRequest, which holds pRequest at first. Returns
    /// the new number of bytes. pRequest is never NULL, and cbRequest never 0. Returning 0 refuses
    /// the request. Its caller then gets NULL, the block is as it was, and PostRealloc is not
    /// called.
    size_t (*PreRealloc)(IMallocSpy *This, void *pRequest, size_t cbRequest, void **ppNewRequest,
                         ch_bool fSpyed);

    /// Returns the pointer for the caller. pActual is the block. It is NULL if there is no memory
    /// for the block or for its record as spied. fSpyed is that of PreRealloc.
    void *(*PostRealloc)(IMallocSpy *This, void *pActual, ch_bool fSpyed);

    /// Returns the pointer to query in place of pRequest, which is never NULL. PostGetSize returns
    /// the size for the caller.
    void *(*PreGetSize)(IMallocSpy *This, void *pRequest, ch_bool fSpyed);
    size_t (*PostGetSize)(IMallocSpy *This, size_t cbActual, ch_bool fSpyed);

    /// Returns the pointer to query in place of pRequest, which is never NULL. PostDidAlloc gets
    /// the caller's pointer and the allocator's result, and returns the result for the caller.
    void *(*PreDidAlloc)(IMallocSpy *This, void *pRequest, ch_bool fSpyed);
    int (*PostDidAlloc)(IMallocSpy *This, void *pRequest, ch_bool fSpyed, int fActual);

    void (*PreHeapMinimize)(IMallocSpy *This);
    void (*PostHeapMinimize)(IMallocSpy *This);
} IMallocSpyVtbl;

struct IMallocSpy {
    const IMallocSpyVtbl *lpVtbl;
};

#define IMallocSpy_QueryInterface(This, riid, ppv) ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IMallocSpy_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IMallocSpy_Release(This) ((This)->lpVtbl->Release(This))
#define IMallocSpy_PreAlloc(This, cbRequest) ((This)->lpVtbl->PreAlloc(This, cbRequest))
#define IMallocSpy_PostAlloc(This, pActual) ((This)->lpVtbl->PostAlloc(This, pActual))
#define IMallocSpy_PreFree(This, pRequest, fSpyed) ((This)->lpVtbl->PreFree(This, pRequest, fSpyed))
#define IMallocSpy_PostFree(This, fSpyed) ((This)->lpVtbl->PostFree(This, fSpyed))
#define IMallocSpy_PreRealloc(This, pRequest, cbRequest, ppNewRequest, fSpyed)                     \
    ((This)->lpVtbl->PreRealloc(This, pRequest, cbRequest, ppNewRequest, fSpyed))
#define IMallocSpy_PostRealloc(This, pActual, fSpyed)                                              \
    ((This)->lpVtbl->PostRealloc(This, pActual, fSpyed))
#define IMallocSpy_PreGetSize(This, pRequest, fSpyed)                                              \
    ((This)->lpVtbl->PreGetSize(This, pRequest, fSpyed))
#define IMallocSpy_PostGetSize(This, cbActual, fSpyed)                                             \
    ((This)->lpVtbl->PostGetSize(This, cbActual, fSpyed))
#define IMallocSpy_PreDidAlloc(This, pRequest, fSpyed)                                             \
    ((This)->lpVtbl->PreDidAlloc(This, pRequest, fSpyed))
#define IMallocSpy_PostDidAlloc(This, pRequest, fSpyed, fActual)                                   \
    ((This)->lpVtbl->PostDidAlloc(This, pRequest, fSpyed, fActual))
#define IMallocSpy_PreHeapMinimize(This) ((This)->lpVtbl->PreHeapMinimize(This))
#define IMallocSpy_PostHeapMinimize(This) ((This)->lpVtbl->PostHeapMinimize(This))

#endif

#ifdef __cplusplus
extern "C" {
#endif

CH_API extern const IID IID_IMallocSpy;

#ifdef __cplusplus
}
#endif

#endif

#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef COMHEAP_HAS_COM_FUNCTIONS

/// Registers a spy: the object that pMallocSpy's QueryInterface returns for IID_IMallocSpy. COM
/// keeps the reference that QueryInterface adds, and no other. Live blocks are not spied. Returns
/// S_OK, or one of these, and then changes nothing:
///   - E_INVALIDARG iff pMallocSpy is NULL, whether or not a spy is registered, or QueryInterface
///     fails.
///   - CO_E_OBJISREG iff a spy is registered, also one that waits to be revoked.
///   - E_OUTOFMEMORY iff there is no memory for the record of spied blocks.
CH_API ch_hresult CH_COM(CoRegisterMallocSpy)(struct IMallocSpy *pMallocSpy);

/// Revokes the spy and releases it, once. Returns S_OK, or one of these:
///   - CO_E_OBJNOTREG iff no spy is registered.
///   - E_ACCESSDENIED iff spied blocks are live, or the calling thread is in a call on task memory.
///     It is in such a call while a method of the spy or a fault handler runs. The spy is then
///     revoked as soon as neither holds. Until then it hears every call, new blocks are spied, and
///     another revoke also returns E_ACCESSDENIED.
CH_API ch_hresult CH_COM(CoRevokeMallocSpy)(void);

#endif

#if defined(_WIN32) && defined(CH_TAKES_COM_NAMES)
#define CoRegisterMallocSpy CH_COM(CoRegisterMallocSpy)
#define CoRevokeMallocSpy CH_COM(CoRevokeMallocSpy)
#endif

#ifdef __cplusplus
}
#endif

#endif
