// heapfuzz/port.h: all that the author of an allocator needs.
//
// A port makes an allocator a subject of the harness. It is one struct, in a file of its own:
//
//     #include <heapfuzz/port.h>
//     #include "my_heap.h"
//
//     static bool open(void *range, size_t range_bytes)
//     {
//         return my_heap_begin(range, range_bytes);
//     }
//
//     const struct heapfuzz_port heapfuzz_port = {
//         .open = open,
//         .allocate = my_heap_allocate,
//         .free = my_heap_free,
//     };
//
// `heapfuzz fuzz my_port.c my_heap.c` then fuzzes it. Only `allocate` and `free` are required. A
// member that is left out turns its laws off, and each run prints which. One heap is open at a
// time, and one thread makes all calls, unless the port is_threadsafe and threads are asked for.
#ifndef HEAPFUZZ_PORT_H
#define HEAPFUZZ_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A policy of yes or no.
enum heapfuzz_answer { HEAPFUZZ_UNSTATED, HEAPFUZZ_YES, HEAPFUZZ_NO };

/// The result of a request for 0 bytes. A block of 0 bytes has an address that no other live block
/// has.
enum heapfuzz_zero {
    HEAPFUZZ_ZERO_UNSTATED,
    HEAPFUZZ_ZERO_IS_NULL,
    HEAPFUZZ_ZERO_IS_BLOCK,
    HEAPFUZZ_ZERO_IS_EITHER,
};

/// The effect of reallocating a block to 0 bytes. FREES: the block is freed, and NULL returned.
/// SHRINKS: the result is a block of 0 bytes; with NULL nothing has changed. EITHER: NULL means
/// that the block is freed, and any other result is a block of 0 bytes.
enum heapfuzz_to_zero {
    HEAPFUZZ_TO_ZERO_UNSTATED,
    HEAPFUZZ_TO_ZERO_FREES,
    HEAPFUZZ_TO_ZERO_SHRINKS,
    HEAPFUZZ_TO_ZERO_IS_EITHER,
};

/// The result of `size`, next to the size that was last requested. NONE: it means nothing.
enum heapfuzz_size {
    HEAPFUZZ_SIZE_UNSTATED,
    HEAPFUZZ_SIZE_IS_EXACT,
    HEAPFUZZ_SIZE_IS_AT_LEAST,
    HEAPFUZZ_SIZE_IS_AT_MOST,
    HEAPFUZZ_SIZE_IS_NONE,
};

/// A law that is off, and why. The reason is printed with each run.
struct heapfuzz_law_off {
    const char *law; ///< Its name, as a finding prints it.
    const char *reason;
};

/// The points where allocators may differ. All of them may stay 0, which means unstated. `heapfuzz
/// probe` then tries the heap, and prints the policies that it saw as text to paste.
struct heapfuzz_policies {
    size_t alignment_bytes; ///< Each block starts at a multiple of it; 1: at any address.
    size_t limit_bytes;     ///< It refuses every request for more; SIZE_MAX: it has no limit.
    enum heapfuzz_zero zero;
    enum heapfuzz_to_zero reallocate_to_zero;
    enum heapfuzz_size size;
    size_t
        zero_size_bytes; ///< The size of a block for a request of 0 bytes, where sizes are exact.

    enum heapfuzz_answer free_takes_null;       ///< free(NULL) does nothing.
    enum heapfuzz_answer reallocate_takes_null; ///< reallocate(NULL, n) allocates.
    enum heapfuzz_answer size_takes_null;       ///< size(NULL) is null_size_bytes.
    size_t null_size_bytes;
    enum heapfuzz_answer
        size_is_usable; ///< The caller may use all bytes that `size` returns, until the block is
                        ///< freed or resized. reallocate keeps the requested ones.

    enum heapfuzz_answer stays_in_place;   ///< reallocate never moves a block; it refuses instead.
    enum heapfuzz_answer capacity_returns; ///< When every block is freed, the largest block that
                                           ///< the fresh heap granted is granted again.
    enum heapfuzz_answer
        addresses_repeat; ///< In an equal range, equal calls return equal addresses.

    /// The ranges that `open` takes. Least and most: 512 bytes and 1 GiB if 0. Usual: the size that
    /// most programs begin with, 64 KiB if 0. Alignment: two pointers if 0. Only a range that
    /// is_zeroed holds zeros; any other holds garbage, above 256 KiB at both ends.
    size_t range_least_bytes, range_most_bytes, range_usual_bytes, range_alignment_bytes;
    bool range_is_zeroed;

    /// Sizes that are never requested: all above avoid_above_bytes, where that is not 0, and those
    /// from avoid_from_bytes to avoid_to_bytes. So a known bug, or gigabytes, can be passed over.
    /// A heap with neither `open` nor `open_pages` that states none avoids 64 MiB to PTRDIFF_MAX.
    size_t avoid_above_bytes, avoid_from_bytes, avoid_to_bytes;

    /// State outlives `close` and `reset`, such as a static variable that the first call sets. Each
    /// program then runs in a process of its own. So bugs of the first call are found, too.
    bool needs_process;

    /// Threads may make calls at the same time: all those on blocks, and `minimize`. `heapfuzz
    /// random --threads N` does.
    bool is_threadsafe;

    const struct heapfuzz_law_off *laws_off; ///< NULL, or laws; the last has no name.
};

/// The counts that a heap keeps of itself. One that it does not keep stays SIZE_MAX.
struct heapfuzz_counts {
    size_t live_blocks;
    size_t live_bytes;      ///< The sum of the requested sizes.
    size_t committed_bytes; ///< Those of the pages that it holds; see open_pages.
};

/// The pages of an operating system, for a heap that takes them through calls that can be replaced.
/// The harness may refuse pages, and checks that each call keeps this contract. Ranges are whole
/// pages.
struct heapfuzz_pages {
    void *context; ///< The first argument of each call.

    size_t (*os_page_bytes)(void *context);

    /// Reserves a range of addresses, which can't be touched yet. Returns NULL iff it is refused.
    void *(*reserve)(void *context, size_t size_bytes);

    /// Makes pages of the reservation usable; they hold garbage. Returns false iff it is refused.
    bool (*commit)(void *context, void *start, size_t size_bytes);

    /// Gives committed pages back. They can't be touched until they are committed again.
    void (*decommit)(void *context, void *start, size_t size_bytes);

    /// Gives the whole reservation back, with the pages that are still committed.
    void (*release)(void *context, void *start, size_t size_bytes);

    /// Moves the contents of committed pages to other committed pages. Returns false iff that is
    /// impossible; then the heap copies.
    bool (*move)(void *context, void *from, void *to, size_t size_bytes);
};

/// The load that a heap has carried. An aligned block counts as its alignment more.
struct heapfuzz_load {
    size_t arena_bytes;
    size_t fresh_bytes; ///< The bytes committed when it was empty and new.
    size_t live_blocks; ///< Live now,
    size_t live_bytes;
    size_t peak_live_bytes;  ///< and at most since it was new.
    size_t waiting_blocks;   ///< Granted since then, if the heap stays_used: a cache may hold them.
    size_t peak_grown_bytes; ///< The peak of the largest sizes that the live blocks have had.
};

/// A live block, or a request for one.
struct heapfuzz_block {
    size_t size_bytes;      ///< Requested last,
    size_t most_bytes;      ///< and the most that it was resized to while it stayed in place.
    size_t alignment_bytes; ///< Requested; 0: the heap's own.
};

/// More that a heap promises. Each member may be left out.
struct heapfuzz_promises {
    /// Returns whether a request must be granted, unless the harness refuses a page for it.
    /// since_empty_bytes and since_empty_blocks are the sizes' sum and the number of all blocks
    /// granted since the heap was as good as new, this one included. The heap is as good as new
    /// when no block is live, and all calls used one thread cache or the heap is minimized. With
    /// stays_used it must be minimized. A request that must be granted must also be granted after
    /// less. An aligned request counts as twice its alignment more.
    bool (*must_grant)(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks);

    /// Returns whether a block of one size must be granted the other one, whatever else is live,
    /// unless the harness refuses a page for it.
    bool (*must_resize)(size_t old_bytes, size_t size_bytes);

    /// Returns a size that any heap without live blocks grants in an arena of arena_bytes; 0: none.
    size_t (*largest)(size_t arena_bytes);

    /// Returns the most bytes of pages that the heap may hold, just after minimizing. Also while no
    /// block is live, if all calls used one thread cache; then blocks may wait in that.
    size_t (*most_committed)(const struct heapfuzz_load *load);

    bool stays_used; ///< Only minimizing makes a heap without live blocks as good as new. Used only
                     ///< beside `minimize`.

    /// Returns the most bytes of its memory that the heap takes for a block, and needs in a row for
    /// it. They include its header, its rounding, a gap for its alignment, and any rest that is too
    /// small to be a block. `size` returns no more.
    size_t (*most_taken)(const struct heapfuzz_block *block);

    /// A request is granted where as many free bytes as most_taken returns lie in a row, wherever
    /// they are. Live blocks, and the ends of its ranges, are all that divides them. So it has no
    /// size classes, joins free neighbors before it refuses, and holds no freed block back. Used
    /// only with most_taken, and where `largest` or capacity_returns tells its capacity.
    bool fills_holes;

    /// The bytes of its own right in front of each block, at most 64; 0: none, or not stated. A
    /// block that moves takes none of its next neighbor's along. Looked for in ranges of up to 64
    /// KiB.
    size_t header_bytes;

    bool has_double_room; ///< A block that must_grant promises has room for twice its size. When
                          ///< it shrinks, it keeps room for twice the new size.
    bool hides_slack;     ///< Under AddressSanitizer, it poisons a page past a block's end,
    size_t hides_freed_bytes; ///< and both ends of a freed block that never had more than this.
    bool shares_heap;         ///< `owns` is also 1 for blocks of others.
};

/// A misuse: a call with a pointer that is neither NULL nor a live block.
enum heapfuzz_misuse { HEAPFUZZ_MISUSE_FREE, HEAPFUZZ_MISUSE_REALLOCATE };

/// Kinds of such pointers. STALE: into the pages that blocks come from, where no block is live.
/// INTERIOR: to a byte of a live block, but not its first. FOREIGN: elsewhere.
enum heapfuzz_stray {
    HEAPFUZZ_STRAY_STALE,
    HEAPFUZZ_STRAY_INTERIOR,
    HEAPFUZZ_STRAY_FOREIGN,
    HEAPFUZZ_STRAYS,
};

/// The promises of a heap that survives misuse. It raises one fault, and reallocate returns NULL.
/// Nothing else changes. No write outside of live blocks harms it. All members are required.
struct heapfuzz_faults {
    /// Returns the sentence of the fault that a misuse raises.
    const char *(*expected)(enum heapfuzz_misuse misuse, enum heapfuzz_stray stray);
    size_t stray_size_bytes;                         ///< The result of `size` for such a pointer.
    void (*pages)(uintptr_t *begin, uintptr_t *end); ///< Stores where blocks can lie.
};

/// The effect of one misuse, as a heap promises it. UNDEFINED: it promises nothing, and is never
/// misused so. CAUGHT: it raises a fault; without `fault`, it ends the process by abort. IGNORED:
/// the call returns, and raises none. After both, reallocate returns NULL, nothing else has
/// changed, and later calls keep every law.
enum heapfuzz_effect { HEAPFUZZ_UNDEFINED, HEAPFUZZ_CAUGHT, HEAPFUZZ_IGNORED };

/// The effects for each kind of pointer. `freed` is for a stale one to the start of a block that
/// `free` ended. It holds until another block is requested, or the heap is minimized: a header may
/// still tell.
struct heapfuzz_effects {
    enum heapfuzz_effect foreign, interior, stale, freed;
};

/// The promises of a heap that survives some misuse, such as one with a header in front of each
/// block. Each member may be left out.
struct heapfuzz_misuses {
    struct heapfuzz_effects free, reallocate;

    bool survives_freed_writes; ///< A write to a freed block does no harm, until another block is
                                ///< requested or the heap is minimized.
    bool survives_writes;       ///< No write outside of live blocks does harm, anywhere in `pages`.

    /// Stores where blocks can lie. NULL: in the memory that `open` or `open_pages` got. Where a
    /// heap has neither, that is unknown. Then target misuse tries no foreign pointers, and of the
    /// stale ones only those to freed blocks.
    void (*pages)(uintptr_t *begin, uintptr_t *end);
};

struct heapfuzz_port {
    const char *name;     ///< NULL: the tool names it after its file.
    const char *sentence; ///< Describes it, for people who choose one; may be NULL.
    struct heapfuzz_policies policies;

    /// Begins a heap in a range of memory, which is its own until `close`. Size, address and
    /// contents vary from heap to heap, and poisoned guards lie on both sides. Returns false iff
    /// the range has no room for even an empty heap.
    bool (*open)(void *range, size_t range_bytes);

    /// Gives the open heap another range, at some distance behind the last one or right behind it.
    /// It has up to 256 KiB, and is otherwise as `open` describes. Returns false, and takes
    /// nothing, iff it is of no use.
    bool (*add_range)(void *range, size_t range_bytes);

    /// Begins a heap that takes its pages from here, in place of `open`. Returns false iff there is
    /// no room for even an empty heap.
    bool (*open_pages)(const struct heapfuzz_pages *pages, size_t arena_bytes);

    /// Ends the heap; no block is live.
    void (*close)(void);

    /// Makes a heap with neither `open` nor `open_pages` as good as new. No block is live. Without
    /// it, each program finds the heap as the program before left it.
    void (*reset)(void);

    void *(*allocate)(size_t size_bytes); ///< Returns a block, or NULL for a refusal.
    void (*free)(void *block);

    /// Resizes a block, which may move. Returns NULL, and changes nothing, for a refusal.
    void *(*reallocate)(void *block, size_t size_bytes);

    /// Allocates count times size_bytes bytes of zeros. Returns NULL for a refusal, or where the
    /// product overflows.
    void *(*allocate_zeroed)(size_t count, size_t size_bytes);

    /// Allocates a block at a multiple of alignment_bytes, a power of two. Returns NULL for a
    /// refusal.
    void *(*allocate_aligned)(size_t alignment_bytes, size_t size_bytes);

    /// Resizes a block as `reallocate` does, to an address as allocate_aligned returns it. The
    /// block is not NULL. It may move where its address does not fit, whatever the heap promises of
    /// `reallocate`. Used only beside allocate_aligned.
    void *(*reallocate_aligned)(void *block, size_t alignment_bytes, size_t size_bytes);

    size_t (*size)(void *block);      ///< Returns the size of a live block.
    int (*owns)(const void *address); ///< 1 for a live block, 0 for anything else, -1 for NULL.
    void (*minimize)(void);           ///< Gives back the memory that it can.
    void (*count)(struct heapfuzz_counts *counts); ///< Stores the counts that it keeps.

    /// Walks the heap's own invariants. Returns NULL iff all of them hold. Otherwise returns the
    /// sentence of one that does not, and may store a place.
    const char *(*check)(const void **where);

    /// Returns a fault that the heap raised since the last call, and may store a place; or NULL.
    const char *(*fault)(const void **where);

    /// Makes later calls use this thread cache: 0 none, then the first, the second, the last.
    /// Returns false, and changes nothing, iff that is impossible. Used only where the heap also
    /// has `minimize`, which leaves no block waiting in any cache.
    bool (*select_cache)(unsigned cache);

    const struct heapfuzz_promises *promises;
    const struct heapfuzz_faults *faults;   ///< NULL: it does not survive all misuse,
    const struct heapfuzz_misuses *misuses; ///< and, if this is NULL, too, none.
};

/// The port of a build that has one. A build by `heapfuzz` may have two, and keeps them apart.
extern const struct heapfuzz_port heapfuzz_port;

#ifdef __cplusplus
}
#endif

#endif
