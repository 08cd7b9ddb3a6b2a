// COM task memory: the free functions, IMalloc, and the few COM types that they are made of.
//
// There is one task allocator in a process. CoTaskMemAlloc and its kin are the methods of the
// IMalloc that CoGetMalloc hands out, so a block from either may be given to the other. Nothing has
// to be initialised first, and every function may be called from any thread.
//
// C sees a table of function pointers behind lpVtbl, and a macro for each method:
// IMalloc_Alloc(This, cb). C++ sees an abstract class without a destructor, for a virtual one would
// take slots in the table. Both are the same object; but it was made in C, so C++ that calls it
// can't be built with -fsanitize=vptr. On Windows the types are the system's own.
#ifndef COMHEAP_TASKMEM_H
#define COMHEAP_TASKMEM_H

#include <stddef.h>
#include <stdint.h>

#include <comheap/api.h>

#ifdef _WIN32

#ifndef COBJMACROS
#define COBJMACROS // Asks <objbase.h> for the macros that the other branch always has.
#endif
#include <objbase.h>

#else

#define STDMETHODCALLTYPE

// Their widths are those of the ABI: a long of 64 bits must not widen them.
typedef int32_t HRESULT;
typedef int32_t BOOL;
typedef uint32_t ULONG;
typedef uint32_t DWORD;
typedef size_t SIZE_T;
typedef void *LPVOID;

#define S_OK ((HRESULT)0)
#define E_NOINTERFACE ((HRESULT)0x80004002)
#define E_POINTER ((HRESULT)0x80004003)
#define E_OUTOFMEMORY ((HRESULT)0x8007000E)
#define E_INVALIDARG ((HRESULT)0x80070057)

#define SUCCEEDED(hr) ((HRESULT)(hr) >= 0)
#define FAILED(hr) ((HRESULT)(hr) < 0)

typedef struct GUID {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t Data4[8];
} GUID;
typedef GUID IID;

#ifdef __cplusplus
typedef const IID &REFIID;
#else
typedef const IID *REFIID;
#endif

/// Where memory that COM hands out may be used. Only MEMCTX_TASK has an allocator.
typedef enum MEMCTX {
    MEMCTX_SAME = -2,
    MEMCTX_UNKNOWN = -1,
    MEMCTX_TASK = 1,
    MEMCTX_SHARED = 2,
    MEMCTX_MACSYSTEM = 3
} MEMCTX;

#if defined(__cplusplus) && !defined(CINTERFACE)

#ifdef __GNUC__ // The table has no place for a virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif

struct IUnknown {
    virtual HRESULT STDMETHODCALLTYPE QueryInterface(REFIID riid, void **ppv) = 0;
    virtual ULONG STDMETHODCALLTYPE AddRef() = 0;
    virtual ULONG STDMETHODCALLTYPE Release() = 0;
};

/// The contract of each method stands at IMallocVtbl, its form in C.
struct IMalloc : public IUnknown {
    virtual void *STDMETHODCALLTYPE Alloc(SIZE_T cb) = 0;
    virtual void *STDMETHODCALLTYPE Realloc(void *pv, SIZE_T cb) = 0;
    virtual void STDMETHODCALLTYPE Free(void *pv) = 0;
    virtual SIZE_T STDMETHODCALLTYPE GetSize(void *pv) = 0;
    virtual int STDMETHODCALLTYPE DidAlloc(void *pv) = 0;
    virtual void STDMETHODCALLTYPE HeapMinimize() = 0;
};

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

#else

typedef struct IUnknown IUnknown;
typedef struct IMalloc IMalloc;

typedef struct IUnknownVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IUnknown *This, REFIID riid, void **ppv);
    ULONG(STDMETHODCALLTYPE *AddRef)(IUnknown *This);
    ULONG(STDMETHODCALLTYPE *Release)(IUnknown *This);
} IUnknownVtbl;

struct IUnknown {
    const IUnknownVtbl *lpVtbl;
};

#define IUnknown_QueryInterface(This, riid, ppv) ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IUnknown_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IUnknown_Release(This) ((This)->lpVtbl->Release(This))

/// The methods of the task allocator, in the order that COM fixes.
typedef struct IMallocVtbl {
    /// Stores This and returns S_OK iff riid is IUnknown's or IMalloc's. Otherwise stores NULL and
    /// returns E_NOINTERFACE. Returns E_POINTER iff ppv is NULL (spec I5).
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IMalloc *This, REFIID riid, void **ppv);

    /// Return 2 and 1, always: the object lives as long as the process, however often it is
    /// released (spec I6).
    ULONG(STDMETHODCALLTYPE *AddRef)(IMalloc *This);
    ULONG(STDMETHODCALLTYPE *Release)(IMalloc *This);

    /// As CoTaskMemAlloc, CoTaskMemRealloc and CoTaskMemFree.
    void *(STDMETHODCALLTYPE *Alloc)(IMalloc *This, SIZE_T cb);
    void *(STDMETHODCALLTYPE *Realloc)(IMalloc *This, void *pv, SIZE_T cb);
    void(STDMETHODCALLTYPE *Free)(IMalloc *This, void *pv);

    /// Returns the size that pv was last given, exactly; (SIZE_T)-1 iff pv, which may be NULL or
    /// any bit pattern, is not a live block (spec G1, G3, G4).
    SIZE_T(STDMETHODCALLTYPE *GetSize)(IMalloc *This, void *pv);

    /// Returns 1 iff pv, which may be any bit pattern, is a live block, -1 iff it is NULL, and
    /// otherwise 0 (spec D1 to D7).
    int(STDMETHODCALLTYPE *DidAlloc)(IMalloc *This, void *pv);

    /// Gives memory that no live block needs back to the system (spec H1).
    void(STDMETHODCALLTYPE *HeapMinimize)(IMalloc *This);
} IMallocVtbl;

struct IMalloc {
    const IMallocVtbl *lpVtbl;
};

#define IMalloc_QueryInterface(This, riid, ppv) ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IMalloc_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IMalloc_Release(This) ((This)->lpVtbl->Release(This))
#define IMalloc_Alloc(This, cb) ((This)->lpVtbl->Alloc(This, cb))
#define IMalloc_Realloc(This, pv, cb) ((This)->lpVtbl->Realloc(This, pv, cb))
#define IMalloc_Free(This, pv) ((This)->lpVtbl->Free(This, pv))
#define IMalloc_GetSize(This, pv) ((This)->lpVtbl->GetSize(This, pv))
#define IMalloc_DidAlloc(This, pv) ((This)->lpVtbl->DidAlloc(This, pv))
#define IMalloc_HeapMinimize(This) ((This)->lpVtbl->HeapMinimize(This))

#endif

typedef IUnknown *LPUNKNOWN;
typedef IMalloc *LPMALLOC;

#ifdef __cplusplus
extern "C" {
#endif

CH_API extern const IID IID_IUnknown;
CH_API extern const IID IID_IMalloc;

#ifdef __cplusplus
}
#endif

#endif

#ifdef __cplusplus
extern "C" {
#endif

struct ch_heap;

/// Returns a block of cb bytes, their values arbitrary, aligned for any object: to 16 bytes, or 8
/// where pointers have 32 bits (spec A11, A12). 0 bytes give a block too, with an address of its
/// own (spec A1). There is no limit but memory (spec A6).
///
/// Returns NULL iff there is no memory for it.
CH_API LPVOID CH_COM(CoTaskMemAlloc)(SIZE_T cb);

/// Gives a block another size; the first min(old, new) bytes stay, and the block may move, also
/// when it shrinks (spec R4). With pv NULL: as CoTaskMemAlloc, also for 0 bytes (spec R1, R2).
///
/// With pv not NULL and cb 0: frees it, as CoTaskMemFree does, faults included, and returns NULL
/// (spec R3). Otherwise returns NULL iff there is no memory, and then pv is what it was (spec R6),
/// or pv is neither NULL nor a live block, which raises a REALLOC fault of the heap in use and
/// changes nothing (spec R11).
CH_API LPVOID CH_COM(CoTaskMemRealloc)(LPVOID pv, SIZE_T cb);

/// Ends a block. pv may be NULL: no effect (spec F1). If pv is neither NULL nor a live block, the
/// heap in use raises a FREE fault and nothing changes.
CH_API void CH_COM(CoTaskMemFree)(LPVOID pv);

/// Stores the task allocator, the same one each time, and returns S_OK iff dwMemContext is
/// MEMCTX_TASK (spec I1). Otherwise stores NULL and returns E_INVALIDARG (spec I2). Returns
/// E_INVALIDARG also if ppMalloc is NULL (spec I3).
CH_API HRESULT CH_COM(CoGetMalloc)(DWORD dwMemContext, LPMALLOC *ppMalloc);

/// Makes task memory come from this heap from now on; NULL: from the process's own, which is made
/// when it is first needed. Returns the heap that was in use before; NULL stands for the process's
/// own, which is returned as a heap like any other if it was given here as one.
///
/// No block of the former heap may be used through task memory until that heap is back in use, and
/// no other thread may be using task memory during the call. The caller keeps owning its heap, and
/// must not destroy it while it is in use.
CH_API struct ch_heap *ch_task_heap_use(struct ch_heap *heap);

#if defined(_WIN32) && defined(CH_TAKES_COM_NAMES)
#define CoTaskMemAlloc CH_COM(CoTaskMemAlloc)
#define CoTaskMemRealloc CH_COM(CoTaskMemRealloc)
#define CoTaskMemFree CH_COM(CoTaskMemFree)
#define CoGetMalloc CH_COM(CoGetMalloc)
#endif

#ifdef __cplusplus
}
#endif

#endif
