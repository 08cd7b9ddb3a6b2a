// COM task memory: the free functions, IMalloc, and the few COM types that they use.
//
// A process has one task allocator. CoTaskMemAlloc and its siblings are the methods of the IMalloc
// that CoGetMalloc returns, so a block from either may be given to the other. Nothing has to be
// initialized first. Any thread may call any function.
//
// C sees a table of function pointers behind lpVtbl, and a macro for each method:
// IMalloc_Alloc(This, cb). C++ sees an abstract class. The class has no destructor, since a virtual
// one would take slots in the table.
//
// Both are the same object, which is made in C. So C++ code that calls it can't be built with
// -fsanitize=vptr. On Windows the types are the system's.
#ifndef COMHEAP_TASKMEM_H
#define COMHEAP_TASKMEM_H

#include <stddef.h>
#include <stdint.h>

#include <comheap/api.h>

#ifdef _WIN32

#ifndef COBJMACROS
#define COBJMACROS // Makes <objbase.h> define the macros that the other branch always has.
#endif
#include <objbase.h>

#else

#define STDMETHODCALLTYPE

// Their widths are those of the ABI. A long of 64 bits must not widen them.
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

/// The contexts in which memory from COM may be used. Only MEMCTX_TASK has an allocator.
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

/// The contract of each method stands at IMallocVtbl, the form in C.
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
    /// Stores This and returns S_OK iff riid is that of IUnknown or IMalloc. Otherwise stores NULL
    /// and returns E_NOINTERFACE. Returns E_POINTER iff ppv is NULL.
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IMalloc *This, REFIID riid, void **ppv);

    /// Return 2 and 1, always. The object lives as long as the process, and no Release ends it.
    ULONG(STDMETHODCALLTYPE *AddRef)(IMalloc *This);
    ULONG(STDMETHODCALLTYPE *Release)(IMalloc *This);

    /// Do the work of CoTaskMemAlloc, CoTaskMemRealloc and CoTaskMemFree.
    void *(STDMETHODCALLTYPE *Alloc)(IMalloc *This, SIZE_T cb);
    void *(STDMETHODCALLTYPE *Realloc)(IMalloc *This, void *pv, SIZE_T cb);
    void(STDMETHODCALLTYPE *Free)(IMalloc *This, void *pv);

    /// Returns the exact size that pv was last given. Returns (SIZE_T)-1 iff pv, which may be NULL
    /// or any bit pattern, is not a live block.
    SIZE_T(STDMETHODCALLTYPE *GetSize)(IMalloc *This, void *pv);

    /// Returns 1 iff pv is a live block, -1 iff it is NULL, and otherwise 0. pv may be any bit
    /// pattern.
    int(STDMETHODCALLTYPE *DidAlloc)(IMalloc *This, void *pv);

    /// Gives memory that no live block needs back to the system.
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

/// Returns a block of cb bytes with arbitrary values. The caller owns it and ends it with
/// CoTaskMemFree. It is aligned for any object: to 16 bytes, or 8 where pointers have 32 bits. A
/// block of 0 bytes has an address of its own. Memory is the only limit on cb.
///
/// Returns NULL iff there is no memory for the block.
CH_API LPVOID CH_COM(CoTaskMemAlloc)(SIZE_T cb);

/// Gives a block another size and keeps the first min(old, new) bytes. Returns the block, which may
/// have moved, also when it shrinks. With pv NULL: as CoTaskMemAlloc, also for 0 bytes.
///
/// With pv not NULL and cb 0: frees pv as CoTaskMemFree does, faults included, and returns NULL.
///
/// Otherwise returns NULL iff one of these holds. In both cases nothing has changed.
///   - There is no memory; pv is as it was.
///   - pv is neither NULL nor a live block. This raises a REALLOC fault of the heap in use.
CH_API LPVOID CH_COM(CoTaskMemRealloc)(LPVOID pv, SIZE_T cb);

/// Ends a block. pv may be NULL: no effect. If pv is neither NULL nor a live block, the heap in use
/// raises a FREE fault and nothing changes.
CH_API void CH_COM(CoTaskMemFree)(LPVOID pv);

/// Stores the task allocator, the same one each time, and returns S_OK iff dwMemContext is
/// MEMCTX_TASK. For another context stores NULL and returns E_INVALIDARG. Also returns E_INVALIDARG
/// if ppMalloc is NULL. The allocator needs no release.
CH_API HRESULT CH_COM(CoGetMalloc)(DWORD dwMemContext, LPMALLOC *ppMalloc);

/// Makes task memory come from this heap from now on. NULL stands for the heap of the process,
/// which is made on first use. Returns the heap that was in use before, where NULL again stands for
/// the heap of the process. If the caller passed that heap's address here before task memory first
/// used it, that address is returned.
///
/// No block of the former heap may be used through task memory until that heap is back in use. No
/// other thread may use task memory during the call. The caller still owns its heap, and must not
/// destroy it while it is in use.
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
