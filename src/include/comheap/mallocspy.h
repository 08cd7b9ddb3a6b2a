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

#include <comheap/api.h>
#include <comheap/taskmem.h>

#ifndef _WIN32

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#define E_ACCESSDENIED ((HRESULT)0x80070005)
#define CO_E_OBJNOTREG ((HRESULT)0x800401FB)
#define CO_E_OBJISREG ((HRESULT)0x800401FC)

#if defined(__cplusplus) && !defined(CINTERFACE)

#ifdef __GNUC__ // The table has no place for a virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif

/// The contract of each method stands at IMallocSpyVtbl, the form in C.
struct IMallocSpy : public IUnknown {
    virtual SIZE_T STDMETHODCALLTYPE PreAlloc(SIZE_T cbRequest) = 0;
    virtual void *STDMETHODCALLTYPE PostAlloc(void *pActual) = 0;
    virtual void *STDMETHODCALLTYPE PreFree(void *pRequest, BOOL fSpyed) = 0;
    virtual void STDMETHODCALLTYPE PostFree(BOOL fSpyed) = 0;
    virtual SIZE_T STDMETHODCALLTYPE PreRealloc(void *pRequest, SIZE_T cbRequest,
                                                void **ppNewRequest, BOOL fSpyed) = 0;
    virtual void *STDMETHODCALLTYPE PostRealloc(void *pActual, BOOL fSpyed) = 0;
    virtual void *STDMETHODCALLTYPE PreGetSize(void *pRequest, BOOL fSpyed) = 0;
    virtual SIZE_T STDMETHODCALLTYPE PostGetSize(SIZE_T cbActual, BOOL fSpyed) = 0;
    virtual void *STDMETHODCALLTYPE PreDidAlloc(void *pRequest, BOOL fSpyed) = 0;
    virtual int STDMETHODCALLTYPE PostDidAlloc(void *pRequest, BOOL fSpyed, int fActual) = 0;
    virtual void STDMETHODCALLTYPE PreHeapMinimize() = 0;
    virtual void STDMETHODCALLTYPE PostHeapMinimize() = 0;
};

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

#else

typedef struct IMallocSpy IMallocSpy;

/// The methods of a spy, in the order that COM fixes. fSpyed is TRUE iff the block is spied.
typedef struct IMallocSpyVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IMallocSpy *This, REFIID riid, void **ppv);
    ULONG(STDMETHODCALLTYPE *AddRef)(IMallocSpy *This);
    ULONG(STDMETHODCALLTYPE *Release)(IMallocSpy *This);

    /// Returns the number of bytes to allocate for a request of cbRequest, which may be 0. For a
    /// request above 0, returning 0 refuses it: the caller gets NULL, and PostAlloc is not called.
    SIZE_T(STDMETHODCALLTYPE *PreAlloc)(IMallocSpy *This, SIZE_T cbRequest);

    /// Returns the pointer for the caller. pActual is the block. It is NULL if there is no memory
    /// for the block or for its record as spied.
    ///
    /// The result must lie in the block, with one exception. For a request of 0 bytes it may be the
    /// end of the block, if the block is nothing but a header. No other block starts there. The
    /// heap may make such a block a byte longer than the spy requested. GetSize does not count that
    /// byte while the spy is registered.
    void *(STDMETHODCALLTYPE *PostAlloc)(IMallocSpy *This, void *pActual);

    /// Returns the pointer to free in place of pRequest, which is never NULL.
    void *(STDMETHODCALLTYPE *PreFree)(IMallocSpy *This, void *pRequest, BOOL fSpyed);
    void(STDMETHODCALLTYPE *PostFree)(IMallocSpy *This, BOOL fSpyed);

    /// Stores the pointer to reallocate in *ppNewRequest, which holds pRequest at first. Returns
    /// the new number of bytes. pRequest is never NULL, and cbRequest never 0. Returning 0 refuses
    /// the request. Its caller then gets NULL, the block is as it was, and PostRealloc is not
    /// called.
    SIZE_T(STDMETHODCALLTYPE *PreRealloc)
    (IMallocSpy *This, void *pRequest, SIZE_T cbRequest, void **ppNewRequest, BOOL fSpyed);

    /// Returns the pointer for the caller. pActual is the block. It is NULL if there is no memory
    /// for the block or for its record as spied. fSpyed is that of PreRealloc.
    void *(STDMETHODCALLTYPE *PostRealloc)(IMallocSpy *This, void *pActual, BOOL fSpyed);

    /// Returns the pointer to query in place of pRequest, which is never NULL. PostGetSize returns
    /// the size for the caller.
    void *(STDMETHODCALLTYPE *PreGetSize)(IMallocSpy *This, void *pRequest, BOOL fSpyed);
    SIZE_T(STDMETHODCALLTYPE *PostGetSize)(IMallocSpy *This, SIZE_T cbActual, BOOL fSpyed);

    /// Returns the pointer to query in place of pRequest, which is never NULL. PostDidAlloc gets
    /// the caller's pointer and the allocator's result, and returns the result for the caller.
    void *(STDMETHODCALLTYPE *PreDidAlloc)(IMallocSpy *This, void *pRequest, BOOL fSpyed);
    int(STDMETHODCALLTYPE *PostDidAlloc)(IMallocSpy *This, void *pRequest, BOOL fSpyed,
                                         int fActual);

    void(STDMETHODCALLTYPE *PreHeapMinimize)(IMallocSpy *This);
    void(STDMETHODCALLTYPE *PostHeapMinimize)(IMallocSpy *This);
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

typedef IMallocSpy *LPMALLOCSPY;

#ifdef __cplusplus
extern "C" {
#endif

CH_API extern const IID IID_IMallocSpy;

#ifdef __cplusplus
}
#endif

#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Registers a spy: the object that pMallocSpy's QueryInterface returns for IID_IMallocSpy. COM
/// keeps the reference that QueryInterface adds, and no other. Live blocks are not spied. Returns
/// S_OK, or one of these, and then changes nothing:
///   - E_INVALIDARG iff pMallocSpy is NULL, whether or not a spy is registered, or QueryInterface
///     fails.
///   - CO_E_OBJISREG iff a spy is registered, also one that waits to be revoked.
///   - E_OUTOFMEMORY iff there is no memory for the record of spied blocks.
CH_API HRESULT CH_COM(CoRegisterMallocSpy)(LPMALLOCSPY pMallocSpy);

/// Revokes the spy and releases it, once. Returns S_OK, or one of these:
///   - CO_E_OBJNOTREG iff no spy is registered.
///   - E_ACCESSDENIED iff spied blocks are live, or the calling thread is in a call on task memory.
///     It is in such a call while a method of the spy or a fault handler runs. The spy is then
///     revoked as soon as neither holds. Until then it hears every call, new blocks are spied, and
///     another revoke also returns E_ACCESSDENIED.
CH_API HRESULT CH_COM(CoRevokeMallocSpy)(void);

#if defined(_WIN32) && defined(CH_TAKES_COM_NAMES)
#define CoRegisterMallocSpy CH_COM(CoRegisterMallocSpy)
#define CoRevokeMallocSpy CH_COM(CoRevokeMallocSpy)
#endif

#ifdef __cplusplus
}
#endif

#endif
