// A heap: a compact allocator over one reserved address range, its arena.
//
// What sets it apart from malloc:
//   - Sizes are exact. ch_heap_size_bytes answers what was asked for, not what was rounded up to.
//   - Any bit pattern may be asked about. A foreign, interior or freed pointer is never followed:
//     asking about it is answered, and freeing or reallocating it raises a named fault.
//   - The heap keeps nothing in the memory that it hands out, and never reads or writes it, but for
//     the copy that a moving reallocate is. So nothing that a caller writes can damage the heap.
//   - The same calls on the same pages give the same answers.
//
// Every function may be called from any thread, and a block may be freed on another than it was
// allocated on. Each thread has a thread cache: small blocks that wait to be handed out, so that
// most calls take no lock. What raises a fault does so between threads, too.
#ifndef COMHEAP_HEAP_H
#define COMHEAP_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <comheap/api.h>
#include <comheap/pages.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ch_heap;

/// What a caller can do wrong; faults.def has a sentence for each. A pointer that is no live block
/// is told by what is there now, to the byte, whatever was there before:
///   - INTERIOR: a byte of a live block, but not its first.
///   - FOREIGN: not in the pages that ch_heap_stats names. The heap's own tables are foreign, too.
///   - TWICE or STALE: anything else in these pages. What a block was is such a place, the bytes
///     between its end and the next block are, and so is what was never handed out.
enum ch_fault {
#define CH_FAULT_DEF(id, sentence) CH_FAULT_##id,
#include <comheap/faults.def>
#undef CH_FAULT_DEF
    CH_FAULTS
};

/// What always holds inside a heap; invariants.def has a sentence for each.
enum ch_invariant {
#define CH_INVARIANT_DEF(id, sentence) CH_INVARIANT_##id,
#include <comheap/invariants.def>
#undef CH_INVARIANT_DEF
    CH_INVARIANTS
};

/// Is told of a fault, after the call that raised it has let go of the heap and changed nothing.
/// It may return: the call then has no effect. It may also leave by longjmp, or use the heap.
typedef void (*ch_fault_handler)(void *context, enum ch_fault fault, const void *block);

/// A thread cache has a number below this; 0 is no thread cache.
#define CH_THREAD_CACHES 64

/// What a heap is made from. A member left 0 or NULL means its default.
struct ch_config {
    size_t arena_bytes;           ///< The address range to reserve; everything must fit in it.
    unsigned thread_caches;       ///< The largest number of a thread cache, but no more than take
                                  ///< a 64th of the arena, or one. Default: CH_THREAD_CACHES - 1,
                                  ///< and likewise.
    size_t live_bytes;            ///< What the sizes of the live blocks may add up to: a heap with
                                  ///< this bound has no thread caches. Default: no bound.
    size_t block_bytes;           ///< What one block may have. Default: no bound.
    const struct ch_pages *pages; ///< Default: ch_pages_os.
    void *world;                  ///< Handed to every primitive of pages.
    ch_fault_handler on_fault;    ///< Default: prints one sentence and aborts.
    void *on_fault_context;       ///< Handed to on_fault.
};

/// The default of arena_bytes: 64 GiB of addresses, or, where pointers have 32 bits, what a block
/// of INT_MAX bytes needs: 2.3 GiB. Addresses cost no memory until pages of them are used. Where
/// there is no such range, a quarter to a half of the longest there is, and never less than
/// CH_ARENA_BYTES_SCARCE: the rest is left to whoever else needs addresses.
#define CH_ARENA_BYTES_DEFAULT                                                                     \
    ((size_t)(SIZE_MAX > UINT32_MAX ? 64 * (uint64_t)0x40000000 : 0x93000000))

/// The least that the default may come to.
#define CH_ARENA_BYTES_SCARCE ((size_t)64 * 1024 * 1024)

/// A heap's arena is at least this large.
#define CH_ARENA_BYTES_MIN ((size_t)256 * 1024)

/// Every block starts at a multiple of this: 16 bytes, 8 where pointers have 32 bits (spec A12). A
/// block of more than eight of them starts at a multiple of two.
#define CH_GRANULE_BYTES (2 * sizeof(void *))

/// Makes a heap. The caller owns it and ends it with ch_heap_destroy.
///
/// Returns NULL iff arena_bytes is below CH_ARENA_BYTES_MIN, the OS page size is above 64 KiB, or
/// 32 KiB where pointers have 32 bits, the range can't be reserved, or its first pages can't be
/// committed. config may be NULL: all defaults.
CH_API struct ch_heap *ch_heap_create(const struct ch_config *config);

/// Returns the process's own heap, with every member of its configuration 0: made when it is first
/// asked for, and there until the process ends. Returns NULL iff it can't be made, now.
CH_API struct ch_heap *ch_heap_of_process(void);

/// Returns *own, which is NULL at first: then it is made likewise, by one of the threads that ask.
/// *own is a static variable, and nothing else may touch it. Returns NULL iff it can't be made,
/// now.
CH_API struct ch_heap *ch_heap_make_once(struct ch_heap **own);

/// Ends a heap and every block of it. heap may be NULL: no effect. No other thread may be using it.
CH_API void ch_heap_destroy(struct ch_heap *heap);

/// Returns a block of size_bytes, aligned to CH_GRANULE_BYTES, its bytes arbitrary. A block of 0
/// bytes has an address of its own (spec A1).
///
/// Returns NULL iff the arena has no room for it, or the heap's bounds are below it, or the world
/// refuses a page that it needs.
CH_API void *ch_heap_alloc(struct ch_heap *heap, size_t size_bytes);

/// Returns a block as ch_heap_alloc does, its bytes 0. Pages that the world commits for it as zeros
/// are not touched.
///
/// Returns NULL iff ch_heap_alloc would.
CH_API void *ch_heap_alloc_zeroed(struct ch_heap *heap, size_t size_bytes);

/// Returns a block that starts at a multiple of alignment_bytes, a power of two. Its size is
/// size_bytes, or 1 where that is 0, rounded up to a multiple of alignment_bytes: that much may be
/// used, and ch_heap_size_bytes answers it. To ch_heap_realloc it is a block like any other, which
/// keeps its size but not its alignment when it moves.
///
/// Returns NULL iff ch_heap_alloc does. A block that is aligned to more than a page of the OS, and
/// above 16 KiB, or 8 KiB where pointers have 32 bits, needs room for alignment_bytes more while it
/// is made.
CH_API void *ch_heap_alloc_aligned(struct ch_heap *heap, size_t size_bytes, size_t alignment_bytes);

/// Gives a block another size; the first min(old, new) bytes stay. The block may move, also when it
/// shrinks (spec R4): a smaller block is another one, for which there may be no room. It doesn't
/// move to have its own size, nor to grow where ch_heap_resize has left a small one more room.
/// block may be NULL: as ch_heap_alloc. Size 0 gives a block of 0 bytes.
///
/// Returns NULL iff there is no room, the heap's bounds are below it, the world refuses, or block
/// is not a live block of this heap, which raises a REALLOC fault. In each case nothing has changed
/// and block is what it was. A block that moves is there twice for a moment, also to the bounds.
///
/// Of two threads that do this to one block at once, or end it, one raises a fault. Where that one
/// has found another place by then, it is the fault of a free, and the place is returned.
CH_API void *ch_heap_realloc(struct ch_heap *heap, void *block, size_t size_bytes);

/// Gives a block another size where it is: the first min(old, new) bytes stay, and so does its
/// address. Size 0 is a size like any other.
///
/// Every shrink is granted. A block of up to 16 KiB when it was made, or 8 KiB where pointers have
/// 32 bits, keeps its whole place, and may have every size up to that again. A larger one keeps the
/// pages that it has, up to twice those of its new size, and gives the others back. It may grow
/// over free pages behind it.
///
/// Returns false, and changes nothing, iff the size is above the heap's bound, or the block can't
/// grow so far, or the world refuses a page. Or block is NULL, which is no fault, or not a live
/// block of this heap, which raises a REALLOC fault.
CH_API bool ch_heap_resize(struct ch_heap *heap, void *block, size_t size_bytes);

/// Ends a block. block may be NULL: no effect. Raises a FREE fault, and changes nothing, iff block
/// is neither NULL nor a live block of this heap.
///
/// Of two threads that end the same block, however close together, one raises the fault. What no
/// heap can know is whose pointer it is: where another block begins by now, that block ends.
CH_API void ch_heap_free(struct ch_heap *heap, void *block);

/// Returns the size that block was last given, in bytes; SIZE_MAX iff block, which may be any bit
/// pattern, is not a live block of this heap.
CH_API size_t ch_heap_size_bytes(struct ch_heap *heap, const void *block);

/// Says whether block, which may be any bit pattern, is a live block of this heap.
CH_API bool ch_heap_owns(struct ch_heap *heap, const void *block);

/// Gives the world every page back that no live block lies in or shares a span with, and every page
/// of the heap's tables beyond the two regions that are in use. What waits in the thread caches of
/// other threads that still run stays: up to 128 blocks, or 64 KiB, a class and thread cache, and
/// the spans that they lie in.
///
/// Without it a heap that frees holds on to at most twice the pages that it used lately, and 4 MiB,
/// for its next blocks. What it used lately is the most that live blocks, those in thread
/// caches and their spans had; it fades toward what they have as pages come free, by most of the
/// way for 16 times as many.
CH_API void ch_heap_minimize(struct ch_heap *heap);

/// Gives the calling thread that thread cache, in every heap, in place of the one it has; 0: none,
/// so that every call takes the heap's lock. A thread gets a thread cache by itself, with its first
/// call, while there is one, and gives it back when it ends; this is for a program that walks, on
/// one thread, the paths that many threads take. What waits in the thread cache that is left stays
/// there, and goes to the next thread that gets it, or into the heap when that is short.
///
/// Returns false, and changes nothing, iff there is no such thread cache or another thread has it.
CH_API bool ch_thread_cache_select(unsigned number);

struct ch_stats {
    size_t live_blocks;
    size_t live_bytes;      ///< The sum of the sizes of the live blocks.
    size_t committed_bytes; ///< What the heap holds of the world, its own tables included.
    size_t arena_bytes;
    const void *pages;  ///< Every block lies in these pages, which stay where they are,
    size_t pages_bytes; ///< and nothing else does.
};

/// Exact while no other thread is in a call on this heap.
CH_API struct ch_stats ch_heap_stats(struct ch_heap *heap);

/// The answer of ch_heap_check.
struct ch_broken {
    enum ch_invariant invariant; ///< CH_INVARIANTS: every invariant holds.
    const void *where;           ///< The first byte of the block, span or run; NULL when all holds.
};

/// Walks the whole heap, read-only, and names the first invariant that does not hold. No other
/// thread may be in a call on this heap.
CH_API struct ch_broken ch_heap_check(struct ch_heap *heap);

/// The sentence of a fault or an invariant; "" for the count that ends the enumeration.
CH_API const char *ch_fault_sentence(enum ch_fault fault);
CH_API const char *ch_invariant_sentence(enum ch_invariant invariant);

#ifdef __cplusplus
}
#endif

#endif
