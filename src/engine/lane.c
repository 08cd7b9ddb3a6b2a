// The magazines: last in first out. An empty one takes half of what it may hold from the spans, a
// full one gives the older half back.

#include "engine/lane.h"

#include <string.h>

#include "engine/span.h"

void *ch_lane_take(struct ch_heap *heap, unsigned class_index)
{
    struct ch_magazine *magazine = &heap->lane[class_index];
    if (magazine->count == 0) {
        unsigned most = ch_lane_capacity(class_index) / 2;
        magazine->count = ch_span_take(heap, class_index, magazine->blocks, most);
        if (magazine->count == 0) {
            return NULL;
        }
    }
    return magazine->blocks[--magazine->count];
}

void ch_lane_give(struct ch_heap *heap, unsigned class_index, void *block)
{
    struct ch_magazine *magazine = &heap->lane[class_index];
    if (magazine->count == ch_lane_capacity(class_index)) {
        unsigned older = magazine->count / 2;
        for (unsigned i = 0; i < older; i++) {
            ch_span_give(heap, magazine->blocks[i]);
        }
        magazine->count -= older;
        memmove(magazine->blocks, magazine->blocks + older,
                magazine->count * sizeof magazine->blocks[0]);
    }
    magazine->blocks[magazine->count++] = block;
}

bool ch_lane_empty(struct ch_heap *heap)
{
    bool had_one = false;
    for (unsigned class_index = 0; class_index < CH_CLASS_COUNT; class_index++) {
        struct ch_magazine *magazine = &heap->lane[class_index];
        had_one = had_one || magazine->count > 0;
        while (magazine->count > 0) {
            ch_span_give(heap, magazine->blocks[--magazine->count]);
        }
    }
    return had_one;
}
