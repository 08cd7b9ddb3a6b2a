// COM task memory: the free functions, and IMalloc.
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
// -fsanitize=vptr. On Windows the interfaces are the system's.
#ifndef COMHEAP_TASKMEM_H
#define COMHEAP_TASKMEM_H

#include <stddef.h>
#include <stdint.h>

#include <comheap/api.h>
#include <comheap/comtypes.h>

struct IMalloc;
struct ch_heap;

#if !defined(_WIN32) && !defined(COMHEAP_HAS_COM_TYPES)

CH_RESERVED_NAMES_BEGIN

// Another header may have declared either interface: one of MIDL's, by its guard, or DXC's in C++.
#ifndef COMHEAP_HAS_IUNKNOWN
#define __IUnknown_FWD_DEFINED__
#define __IUnknown_INTERFACE_DEFINED__
#define COMHEAP_DECLARES_IUNKNOWN
#endif
#if !defined(__IMalloc_INTERFACE_DEFINED__) && !defined(COMHEAP_HAS_DXC)
#define __IMalloc_FWD_DEFINED__
#define __IMalloc_INTERFACE_DEFINED__
#define COMHEAP_DECLARES_IMALLOC
#endif

CH_RESERVED_NAMES_END

#if defined(__cplusplus) && !defined(CINTERFACE)

#ifdef __GNUC__ // The table has no place for a virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif

#ifdef COMHEAP_DECLARES_IUNKNOWN
MIDL_INTERFACE("00000000-0000-0000-C000-000000000046")
IUnknown
{
    virtual ch_hresult QueryInterface(ch_refiid riid, void **ppv) = 0;
    virtual uint32_t AddRef() = 0;
    virtual uint32_t Release() = 0;
};
#endif

#ifdef COMHEAP_DECLARES_IMALLOC
/// The contract of each method stands at IMallocVtbl, the form in C.
MIDL_INTERFACE("00000002-0000-0000-C000-000000000046")
IMalloc : public IUnknown
{
    virtual void *Alloc(size_t cb) = 0;
    virtual void *Realloc(void *pv, size_t cb) = 0;
    virtual void Free(void *pv) = 0;
    virtual size_t GetSize(void *pv) = 0;
    virtual int DidAlloc(void *pv) = 0;
    virtual void HeapMinimize() = 0;
};
#endif

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

#if defined(COMHEAP_HAS_IUNKNOWN) && __cplusplus >= 201103L
static_assert(!__has_virtual_destructor(IUnknown),
              "the table of this IUnknown has more than COM's: define COMHEAP_HAS_COM_TYPES");
#endif

#else

typedef struct IUnknown IUnknown;
typedef struct IMalloc IMalloc;

#ifdef COMHEAP_DECLARES_IUNKNOWN
typedef struct IUnknownVtbl {
    ch_hresult (*QueryInterface)(IUnknown *This, ch_refiid riid, void **ppv);
    uint32_t (*AddRef)(IUnknown *This);
    uint32_t (*Release)(IUnknown *This);
} IUnknownVtbl;

struct IUnknown {
    const IUnknownVtbl *lpVtbl;
};

#define IUnknown_QueryInterface(This, riid, ppv) ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IUnknown_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IUnknown_Release(This) ((This)->lpVtbl->Release(This))
#endif

#ifdef COMHEAP_DECLARES_IMALLOC
/// The methods of the task allocator, in the order that COM fixes.
typedef struct IMallocVtbl {
    /// Stores This and returns S_OK iff riid is that of IUnknown or IMalloc. Otherwise stores NULL
    /// and returns E_NOINTERFACE. Returns E_POINTER iff ppv is NULL.
    ch_hresult (*QueryInterface)(IMalloc *This, ch_refiid riid, void **ppv);

    /// Return 2 and 1, always. The object lives as long as the process, and no Release ends it.
    uint32_t (*AddRef)(IMalloc *This);
    uint32_t (*Release)(IMalloc *This);

    /// Do the work of CoTaskMemAlloc, CoTaskMemRealloc and CoTaskMemFree.
    void *(*Alloc)(IMalloc *This, size_t cb);
    void *(*Realloc)(IMalloc *This, void *pv, size_t cb);
    void (*Free)(IMalloc *This, void *pv);

    /// Returns the exact size that pv was last given. Returns (size_t)-1 iff pv, which may be NULL
    /// or any bit pattern, is not a live block.
    size_t (*GetSize)(IMalloc *This, void *pv);

    /// Returns 1 iff pv is a live block, -1 iff it is NULL, and otherwise 0. pv may be any bit
    /// pattern.
    int (*DidAlloc)(IMalloc *This, void *pv);

    /// Gives memory that no live block needs back to the system.
    void (*HeapMinimize)(IMalloc *This);
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

#endif

typedef IUnknown *LPUNKNOWN;
typedef IMalloc *LPMALLOC;

#ifdef __cplusplus
extern "C" {
#endif

#if defined(COMHEAP_DECLARES_IUNKNOWN) || defined(COMHEAP_HAS_DXC)
CH_API extern const IID IID_IUnknown;
#endif
#if defined(COMHEAP_DECLARES_IMALLOC) || defined(COMHEAP_HAS_DXC)
CH_API extern const IID IID_IMalloc;
#endif

#ifdef __cplusplus
}
#endif

#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef COMHEAP_HAS_COM_FUNCTIONS

// DXC's header makes malloc of two of these names. They stay that for the code behind this header.
#ifdef COMHEAP_HAS_DXC
#pragma push_macro("CoTaskMemAlloc")
#pragma push_macro("CoTaskMemFree")
#undef CoTaskMemAlloc
#undef CoTaskMemFree
#endif

/// Returns a block of cb bytes with arbitrary values. The caller owns it and ends it with
/// CoTaskMemFree. It is aligned for any object: to 16 bytes, or 8 where pointers have 32 bits. A
/// block of 0 bytes has an address of its own. Memory is the only limit on cb.
///
/// Returns NULL iff there is no memory for the block.
CH_API void *CH_COM(CoTaskMemAlloc)(size_t cb);

/// Gives a block another size and keeps the first min(old, new) bytes. Returns the block, which may
/// have moved, also when it shrinks. With pv NULL: as CoTaskMemAlloc, also for 0 bytes.
///
/// With pv not NULL and cb 0: frees pv as CoTaskMemFree does, faults included, and returns NULL.
///
/// Otherwise returns NULL iff one of these holds. In both cases nothing has changed.
///   - There is no memory; pv is as it was.
///   - pv is neither NULL nor a live block. This raises a REALLOC fault of the heap in use.
CH_API void *CH_COM(CoTaskMemRealloc)(void *pv, size_t cb);

/// Ends a block. pv may be NULL: no effect. If pv is neither NULL nor a live block, the heap in use
/// raises a FREE fault and nothing changes.
CH_API void CH_COM(CoTaskMemFree)(void *pv);

/// Stores the task allocator, the same one each time, and returns S_OK iff dwMemContext is
/// MEMCTX_TASK. Only ch_task_heap_use may make it another one. For another context stores NULL and
/// returns E_INVALIDARG. Also returns E_INVALIDARG if ppMalloc is NULL. The allocator needs no
/// release.
CH_API ch_hresult CH_COM(CoGetMalloc)(ch_dword dwMemContext, struct IMalloc **ppMalloc);

#ifdef COMHEAP_HAS_DXC
#pragma pop_macro("CoTaskMemAlloc")
#pragma pop_macro("CoTaskMemFree")
#endif

#endif

/// Makes task memory come from this heap from now on. NULL stands for the heap of the process,
/// which is made on first use. Returns the heap that was in use before, where NULL again stands for
/// the heap of the process. If the caller passed that heap's address here before task memory first
/// used it, that address is returned.
///
/// No block of the former heap may be used through task memory until that heap is back in use. No
/// other thread may use task memory during the call. The caller still owns its heap, and must not
/// destroy it while it is in use.
///
/// Where another copy of the library serves this one, the heap counts for this copy alone.
/// Meanwhile CoGetMalloc stores an allocator of this copy. One from before stays that of the other
/// copy, so it has other blocks.
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
