// Lookup: the block or the stray behind a pointer. It reads the pointer's bits and the tables, and
// never follows the pointer.
//
//     before the pages or behind them                    foreign
//     small region   tag != 0                            a small block
//                    inside a block with a tag           interior
//                    otherwise                           stale
//     gap, large     a start bit, at a page              a large block
//                    inside a live page run's block      interior
//                    otherwise                           stale
//
// This file does not know faults: block.c makes one of a stray.

#include "engine/lookup.h"

#include "engine/run.h"

struct ch_found ch_lookup_find(const struct ch_heap *heap, const void *block)
{
    struct ch_found found = {.kind = CH_FOUND_NOTHING};
    size_t granule = ch_lookup_granule(heap, block);
    if (granule != CH_GRANULE_NONE) {
        unsigned tag = ch_tag(heap, granule);
        if (tag != 0) {
            found.kind = CH_FOUND_SMALL;
            found.granule = granule;
            found.tag = tag;
            found.class_index = ch_spans(heap)[granule / CH_SPAN_GRANULES].class_index;
            found.size_bytes = ch_tag_bytes(tag);
        }
        return found;
    }
    found.page = ch_run_at(heap, ch_offset(heap, block));
    if (found.page != CH_NONE) {
        found.kind = CH_FOUND_LARGE;
        found.size_bytes = ch_runs(heap)[found.page].size_bytes;
    }
    return found;
}

static bool is_inside_small(const struct ch_heap *heap, size_t offset)
{
    const struct ch_span *span = &ch_spans(heap)[offset / CH_SPAN_BYTES];
    if (span->class_index == CH_CLASS_NONE) {
        return false;
    }
    size_t granules = ch_class_granules(span->class_index);
    size_t granule = offset / CH_GRANULE_BYTES;
    size_t start = granule - granule % CH_SPAN_GRANULES % granules;
    size_t inside = offset - start * CH_GRANULE_BYTES;
    unsigned tag = start % CH_SPAN_GRANULES < span->cut_granules ? ch_tag(heap, start) : 0;
    return tag != 0 && inside < ch_tag_bytes(tag);
}

enum ch_stray ch_lookup_explain(const struct ch_heap *heap, const void *block)
{
    size_t offset = ch_offset(heap, block);
    if (offset >> heap->page_log2 >= heap->page_count) {
        return CH_STRAY_FOREIGN;
    }
    bool is_inside = offset / CH_SPAN_BYTES < ch_span_count(heap) ? is_inside_small(heap, offset)
                                                                  : ch_run_contains(heap, offset);
    return is_inside ? CH_STRAY_INTERIOR : CH_STRAY_STALE;
}
