// The count of live blocks. No call counts what it does, since that would cost every call. So this
// file reads the tags of the blocks that were cut from spans, and the records of page runs. It
// knows no thread caches: a block that waits in one has a tag of 0.
//
// The harness asks after every call. So the loops are short, and no sanitizer looks at them: they
// read tables only.

#include "engine/count.h"

#define UNCHECKED __attribute__((no_sanitize_address))

UNCHECKED static void add_span(struct ch_live *live, const struct ch_heap *heap, uint32_t span)
{
    const struct ch_span *record = &heap->spans[span];
    const _Atomic uint16_t *tags = heap->tags + (size_t)span * CH_SPAN_GRANULES;
    unsigned granules = ch_class_granules(record->class_index);
    for (unsigned i = 0; i < record->cut_granules; i += granules) {
        unsigned tag = atomic_load_explicit(&tags[i], memory_order_relaxed);
        live->blocks += tag != 0;
        live->bytes += tag == 0 ? 0 : (tag & (CH_TAG_ROOMY - 1)) - 1;
    }
}

UNCHECKED struct ch_live ch_count_live(const struct ch_heap *heap)
{
    struct ch_live live = {0, 0};
    uint32_t pages;
    for (uint32_t page = 0; page < heap->page_count; page += pages) {
        const struct ch_run *run = &heap->runs[page];
        uint32_t kind = atomic_load_explicit(&run->kind, memory_order_relaxed);
        pages = atomic_load_explicit(&run->pages, memory_order_relaxed);
        if (kind == CH_RUN_SPAN) {
            add_span(&live, heap, page / heap->span_pages);
        } else if (kind == CH_RUN_BLOCK || kind == CH_RUN_ROOMY) {
            live.blocks++;
            live.bytes += atomic_load_explicit(&run->size_bytes, memory_order_relaxed);
        }
    }
    return live;
}
