// A heap: a compact allocator over one reserved address range, its arena.
//
// It differs from malloc in four ways:
//   - Sizes are exact. ch_heap_size_bytes returns the size that the caller requested, not a
//     rounded one.
//   - Any bit pattern may be queried. The heap never follows a foreign, interior or freed pointer.
//     Freeing or reallocating one raises a named fault.
//   - All state is out of band. The heap neither reads nor writes the memory that it hands out,
//     except to copy a block that moves. So no write of a caller can damage the heap.
//   - A heap is deterministic: the same calls on the same pages return the same results.
//
// Any thread may call any function. A thread may free a block that another thread allocated. Each
// thread has a thread cache, a set of blocks that wait to be handed out, most of them small. So
// most calls take no lock. Misuse raises its fault between threads, too.
#ifndef COMHEAP_HEAP_H
#define COMHEAP_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <comheap/api.h>
#include <comheap/pages.h>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpadded" // It does no harm here.
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct ch_heap;

/// The ways to misuse a heap; faults.def has a sentence for each. The heap classifies a pointer
/// that is no live block by the byte that it points to, as that byte is now:
///   - INTERIOR: a byte of a live block, but not its first.
///   - FOREIGN: a byte outside the pages that ch_heap_stats reports. The heap's tables are foreign.
///   - TWICE or STALE: any other byte of these pages. It was in a block that has ended, or lies
///     between the end of a block and the next one, or was never handed out.
enum ch_fault {
#define CH_FAULT_DEF(id, sentence) CH_FAULT_##id,
#include <comheap/faults.def>
#undef CH_FAULT_DEF
    CH_FAULTS
};

/// The properties that always hold inside a heap; invariants.def has a sentence for each.
enum ch_invariant {
#define CH_INVARIANT_DEF(id, sentence) CH_INVARIANT_##id,
#include <comheap/invariants.def>
#undef CH_INVARIANT_DEF
    CH_INVARIANTS
};

/// Handles a fault. The call that raised it has released the heap's lock and has changed nothing.
/// The handler may return: the call then has no effect. It may also use the heap, or leave by
/// longjmp.
typedef void (*ch_fault_handler)(void *context, enum ch_fault fault, const void *block);

/// The number of a thread cache is below this; 0 stands for no thread cache.
#define CH_THREAD_CACHES 64

/// The configuration of a heap. A member that is 0 or NULL means its default.
struct ch_config {
    size_t arena_bytes;           ///< The address range to reserve. It holds blocks and tables.
    unsigned thread_caches;       ///< The largest number of a thread cache. The heap lowers it so
                                  ///< that they take about a 64th of the arena, but keeps one.
                                  ///< Default: CH_THREAD_CACHES - 1, lowered likewise.
    size_t live_bytes;            ///< The bound on the sum of the sizes of the live blocks. A heap
                                  ///< with this bound has no thread caches. Default: no bound.
    size_t block_bytes;           ///< The bound on the size of one block. Default: no bound.
    const struct ch_pages *pages; ///< Default: ch_pages_os.
    void *world;                  ///< The heap passes it to every primitive of pages.
    ch_fault_handler on_fault;    ///< Default: prints one sentence and aborts.
    void *on_fault_context;       ///< The heap passes it to on_fault.
};

/// The default of arena_bytes: 128 GiB of addresses. Where pointers have 32 bits it is 2.3 GiB,
/// enough for a block of INT_MAX bytes. Addresses cost no memory until the heap uses their pages.
/// On Linux with 64 bits they also count toward no limit until then.
///
/// Where no such range is free, the heap reserves a quarter to a half of the longest free range,
/// and never less than CH_ARENA_BYTES_SCARCE. It leaves the rest to other users of addresses.
#define CH_ARENA_BYTES_DEFAULT                                                                     \
    ((size_t)(SIZE_MAX > UINT32_MAX ? 128 * (uint64_t)0x40000000 : 0x93000000))

/// The smallest arena that the default can become.
#define CH_ARENA_BYTES_SCARCE ((size_t)64 * 1024 * 1024)

/// The smallest arena of a heap.
#define CH_ARENA_BYTES_MIN ((size_t)256 * 1024)

/// The alignment of every block: 16 bytes, or 8 where pointers have 32 bits. A block of more than
/// eight granules starts at a multiple of two.
#define CH_GRANULE_BYTES (2 * sizeof(void *))

/// Makes a heap. The caller owns it and ends it with ch_heap_destroy. config may be NULL: every
/// member then has its default.
///
/// Returns NULL iff one of these holds:
///   - arena_bytes is below CH_ARENA_BYTES_MIN.
///   - The OS page size is above 64 KiB, or above 32 KiB where pointers have 32 bits.
///   - The range can't be reserved, or its first pages can't be committed.
CH_API struct ch_heap *ch_heap_create(const struct ch_config *config);

/// Returns the heap of the process, with the default configuration. The first call makes it, and it
/// lives until the process ends. Returns NULL iff it does not exist yet and can't be made now.
CH_API struct ch_heap *ch_heap_of_process(void);

/// Returns *own. If *own is NULL, one of the calling threads first makes a heap with the default
/// configuration there. *own is a static variable that starts as NULL and that no other code
/// touches. Returns NULL iff the heap does not exist yet and can't be made now.
CH_API struct ch_heap *ch_heap_make_once(struct ch_heap **own);

/// Ends a heap and all its blocks. heap may be NULL: no effect. No other thread may be using it.
CH_API void ch_heap_destroy(struct ch_heap *heap);

/// Returns a block of size_bytes, aligned to CH_GRANULE_BYTES, with arbitrary bytes. The caller
/// owns it and ends it with ch_heap_free. A block of 0 bytes has an address of its own.
///
/// Returns NULL iff the arena has no room for the block, a bound of the heap forbids it, or the
/// world refuses a page.
CH_API void *ch_heap_alloc(struct ch_heap *heap, size_t size_bytes);

/// Returns a block as ch_heap_alloc does, with all bytes 0. The heap does not write to pages that
/// the world has just committed as zeros.
///
/// Returns NULL iff ch_heap_alloc would.
CH_API void *ch_heap_alloc_zeroed(struct ch_heap *heap, size_t size_bytes);

/// Returns a block that starts at a multiple of alignment_bytes, a power of two. Its size is
/// size_bytes rounded up to a multiple of alignment_bytes; 0 counts as 1. The caller may use all of
/// it, and ch_heap_size_bytes returns it.
///
/// To ch_heap_realloc it is a block like any other: it keeps its size but not its alignment when it
/// moves.
///
/// Returns NULL iff ch_heap_alloc would. An alignment above both an OS page and 16 KiB needs room
/// for alignment_bytes more during the call. Where pointers have 32 bits, 8 KiB replaces 16 KiB.
CH_API void *ch_heap_alloc_aligned(struct ch_heap *heap, size_t size_bytes, size_t alignment_bytes);

/// Gives a block another size and keeps the first min(old, new) bytes. Returns the block, which may
/// have moved. block may be NULL: as ch_heap_alloc. Size 0 gives a block of 0 bytes.
///
/// A block may also move when it shrinks, so a shrink may fail for lack of room. A block stays in
/// place when its size does not change. A small block also stays when it grows into room that
/// ch_heap_resize has left to it.
///
/// Returns NULL iff one of these holds. In each case nothing has changed, and block is as it was.
///   - There is no room, a bound of the heap forbids the size, or the world refuses a page. While a
///     block moves, both copies count toward the bounds.
///   - block is not a live block of this heap. This raises a REALLOC fault.
///
/// If two threads reallocate one block at once, or one frees it meanwhile, one of them raises a
/// fault. If the faulting thread has already copied the block, it raises a FREE fault and returns
/// its copy.
CH_API void *ch_heap_realloc(struct ch_heap *heap, void *block, size_t size_bytes);

/// Gives a block another size in place: its address and the first min(old, new) bytes stay. 0 is a
/// size like any other. Returns true iff the block has the new size.
///
/// Every shrink succeeds. A block that was made with up to 16 KiB, or 8 KiB where pointers have 32
/// bits, keeps its place. It may have any size up to that place's again. A larger block keeps its
/// pages, up to twice those of its new size, and gives the rest back. It may grow over free pages
/// behind it.
///
/// Returns false, and changes nothing, iff one of these holds:
///   - A bound of the heap forbids the size.
///   - The block can't grow so far in place, or the world refuses a page.
///   - block is NULL, which is no fault.
///   - block is any other pointer that is not a live block of this heap. This raises a REALLOC
///     fault.
CH_API bool ch_heap_resize(struct ch_heap *heap, void *block, size_t size_bytes);

/// Ends a block. block may be NULL: no effect. Raises a FREE fault, and changes nothing, iff block
/// is neither NULL nor a live block of this heap.
///
/// If two threads free one block, one of them raises the fault, however close together they are.
/// The heap can't know the owner of a pointer. A stale pointer to the start of a newer block frees
/// that block.
CH_API void ch_heap_free(struct ch_heap *heap, void *block);

/// Returns the size that block was last given, in bytes. Returns SIZE_MAX iff block, which may be
/// any bit pattern, is not a live block of this heap.
CH_API size_t ch_heap_size_bytes(struct ch_heap *heap, const void *block);

/// Returns whether block, which may be any bit pattern, is a live block of this heap.
CH_API bool ch_heap_owns(struct ch_heap *heap, const void *block);

/// Gives every page back to the world that holds no live block and shares no span with one. Also
/// gives the pages of the tables back that describe only free pages. Size tags stay up to the last
/// span.
///
/// Blocks in the thread caches of other running threads stay, with the spans that they lie in. Each
/// thread cache holds up to 128 blocks, or 32 KiB, of each size class. It also holds up to 512 KiB
/// of freed blocks that have up to 256 KiB each.
///
/// Without this call a heap keeps idle pages for its next blocks: at most a quarter of the pages in
/// use, and 32 MiB. Pages in use hold live blocks, cached blocks, their spans, and tables. Of the
/// idle pages, those above a quarter and 8 MiB go when the heap has not needed them for a period. A
/// period lasts until four times a quarter and 8 MiB have come free. A heap without calls keeps its
/// pages.
CH_API void ch_heap_minimize(struct ch_heap *heap);

/// Gives the calling thread the thread cache with this number, in every heap, in place of its own.
/// With number 0 the thread has none, and each of its calls takes the heap's lock.
///
/// A thread gets a free thread cache with its first call, if there is one, and returns it when it
/// ends. So a program needs this function only to walk the paths of many threads on one thread.
/// Blocks in the cache that the thread leaves wait there for its next thread. They return to the
/// heap when that runs short.
///
/// Returns false, and changes nothing, iff the number is too large or another thread has the cache.
CH_API bool ch_thread_cache_select(unsigned number);

struct ch_stats {
    size_t live_blocks;
    size_t live_bytes;      ///< The sum of the sizes of the live blocks.
    size_t committed_bytes; ///< The memory that the world has committed, tables included.
    size_t arena_bytes;
    const void *pages;  ///< These pages hold every block and nothing else.
    size_t pages_bytes; ///< They stay where they are.
};

/// Returns the heap's counts. They are exact while no other thread is in a call on this heap. The
/// heap keeps no count of its blocks, so this walks them, with the lock held.
CH_API struct ch_stats ch_heap_stats(struct ch_heap *heap);

/// The result of ch_heap_check.
struct ch_broken {
    enum ch_invariant invariant; ///< CH_INVARIANTS: every invariant holds.
    const void *where;           ///< The first byte of the block, span or run; NULL when all holds.
};

/// Walks the whole heap, read-only, and returns the first invariant that does not hold. No other
/// thread may be in a call on this heap.
CH_API struct ch_broken ch_heap_check(struct ch_heap *heap);

/// Returns the sentence of a fault or an invariant; "" for the count that ends the enumeration.
CH_API const char *ch_fault_sentence(enum ch_fault fault);
CH_API const char *ch_invariant_sentence(enum ch_invariant invariant);

#ifdef __cplusplus
}
#endif

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
