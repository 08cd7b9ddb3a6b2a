// Lookup: classifies any bit pattern as the start of a live block, or as one of three strays.
#ifndef COMHEAP_ENGINE_LOOKUP_H
#define COMHEAP_ENGINE_LOOKUP_H

#include "engine/state.h"

#define CH_GRANULE_NONE SIZE_MAX

/// Returns the granule that starts at a pointer, if it has a tag. Returns CH_GRANULE_NONE iff the
/// pointer lies beyond the tags in use, or in a granule. Needs no lock.
static inline size_t ch_lookup_granule(const struct ch_heap *heap, const void *block)
{
    // The rotation puts every offset that is no multiple of a granule beyond all granules.
    size_t offset = ch_offset(heap, block);
    size_t granule = offset / CH_GRANULE_BYTES | offset * (SIZE_MAX / CH_GRANULE_BYTES + 1);
    // A caller that received a block sees an end behind it. A table is cleared before it
    // is used.
    size_t granules = atomic_load_explicit(&heap->small_granules, memory_order_acquire);
    return granule < granules ? granule : CH_GRANULE_NONE;
}

/// Describes a live block: a small one by its granule, tag and class, a large one by its page.
struct ch_found {
    enum { CH_FOUND_NOTHING, CH_FOUND_SMALL, CH_FOUND_LARGE } kind;
    size_t granule;
    unsigned tag;
    unsigned class_index;
    uint32_t page;
    size_t size_bytes;
};

/// Finds the live block that starts at a pointer. Needs the lock.
struct ch_found ch_lookup_find(const struct ch_heap *heap, const void *block);

/// Lists the reasons why a pointer that is not NULL is no live block, in the order of faults.def.
enum ch_stray { CH_STRAY_STALE, CH_STRAY_INTERIOR, CH_STRAY_FOREIGN };

/// Returns the reason for a pointer that ch_lookup_find found to be no live block. Needs the lock.
enum ch_stray ch_lookup_explain(const struct ch_heap *heap, const void *block);

#endif
