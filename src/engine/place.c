// What a pointer is: found from its bits and the tables, never by following it.

#include "engine/place.h"

#include "engine/run.h"

struct ch_place ch_place_find(const struct ch_heap *heap, const void *block)
{
    struct ch_place place = {.kind = CH_PLACE_NOWHERE};
    size_t granule = ch_place_granule(heap, block);
    if (granule != CH_GRANULE_NONE) {
        unsigned word = ch_word(heap, granule);
        if (word != 0) {
            place.kind = CH_PLACE_SMALL;
            place.granule = granule;
            place.word = word;
            place.class_index = ch_spans(heap)[granule / CH_SPAN_GRANULES].class_index;
            place.size_bytes = ch_word_bytes(word);
        }
        return place;
    }
    place.page = ch_run_at(heap, ch_offset(heap, block));
    if (place.page != CH_NONE) {
        place.kind = CH_PLACE_LARGE;
        place.size_bytes = ch_runs(heap)[place.page].size_bytes;
    }
    return place;
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
    unsigned word = start % CH_SPAN_GRANULES < span->cut_granules ? ch_word(heap, start) : 0;
    return word != 0 && inside < ch_word_bytes(word);
}

enum ch_stray ch_place_explain(const struct ch_heap *heap, const void *block)
{
    size_t offset = ch_offset(heap, block);
    if (offset >> heap->page_log2 >= heap->page_count) {
        return CH_STRAY_FOREIGN;
    }
    bool is_inside = offset / CH_SPAN_BYTES < ch_span_count(heap) ? is_inside_small(heap, offset)
                                                                  : ch_run_contains(heap, offset);
    return is_inside ? CH_STRAY_INTERIOR : CH_STRAY_STALE;
}
