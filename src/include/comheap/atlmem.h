// IAtlMemMgr, the plug that a memory manager offers, and CComHeap, the one over COM task memory.
//
// C sees a table of function pointers behind lpVtbl, and a macro for each method:
// IAtlMemMgr_Allocate(This, n). C++ sees an abstract class without a destructor, for a virtual one
// would take slots in the table. Both are the same object: either may implement it for the other.
// C++ that calls an object made in C, as CComHeap is, can't be built with -fsanitize=vptr.
#ifndef COMHEAP_ATLMEM_H
#define COMHEAP_ATLMEM_H

#include <stddef.h>

#include <comheap/api.h>

#if defined(__cplusplus) && !defined(CINTERFACE)

#ifdef __GNUC__ // The table has no place for a virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif

/// The contract of each method stands at IAtlMemMgrVtbl, its form in C. None may throw: it may be C
/// that calls it. They are not declared so, for a manager that is written for Windows is neither,
/// and could not be theirs.
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

/// The methods of a memory manager, in the order that ATL fixes. A manager states its own limits,
/// and what it makes of NULL and of 0 bytes; ch_com_heap's are below.
typedef struct IAtlMemMgrVtbl {
    /// Returns a block of nBytes, or NULL.
    void *(*Allocate)(IAtlMemMgr *This, size_t nBytes);

    /// Ends a block.
    void (*Free)(IAtlMemMgr *This, void *p);

    /// Gives a block another size; it may move. If that fails, returns NULL and p is what it was.
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

/// The CComHeap: COM task memory in blocks of at most INT_MAX bytes. It has no state, so all
/// CComHeaps are alike and this one serves for all. It is never NULL, and needs no release.
///
/// Its methods are those of task memory, and their blocks are task memory, with two rules more:
/// - Allocate and Reallocate return NULL for more than INT_MAX bytes, whatever the width of a
///   pointer, without asking COM; p is what it was (spec A7, A8, R8, R9).
/// - GetSize returns SIZE_MAX for NULL and for what is not a live block, and 0 iff the block has 0
///   bytes or COM has no allocator (spec G2).
CH_API IAtlMemMgr *ch_com_heap(void);

#ifdef __cplusplus
}
#endif

#endif
