// Where a heap's memory comes from: the operating system, in five primitives and two shortcuts.
//
// A heap reserves one address range, its arena, when it is created, and releases it when it is
// destroyed. In between it commits and decommits pages of that range. The library brings one
// implementation, `ch_pages_os`; the fuzzing harness brings another, its world, which refuses
// requests, fills fresh pages with garbage and counts what is held.
//
// Contract of every primitive:
//   - `world` is what the caller gave in `struct ch_config`; the heap only passes it on.
//   - `start` and `size_bytes` are multiples of the OS page size, inside one reservation, and
//     size_bytes is not 0.
//   - A heap never commits a page that is committed, nor decommits one that is not.
//   - A primitive may be called from any thread, but a heap makes one call at a time.
#ifndef COMHEAP_PAGES_H
#define COMHEAP_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include <comheap/api.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ch_pages {
    /// Returns the OS page size in bytes, a power of two.
    size_t (*os_page_bytes)(void *world);

    /// Returns an address range of size_bytes that nobody else uses, aligned to the OS page size;
    /// its pages can't be touched yet. Returns NULL iff there is no such range.
    void *(*reserve)(void *world, size_t size_bytes);

    /// Makes a range readable and writable. Its bytes are arbitrary: garbage, not zeros.
    /// Returns false iff the world refuses, and then no page of the range is committed.
    bool (*commit)(void *world, void *start, size_t size_bytes);

    /// Gives the memory behind a committed range back; its bytes are lost. Never fails. Where
    /// threads share the heap the range must stay readable, as zeros: one of them may be looking at
    /// what the heap knew of it, for the sake of a stray pointer.
    void (*decommit)(void *world, void *start, size_t size_bytes);

    /// Ends a reservation: start and size_bytes are those of `reserve`. Committed pages in it are
    /// given back too.
    void (*release)(void *world, void *start, size_t size_bytes);

    /// Moves the bytes of one committed range to another that does not overlap it, without copying;
    /// both stay committed and the bytes left behind are arbitrary. Returns false iff it did
    /// nothing, which it may do at any time: the heap then copies. NULL where the world has no such
    /// shortcut.
    bool (*move)(void *world, void *from, void *to, size_t size_bytes);

    /// Makes a committed range zeros, cheaper than by writing all of it. NULL where the world has
    /// no such shortcut.
    void (*clear)(void *world, void *start, size_t size_bytes);

    /// Whether what is committed is zeros, not garbage, the first time and after a decommit. Then
    /// ch_heap_alloc_zeroed does not touch it.
    bool commits_zeros;
};

/// The operating system's own pages. It ignores `world`.
CH_API extern const struct ch_pages ch_pages_os;

#ifdef __cplusplus
}
#endif

#endif
