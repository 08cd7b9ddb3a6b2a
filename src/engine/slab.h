// Spans: page runs of one class each, and the small blocks cut from them.
#ifndef COMHEAP_ENGINE_SLAB_H
#define COMHEAP_ENGINE_SLAB_H

#include "engine/state.h"

/// Takes up to `most` blocks of a class out of their spans, lowest address first within a span.
/// Returns how many; 0 iff no span has a block and the heap can't add a span.
unsigned ch_span_take(struct ch_heap *heap, unsigned class_index, void **blocks, unsigned most);

/// Puts blocks back into their spans. A span with all of its blocks back becomes a free page run.
void ch_span_give(struct ch_heap *heap, void **blocks, unsigned count);

/// Returns how many blocks of a class a span has.
static inline unsigned ch_span_blocks(unsigned class_index)
{
    return ch_class_span_blocks[class_index];
}

/// Returns where a span's blocks begin.
static inline unsigned char *ch_span_start(const struct ch_heap *heap, uint32_t span)
{
    return heap->pages + (size_t)span * CH_SPAN_BYTES;
}

/// Returns whether a span begins with a multiple of CH_SPAN_BYTES. Needs the lock.
static inline bool ch_span_is_open(const struct ch_heap *heap, uint32_t span)
{
    uint32_t page = span * heap->span_pages;
    return ch_bits_get(heap->starts, page) && heap->runs[page].kind == CH_RUN_SPAN;
}

/// Returns whether the span can give a block.
static inline bool ch_span_has_room(const struct ch_span *span)
{
    return span->used_blocks < ch_span_blocks(span->class_index);
}

#endif
