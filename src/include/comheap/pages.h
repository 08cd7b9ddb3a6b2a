// The source of a heap's memory: the operating system, in five primitives and two shortcuts.
//
// A heap reserves one address range, its arena, when it is created. It releases the range when it
// is destroyed. Meanwhile it commits and decommits pages of the range.
//
// The library has one implementation, `ch_pages_os`. The fuzzing harness has another, its world.
// The world refuses requests, fills fresh pages with garbage and counts the committed pages.
//
// Contract of every primitive:
//   - `world` is the pointer from `struct ch_config`; the heap only passes it on.
//   - `start` and `size_bytes` are multiples of the OS page size, inside one reservation.
//     size_bytes is not 0.
//   - A heap never commits a committed page, nor decommits another.
//   - Any thread may call a primitive, but a heap makes one call at a time.
#ifndef COMHEAP_PAGES_H
#define COMHEAP_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include <comheap/api.h>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpadded" // It does no harm here.
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct ch_pages {
    /// Returns the OS page size in bytes, a power of two.
    size_t (*os_page_bytes)(void *world);

    /// Returns a free address range of size_bytes, aligned to the OS page size. Its pages can't be
    /// touched yet. Returns NULL iff there is no such range.
    void *(*reserve)(void *world, size_t size_bytes);

    /// Makes a range readable and writable. Its bytes are arbitrary, except where commits_zeros
    /// holds. Returns false iff the world refuses; then no page of the range is committed. It may
    /// refuse a range that was committed before.
    bool (*commit)(void *world, void *start, size_t size_bytes);

    /// Gives the memory of a committed range back and loses its bytes. Never fails. Where threads
    /// share the heap, the range must stay readable, as zeros. A thread that looks up a stray
    /// pointer may still be reading the tables there. A write to the range may end the process.
    ///
    /// A world that limits memory ends its charge for the range: others can have as much. On Linux,
    /// ch_pages_os does so under RLIMIT_DATA and without overcommit, unless the process has nearly
    /// half of the mappings that the kernel allows.
    void (*decommit)(void *world, void *start, size_t size_bytes);

    /// Ends a reservation: start and size_bytes are those of `reserve`. Also gives the committed
    /// pages in it back.
    void (*release)(void *world, void *start, size_t size_bytes);

    /// Moves the bytes of one committed range to another, without copying. The ranges do not
    /// overlap. Both stay committed, and the bytes left behind are arbitrary.
    ///
    /// Returns false iff it did nothing, which it may do at any time; the heap then copies. May be
    /// NULL: the world has no such shortcut.
    bool (*move)(void *world, void *from, void *to, size_t size_bytes);

    /// Makes a committed range zeros, cheaper than by writing all of it. May be NULL: the world has
    /// no such shortcut.
    void (*clear)(void *world, void *start, size_t size_bytes);

    /// True iff a range holds zeros, not garbage, when it is first committed and when it is
    /// committed again after a decommit. Then ch_heap_alloc_zeroed does not write to it.
    bool commits_zeros;
};

/// The operating system's pages. They ignore `world`. A reservation is aligned to 64 KiB, so that
/// heaps made alike lay out their blocks alike on every run. On Linux, a core file holds the
/// committed ranges, and nothing else of a reservation.
CH_API extern const struct ch_pages ch_pages_os;

#ifdef __cplusplus
}
#endif

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
