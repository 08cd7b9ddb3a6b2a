// IAtlMemMgr, the interface of a memory manager, and CComHeap, the manager over COM task memory.
//
// C sees a table of function pointers behind lpVtbl, and a macro for each method:
// IAtlMemMgr_Allocate(This, n). C++ sees an abstract class. The class has no destructor, since a
// virtual one would take slots in the table.
//
// Both are the same object, and either language may implement it for the other. C++ code that calls
// an object made in C, such as CComHeap, can't be built with -fsanitize=vptr.
#ifndef COMHEAP_ATLMEM_H
#define COMHEAP_ATLMEM_H

#include <stddef.h>

#include <comheap/api.h>

#if defined(__cplusplus) && !defined(CINTERFACE)

#ifdef __GNUC__ // The table has no place for a virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#ifdef __clang__ // A header has no place for the table of a class either.
#pragma clang diagnostic ignored "-Wweak-vtables"
#endif
#endif

#if defined(__clang__) && defined(_NATIVE_WCHAR_T_DEFINED) // -fms-extensions: it has __uuidof.
struct __declspec(uuid("654F7EF5-CFDF-4DF9-A450-6C6A13C622C0")) IAtlMemMgr;
#endif

/// The contract of each method stands at IAtlMemMgrVtbl, the form in C. No method may throw, since
/// the caller may be C. The methods are not declared noexcept: a manager written for Windows does
/// not declare it, and could not override them.
struct IAtlMemMgr {
    virtual void *Allocate(size_t nBytes) = 0;
    virtual void Free(void *p) = 0;
    virtual void *Reallocate(void *p, size_t nBytes) = 0;
    virtual size_t GetSize(void *p) = 0;
};

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

#else

typedef struct IAtlMemMgr IAtlMemMgr;

/// The methods of a memory manager, in the order that ATL fixes. Each manager documents its own
/// limits and its results for NULL and for 0 bytes; those of ch_com_heap are below.
typedef struct IAtlMemMgrVtbl {
    /// Returns a block of nBytes, or NULL.
    void *(*Allocate)(IAtlMemMgr *This, size_t nBytes);

    /// Ends a block.
    void (*Free)(IAtlMemMgr *This, void *p);

    /// Gives a block another size; the block may move. Returns NULL iff that fails; p is then as it
    /// was.
    void *(*Reallocate)(IAtlMemMgr *This, void *p, size_t nBytes);

    /// Returns the size of a block.
    size_t (*GetSize)(IAtlMemMgr *This, void *p);
} IAtlMemMgrVtbl;

struct IAtlMemMgr {
    const IAtlMemMgrVtbl *lpVtbl;
};

#define IAtlMemMgr_Allocate(This, nBytes) ((This)->lpVtbl->Allocate(This, nBytes))
#define IAtlMemMgr_Free(This, p) ((This)->lpVtbl->Free(This, p))
#define IAtlMemMgr_Reallocate(This, p, nBytes) ((This)->lpVtbl->Reallocate(This, p, nBytes))
#define IAtlMemMgr_GetSize(This, p) ((This)->lpVtbl->GetSize(This, p))

#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Returns the CComHeap: COM task memory in blocks of at most INT_MAX bytes. It has no state, so
/// one object serves as every CComHeap. It is never NULL, and needs no release.
///
/// Its methods are those of task memory, and its blocks are task memory. Two rules differ:
///   - Allocate and Reallocate return NULL for more than INT_MAX bytes, at any pointer width,
///     without calling COM. p is then as it was.
///   - GetSize returns SIZE_MAX if p is NULL or not a live block. It returns 0 iff the block has 0
///     bytes or COM has no allocator.
CH_API IAtlMemMgr *ch_com_heap(void);

#ifdef __cplusplus
}
#endif

#endif
