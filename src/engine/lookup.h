// What any bit pattern is to a heap: the start of a live block, or one way not to be.
#ifndef COMHEAP_ENGINE_LOOKUP_H
#define COMHEAP_ENGINE_LOOKUP_H

#include "engine/state.h"

#define CH_GRANULE_NONE SIZE_MAX

/// Returns the granule that a pointer into the small region starts; CH_GRANULE_NONE iff it points
/// elsewhere, or into one. Needs no lock.
static inline size_t ch_lookup_granule(const struct ch_heap *heap, const void *block)
{
    // Rotated, so that what is no multiple of a granule is beyond all of them.
    size_t offset = ch_offset(heap, block);
    size_t granule = offset / CH_GRANULE_BYTES | offset * (SIZE_MAX / CH_GRANULE_BYTES + 1);
    // Whoever was given a block sees a region that has it. A table is cleared before it is in use.
    size_t granules = atomic_load_explicit(&heap->small_granules, memory_order_acquire);
    return granule < granules ? granule : CH_GRANULE_NONE;
}

/// A live block is small, with `granule`, its `word` and its span's class, or large, with `page`.
struct ch_found {
    enum { CH_FOUND_NOTHING, CH_FOUND_SMALL, CH_FOUND_LARGE } kind;
    size_t granule;
    unsigned tag;
    unsigned class_index;
    uint32_t page;
    size_t size_bytes;
};

/// Finds it. Needs the lock.
struct ch_found ch_lookup_find(const struct ch_heap *heap, const void *block);

/// Why a pointer that is not NULL is not a live block. The kinds stand in the order of faults.def.
enum ch_stray { CH_STRAY_STALE, CH_STRAY_INTERIOR, CH_STRAY_FOREIGN };

enum ch_stray ch_lookup_explain(const struct ch_heap *heap, const void *block);

#endif
