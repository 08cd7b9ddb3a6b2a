// IMallocSpy: one object of a program's own that is told of every call on task memory, before and
// after it, and may change what is asked for and what is answered.
//
// A spy sees the calls of all faces, CoTaskMem*, IMalloc's methods and those of CComHeap, but not
// what CComHeap refuses by itself, nor a call to free NULL or to ask about it. Reallocating NULL is
// Alloc to it, and reallocating a block to 0 bytes is Free (spec S3.4-3). A block that was
// allocated or reallocated while the current spy was registered is spied; which blocks are is told
// by the pointers that callers hold.
//
// The calls that a spy is told of come one at a time: from a Pre method to its Post method no other
// thread's begins. The spy may make calls of its own in between, on that thread, and is told of
// them, too. A method has to return: a C++ exception, or longjmp, also from a heap's handler of
// faults, would leave the other threads waiting. fork waits until a call is over, unless its own
// thread is in it. So a child has the spy and its blocks, and no thread that was in a call.
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

/// The contract of each method stands at IMallocSpyVtbl, its form in C.
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

/// The methods of a spy, in the order that COM fixes. fSpyed says whether the block is spied.
typedef struct IMallocSpyVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IMallocSpy *This, REFIID riid, void **ppv);
    ULONG(STDMETHODCALLTYPE *AddRef)(IMallocSpy *This);
    ULONG(STDMETHODCALLTYPE *Release)(IMallocSpy *This);

    /// Returns how many bytes to allocate for a request of cbRequest, which may be 0. 0 refuses a
    /// request that is not for 0: it is answered with NULL, and PostAlloc is not called (spec
    /// S3.4-1, S3.4-7).
    SIZE_T(STDMETHODCALLTYPE *PreAlloc)(IMallocSpy *This, SIZE_T cbRequest);

    /// Is told of the block, NULL if there is no memory for it, or to note that it is spied;
    /// returns what the caller gets. For a request for 0 bytes that may be the end of the block, as
    /// of one that is nothing but a header: no other block starts there (spec S3.4-7a). Otherwise
    /// it must lie in the block. The heap may give such a block a byte more than the spy asked for,
    /// which GetSize does not count as long as the spy is registered.
    void *(STDMETHODCALLTYPE *PostAlloc)(IMallocSpy *This, void *pActual);

    /// Returns what to free for pRequest, which is never NULL (spec S3.4-2).
    void *(STDMETHODCALLTYPE *PreFree)(IMallocSpy *This, void *pRequest, BOOL fSpyed);
    void(STDMETHODCALLTYPE *PostFree)(IMallocSpy *This, BOOL fSpyed);

    /// Stores what to reallocate in *ppNewRequest, which holds pRequest, and returns how many bytes
    /// it is to have. pRequest is never NULL, and cbRequest never 0. 0 refuses the request: it is
    /// answered with NULL, the block is what it was, and PostRealloc is not called (spec S3.4-3).
    SIZE_T(STDMETHODCALLTYPE *PreRealloc)
    (IMallocSpy *This, void *pRequest, SIZE_T cbRequest, void **ppNewRequest, BOOL fSpyed);

    /// Is told of the block, NULL if there is no memory for it, or to note that it is spied;
    /// returns what the caller gets. fSpyed is that of PreRealloc.
    void *(STDMETHODCALLTYPE *PostRealloc)(IMallocSpy *This, void *pActual, BOOL fSpyed);

    /// Returns what to ask about for pRequest, which is never NULL (spec S3.4-4).
    void *(STDMETHODCALLTYPE *PreGetSize)(IMallocSpy *This, void *pRequest, BOOL fSpyed);
    SIZE_T(STDMETHODCALLTYPE *PostGetSize)(IMallocSpy *This, SIZE_T cbActual, BOOL fSpyed);

    /// Returns what to ask about for pRequest, which is never NULL; the Post method is given what
    /// the caller asked about, and what the allocator answered (spec S3.4-5).
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

/// Registers a spy: what its QueryInterface answers for IID_IMallocSpy, with the reference that it
/// adds, and no other. Blocks that are live are not spied. Returns E_INVALIDARG iff pMallocSpy is
/// NULL, also while a spy is registered, or QueryInterface fails; CO_E_OBJISREG iff a spy is
/// registered, also while it is to be revoked; E_OUTOFMEMORY iff there is no memory to note which
/// blocks are spied (spec S3.1).
CH_API HRESULT CH_COM(CoRegisterMallocSpy)(LPMALLOCSPY pMallocSpy);

/// Revokes the spy and releases it, once. Returns CO_E_OBJNOTREG iff none is registered;
/// E_ACCESSDENIED iff spied blocks are live, or the calling thread is in a call on task memory: in
/// a method of the spy, or where a fault is handled. Then the spy is revoked as soon as neither is
/// so; until then it is told of every call, new blocks are spied, and another revoke is answered
/// likewise (spec S3.2).
CH_API HRESULT CH_COM(CoRevokeMallocSpy)(void);

#if defined(_WIN32) && defined(CH_TAKES_COM_NAMES)
#define CoRegisterMallocSpy CH_COM(CoRegisterMallocSpy)
#define CoRevokeMallocSpy CH_COM(CoRevokeMallocSpy)
#endif

#ifdef __cplusplus
}
#endif

#endif
