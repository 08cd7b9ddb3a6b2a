// Lookup: the block or the stray behind a pointer. It reads the pointer's bits and the tables, and
// never follows the pointer.
//
//     before the pages or behind them                    foreign
//     a tag that is not 0                                a small block
//     a large block's start bit                          a large block
//     inside one of the two                              interior
//     otherwise                                          stale
//
// This file does not know faults: block.c makes one of a stray.

#include "engine/lookup.h"

#include "engine/large.h"
#include "engine/slab.h"

struct ch_found ch_lookup_find(const struct ch_heap *heap, const void *block)
{
    struct ch_found found = {.kind = CH_FOUND_NOTHING};
    size_t granule = ch_lookup_granule(heap, block);
    unsigned tag = granule == CH_GRANULE_NONE ? 0 : ch_tag(heap, granule);
    if (tag != 0) {
        found.kind = CH_FOUND_SMALL;
        found.granule = granule;
        found.tag = tag;
        found.class_index = heap->spans[granule / CH_SPAN_GRANULES].class_index;
        found.size_bytes = ch_tag_bytes(tag);
        return found;
    }
    found.page = ch_large_at(heap, ch_offset(heap, block));
    if (found.page != CH_NONE) {
        found.kind = CH_FOUND_LARGE;
        found.size_bytes = heap->runs[found.page].size_bytes;
    }
    return found;
}

static bool is_inside_small(const struct ch_heap *heap, size_t offset)
{
    uint32_t number = (uint32_t)(offset / CH_SPAN_BYTES);
    if (number >= ch_span_end(heap) || !ch_span_is_open(heap, number)) {
        return false;
    }
    const struct ch_span *span = &heap->spans[number];
    size_t granules = ch_class_granules(span->class_index);
    size_t granule = offset / CH_GRANULE_BYTES;
    size_t start = granule - granule % CH_SPAN_GRANULES % granules;
    size_t inside = offset - start * CH_GRANULE_BYTES;
    unsigned tag = start % CH_SPAN_GRANULES < span->cut_granules ? ch_tag(heap, start) : 0;
    return tag != 0 && inside < ch_tag_bytes(tag);
}

enum ch_stray ch_lookup_explain(const struct ch_heap *heap, const void *block)
{
    CH_ASSERT(block != NULL);
    size_t offset = ch_offset(heap, block);
    if (offset >> heap->page_log2 >= heap->page_count) {
        return CH_STRAY_FOREIGN;
    }
    bool is_inside = is_inside_small(heap, offset) || ch_large_contains(heap, offset);
    return is_inside ? CH_STRAY_INTERIOR : CH_STRAY_STALE;
}
