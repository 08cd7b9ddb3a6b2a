// ATL's heaps beside CComHeap, each behind IAtlMemMgr: CCRTHeap over malloc, CWin32Heap over a heap
// with a handle, and CLocalHeap and CGlobalHeap. Blocks of the last two keep their address.
//
// These rules hold for all of them; the rest is documented for each:
//
//     Reallocate   of NULL allocates; of a block to 0 bytes frees and returns NULL
//     Free         of NULL does nothing
//
// ATL has had these rules since 2015. Before, Local and Global refused NULL and took 0 bytes as a
// size.
//
// Their blocks are not CComHeap's: IMalloc::DidAlloc returns 0 for them. A block goes back to the
// manager, or the heap, that it came from. Any thread may call them.
#ifndef COMHEAP_ATLHEAPS_H
#define COMHEAP_ATLHEAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <comheap/api.h>
#include <comheap/atlmem.h>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpadded" // It does no harm here.
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct ch_heap;

// The first member of a manager. C++ has its methods in a table of its own, which has the same
// form.
#if defined(__cplusplus) && !defined(CINTERFACE)
#define CH_MANAGER_MEMBER const void *methods
#else
#define CH_MANAGER_MEMBER IAtlMemMgr manager
#endif

// CCRTHeap.

/// The largest request that CCRTHeap grants. The CRT calls it _HEAP_MAXREQ.
#define CH_CRT_MAX_BYTES (SIZE_MAX - 31)

/// Returns the CCRTHeap. Its blocks come from malloc, each behind a header that holds its size. It
/// has no state, is never NULL and needs no release.
///
///   - Allocate and Reallocate return NULL, with errno ENOMEM, iff malloc or realloc does, or the
///     size is above CH_CRT_MAX_BYTES. A block of 0 bytes has an address of its own. Reallocate may
///     move the block.
///   - GetSize is exact. For NULL it returns SIZE_MAX and sets errno to EINVAL.
///   - Any other pointer that is not a live block of this manager is as bad as one given to free,
///     in every method.
CH_API IAtlMemMgr *ch_crt_heap(void);

// CWin32Heap.

/// The flags of HeapCreate. HEAP_GENERATE_EXCEPTIONS is refused, since the methods return NULL.
#define CH_HEAP_NO_SERIALIZE 0x1U
#define CH_HEAP_GENERATE_EXCEPTIONS 0x4U

/// Every block of a heap with a maximum is smaller than this. HeapCreate documents it: slightly
/// less than 1 MiB, or 512 KiB where pointers have 32 bits.
#define CH_WIN32_FIXED_BYTES ((size_t)(SIZE_MAX > UINT32_MAX ? 0xFFFF0 : 0x7FFF8))

/// A CWin32Heap; its HANDLE is a struct ch_heap *. The caller owns the struct, keeps it in place,
/// and passes it to one of the three functions below first. Two threads may not change the struct
/// at once. Its methods only read it.
///
///   - Allocate and Reallocate return NULL iff no heap is attached, or the heap refuses as
///     ch_heap_alloc and ch_heap_realloc do. Reallocate may move the block.
///   - GetSize is exact. It returns SIZE_MAX for NULL and for any pointer that is not a live block.
///   - A bad pointer passed to Free or Reallocate is a fault of the heap.
struct ch_win32_heap {
    CH_MANAGER_MEMBER;
    struct ch_heap *heap; ///< NULL: no heap is attached.
    bool is_owner;        ///< True iff ch_win32_heap_destroy ends the heap.
};

/// Makes a CWin32Heap without a heap, as CWin32Heap() does.
CH_API void ch_win32_heap_init(struct ch_win32_heap *win32);

/// Makes a CWin32Heap over a heap that it does not own, as CWin32Heap(HANDLE) does. heap is not
/// NULL.
CH_API void ch_win32_heap_init_over(struct ch_win32_heap *win32, struct ch_heap *heap);

/// Makes a CWin32Heap over a heap of its own, as CWin32Heap(flags, initial, max) does. Pages are
/// committed on use, whatever initial_bytes is.
///
/// max_bytes, rounded up to 4 KiB, is a bound that stays with the heap. The sizes of its blocks
/// never add up to more, and each block is smaller than CH_WIN32_FIXED_BYTES. From 4 MiB on, the
/// heap's tables count toward the bound, too. 0 means no bound, and the default size of a heap.
///
/// CH_HEAP_NO_SERIALIZE changes nothing, since any thread may call a heap.
///
/// Returns false, with no heap attached, iff flags has another bit, initial_bytes exceeds a
/// max_bytes that is not 0, or ch_heap_create returns NULL.
CH_API bool ch_win32_heap_init_own(struct ch_win32_heap *win32, uint32_t flags,
                                   size_t initial_bytes, size_t max_bytes);

/// Attaches a heap, and takes its ownership iff takes_ownership. Returns true iff the heap is
/// attached.
///
/// Returns false, and changes nothing, iff heap is NULL or a heap is attached already.
CH_API bool ch_win32_heap_attach(struct ch_win32_heap *win32, struct ch_heap *heap,
                                 bool takes_ownership);

/// Detaches the heap and returns it. A heap that the CWin32Heap owned now belongs to the caller.
/// Returns NULL iff no heap was attached.
CH_API struct ch_heap *ch_win32_heap_detach(struct ch_win32_heap *win32);

/// Ends the heap and every block of it iff it is owned, and detaches it, as ~CWin32Heap does.
CH_API void ch_win32_heap_destroy(struct ch_win32_heap *win32);

/// Returns the manager, which is valid as long as the struct.
CH_API IAtlMemMgr *ch_win32_heap_manager(struct ch_win32_heap *win32);

// CLocalHeap and CGlobalHeap.

/// Return CLocalHeap and CGlobalHeap. Both use one heap, which is made on first use and is separate
/// from the heap of task memory. They are never NULL, and need no release.
///
///   - Allocate returns NULL iff that heap can't be made, or refuses as ch_heap_alloc does. A block
///     has room for twice its size, if the heap has it, and then takes twice the memory.
///   - Reallocate to n > 0 bytes leaves the block in place. It grants every shrink, and every
///     growth within the room. A block that shrinks keeps its room, up to twice its new size.
///     Otherwise Reallocate returns NULL, and changes nothing, iff ch_heap_resize refuses.
///   - GetSize is exact. It returns 0 for NULL and for any pointer that is not a live block.
///
/// They differ in one point: Global turns a request of 0 bytes into one of 1.
CH_API IAtlMemMgr *ch_local_heap(void);
CH_API IAtlMemMgr *ch_global_heap(void);

/// A CLocalHeap or CGlobalHeap over a heap that the caller chooses. The caller owns the struct and
/// keeps it in place. It needs no end.
struct ch_fixed_heap {
    CH_MANAGER_MEMBER;
    struct ch_heap *heap; ///< NULL: the heap that ch_local_heap uses.
    bool is_strict;       ///< Reallocate to n > 0 bytes always refuses, as on current Windows.
                          ///< Blocks then have no room to grow.
    size_t zero_bytes;    ///< The size of a block of 0 bytes: 0 in Local, 1 in Global.
};

/// Make such a manager over a heap that it does not own. heap may be NULL: the heap that
/// ch_local_heap uses.
CH_API void ch_local_heap_init(struct ch_fixed_heap *fixed, struct ch_heap *heap, bool is_strict);
CH_API void ch_global_heap_init(struct ch_fixed_heap *fixed, struct ch_heap *heap, bool is_strict);

/// Returns the manager, which is valid as long as the struct.
CH_API IAtlMemMgr *ch_fixed_heap_manager(struct ch_fixed_heap *fixed);

#undef CH_MANAGER_MEMBER

#ifdef __cplusplus
}
#endif

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
