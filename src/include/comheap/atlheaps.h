// The heaps that ATL has beside CComHeap, each behind IAtlMemMgr: CCRTHeap over malloc, CWin32Heap
// over a heap that has a handle, CLocalHeap and CGlobalHeap, whose blocks stay where they are.
//
//     Reallocate   of NULL allocates; to 0 bytes frees and returns NULL; else as below
//     Free         of NULL does nothing
//
// That goes for all of them, and is what ATL has done since 2015; before, Local and Global refused
// NULL, and 0 bytes were a size. Blocks are none of CComHeap's: IMalloc::DidAlloc of them is 0, and
// a block goes back to the manager, or the heap, that it came from. Any thread may call them.
#ifndef COMHEAP_ATLHEAPS_H
#define COMHEAP_ATLHEAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <comheap/api.h>
#include <comheap/atlmem.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ch_heap;

// How a manager begins. C++ has its methods in a table of its own, which has the same form.
#if defined(__cplusplus) && !defined(CINTERFACE)
#define CH_MANAGER_MEMBER const void *methods
#else
#define CH_MANAGER_MEMBER IAtlMemMgr manager
#endif

// CCRTHeap.

/// More than this is refused: what the CRT calls _HEAP_MAXREQ (spec 5, own limit).
#define CH_CRT_MAX_BYTES (SIZE_MAX - 31)

/// The CCRTHeap: blocks of malloc, each behind a header that holds its size. It has no state, is
/// never NULL and needs no release.
///
/// - Allocate and Reallocate return NULL, with errno ENOMEM, iff malloc or realloc does, or for
///   more than CH_CRT_MAX_BYTES. A block of 0 bytes has an address of its own; Reallocate may move.
/// - GetSize is exact. Of NULL it is SIZE_MAX, and errno is EINVAL; any other pointer that is no
///   live block of this manager is as bad as one given to free, in each of the methods.
CH_API IAtlMemMgr *ch_crt_heap(void);

// CWin32Heap.

/// HeapCreate's flags. HEAP_GENERATE_EXCEPTIONS is refused: the methods answer NULL.
#define CH_HEAP_NO_SERIALIZE 0x1U
#define CH_HEAP_GENERATE_EXCEPTIONS 0x4U

/// Every block of a heap with a maximum has fewer bytes than this, as HeapCreate documents:
/// slightly less than 1 MiB, or than 512 KiB where pointers have 32 bits.
#define CH_WIN32_FIXED_BYTES ((size_t)(SIZE_MAX > UINT32_MAX ? 0xFFFF0 : 0x7FFF8))

/// A CWin32Heap; its HANDLE is a struct ch_heap *. Its owner is whoever has the struct, which must
/// stay where it is, and goes to one of the three functions below first. Two threads may not change
/// the struct at once; its methods only read it.
///
/// - Allocate and Reallocate return NULL iff there is no handle, or the heap refuses as
///   ch_heap_alloc and ch_heap_realloc do. Reallocate may move.
/// - GetSize is exact, and SIZE_MAX for NULL and for what is not a live block. A bad pointer given
///   to Free or Reallocate is a fault of the heap.
struct ch_win32_heap {
    CH_MANAGER_MEMBER;
    struct ch_heap *heap; ///< NULL: none is attached.
    bool is_owner;        ///< ch_win32_heap_destroy ends the heap.
};

/// Makes one without a heap: CWin32Heap().
CH_API void ch_win32_heap_init(struct ch_win32_heap *win32);

/// Makes one over a heap that stays its owner's: CWin32Heap(HANDLE). heap is not NULL.
CH_API void ch_win32_heap_init_over(struct ch_win32_heap *win32, struct ch_heap *heap);

/// Makes one over a heap of its own: CWin32Heap(flags, initial, max). Pages are committed when they
/// are used, whatever initial_bytes is. max_bytes, rounded up to 4 KiB, is a bound that stays with
/// the heap. The sizes of its blocks never add up to more, and each block has fewer bytes than
/// CH_WIN32_FIXED_BYTES. From 4 MiB on its own tables come out of it, too. 0: no bound, and the
/// default of a heap. CH_HEAP_NO_SERIALIZE changes nothing: a heap is safe to call from any
/// thread.
///
/// Returns false, with no heap attached, iff flags has another bit, initial_bytes is more than a
/// max_bytes that is not 0, or ch_heap_create returns NULL.
CH_API bool ch_win32_heap_init_own(struct ch_win32_heap *win32, uint32_t flags,
                                   size_t initial_bytes, size_t max_bytes);

/// Attaches a heap, and its ownership iff takes_ownership.
///
/// Returns false, and changes nothing, iff heap is NULL or a heap is attached already.
CH_API bool ch_win32_heap_attach(struct ch_win32_heap *win32, struct ch_heap *heap,
                                 bool takes_ownership);

/// Returns the heap, which is the caller's from now on as far as it was owned, and leaves none
/// attached. Returns NULL iff none was.
CH_API struct ch_heap *ch_win32_heap_detach(struct ch_win32_heap *win32);

/// Ends the heap and every block of it, if it is owned, and leaves none attached: ~CWin32Heap.
CH_API void ch_win32_heap_destroy(struct ch_win32_heap *win32);

/// Returns the struct as the manager that it is; valid as long as the struct.
CH_API IAtlMemMgr *ch_win32_heap_manager(struct ch_win32_heap *win32);

// CLocalHeap and CGlobalHeap.

/// The two alike, over the one heap that they have of their own, which is made at the first use:
/// never NULL, and they need no release.
///
/// - Allocate returns NULL iff that heap can't be made, or refuses as ch_heap_alloc does. The block
///   has room for twice its size, if the heap has it; so it takes twice the memory.
/// - Reallocate to n > 0 bytes leaves the block where it is (spec 5, the in-place quirk). Every
///   shrink is granted, and every growth within the room. One that shrinks keeps the room that it
///   has, up to twice its new size. Otherwise Reallocate returns NULL, and changes nothing, iff
///   ch_heap_resize refuses.
/// - GetSize is exact; 0 for NULL and for what is not a live block.
///
/// They differ in one thing: Global makes a block of 0 bytes one of 1.
CH_API IAtlMemMgr *ch_local_heap(void);
CH_API IAtlMemMgr *ch_global_heap(void);

/// Another such manager. Its owner is whoever has the struct, which must stay where it is; it needs
/// no end.
struct ch_fixed_heap {
    CH_MANAGER_MEMBER;
    struct ch_heap *heap; ///< NULL: the one that Local and Global have of their own.
    bool is_strict;       ///< Reallocate to n > 0 bytes is always refused, as on today's Windows;
                          ///< and a block has no room for it.
    size_t zero_bytes;    ///< What a block of 0 bytes has: 0 of Local, 1 of Global.
};

/// Makes one over a heap that stays its owner's, or over the one that all share if heap is NULL.
CH_API void ch_local_heap_init(struct ch_fixed_heap *fixed, struct ch_heap *heap, bool is_strict);
CH_API void ch_global_heap_init(struct ch_fixed_heap *fixed, struct ch_heap *heap, bool is_strict);

/// Returns the struct as the manager that it is; valid as long as the struct.
CH_API IAtlMemMgr *ch_fixed_heap_manager(struct ch_fixed_heap *fixed);

#undef CH_MANAGER_MEMBER

#ifdef __cplusplus
}
#endif

#endif
