// Large blocks: each is a page run.
#ifndef COMHEAP_ENGINE_LARGE_H
#define COMHEAP_ENGINE_LARGE_H

#include "engine/state.h"

/// Allocates a live block of size_bytes, above CH_SMALL_BYTES or with an alignment above a page,
/// and at most the size of all pages. Returns NULL iff no free page run has room, or the world
/// refuses.
void *ch_large_take(struct ch_heap *heap, size_t size_bytes, size_t alignment_bytes);

/// Does the same for a block that grows and may grow again: leaves at least as many free pages
/// behind it. Returns NULL iff the arena or the process can't spare that room, or the world
/// refuses.
void *ch_large_take_with_room(struct ch_heap *heap, size_t size_bytes);

/// Forgets how many blocks have had room, if no page is in use: then nothing is left of them.
void ch_large_forget_rooms(struct ch_heap *heap);

/// Gives the page run of a live block another kind: the block ends, or is busy. With one thread in
/// the process that is a store. Returns false, and changes nothing, iff another thread did so
/// first.
static inline bool ch_large_claim(struct ch_run *run, uint32_t kind, enum ch_run_kind next)
{
    if (!ch_threads_are_many()) {
        atomic_store_explicit(&run->kind, next, memory_order_release);
        return true;
    }
    return atomic_compare_exchange_strong_explicit(&run->kind, &kind, next, memory_order_acq_rel,
                                                   memory_order_relaxed);
}

/// Makes a live block busy, so that no thread without the lock ends it. Returns false iff there is
/// none. ch_large_give ends it, and ch_large_settle ends that it is busy.
bool ch_large_hold(struct ch_heap *heap, uint32_t page);
void ch_large_settle(struct ch_heap *heap, uint32_t page);

/// Ends the busy block that starts at the page.
void ch_large_give(struct ch_heap *heap, uint32_t page);

/// Resizes the busy block that starts at the page, without moving it. The block keeps pages that it
/// no longer needs, up to most_pages in all. Returns false iff it can't get the pages that it
/// lacks: the page run behind it is live or too short, or the world refuses.
bool ch_large_resize(struct ch_heap *heap, uint32_t page, size_t size_bytes, uint32_t most_pages);

/// Returns the page of the live block that starts at this offset; CH_NONE iff there is none.
uint32_t ch_large_at(const struct ch_heap *heap, size_t offset);

/// Returns whether the offset lies in a live block.
bool ch_large_contains(const struct ch_heap *heap, size_t offset);

/// Poisons the bytes of its pages that a live block leaves unused, and unpoisons them.
void ch_large_hide_rest(const struct ch_heap *heap, uint32_t page);
void ch_large_show_rest(const struct ch_heap *heap, uint32_t page);

/// Returns whether a page run is a live block.
static inline bool ch_run_is_block(const struct ch_run *run)
{
    uint32_t kind = atomic_load_explicit(&run->kind, memory_order_acquire);
    return kind == CH_RUN_BLOCK || kind == CH_RUN_ROOMY;
}

/// Returns how many pages a block takes.
static inline uint32_t ch_large_pages(const struct ch_heap *heap, size_t size_bytes)
{
    return (uint32_t)((size_bytes + heap->page_bytes - 1) >> heap->page_log2);
}

/// Returns how many pages a block may keep when it shrinks in place. To grow again, it keeps twice
/// the pages that it takes, and at least one.
static inline uint32_t ch_large_roomy_pages(const struct ch_heap *heap, size_t size_bytes)
{
    uint64_t pages = ch_large_pages(heap, size_bytes);
    return pages == 0 ? 1 : (uint32_t)(2 * pages < CH_NONE ? 2 * pages : CH_NONE - 1);
}

#endif
