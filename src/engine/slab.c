// Spans. A span is a page run of CH_SPAN_BYTES, cut from the front into blocks of its class as they
// are needed. Blocks that come back are marked in a bitmap of granules. So a shift of a block's
// address finds its mark, whatever its class.
//
//     | live | free | live | live | free | not cut yet ............ | too short for a block |
//              bit 1                bit 1  cut_granules
//
// A span whose blocks are all back is a free page run at once. This file does not know sizes, nor
// which blocks are live: tags record both.

#include "engine/slab.h"

#include "engine/page_heap.h"
#include "engine/shadow.h"

static uint32_t *list_of(struct ch_heap *heap, uint32_t span)
{
    return &heap->span_lists[heap->spans[span].class_index];
}

// Opens a span of a class and lists it. Returns its first page; CH_NONE iff there is no room or no
// memory for it.
static uint32_t open_span(struct ch_heap *heap, unsigned class_index)
{
    uint32_t page = ch_run_take_span(heap);
    if (page == CH_NONE) {
        return CH_NONE;
    }
    uint32_t span = page / heap->span_pages;
    atomic_store_explicit(&heap->runs[page].kind, CH_RUN_SPAN, memory_order_relaxed);
    heap->spans[span] = (struct ch_span){.class_index = (uint8_t)class_index};
    ch_shadow_open_span(heap, page, heap->span_pages);
    ch_list_add(heap, &heap->span_lists[class_index], page);
    return page;
}

static void close_span(struct ch_heap *heap, uint32_t span)
{
    CH_ASSERT(heap->spans[span].used_blocks == 0);
    uint32_t page = span * heap->span_pages;
    ch_list_remove(heap, list_of(heap, span), page);
    ch_shadow_close(heap, page, heap->span_pages);
    ch_run_give(heap, page);
}

// Locates a span's blocks and their tags.
struct base {
    unsigned char *start;
    const _Atomic uint16_t *tags;
};

static struct base base_of(const struct ch_heap *heap, uint32_t span)
{
    return (struct base){ch_span_start(heap, span), heap->tags + (size_t)span * CH_SPAN_GRANULES};
}

// Returns the block that starts at a granule. Prefetches its tag, which the caller is about to use.
static inline void *block_at(struct base base, unsigned granule)
{
    __builtin_prefetch((const void *)(base.tags + granule), 1);
    return base.start + granule * CH_GRANULE_BYTES;
}

// Takes up to `most` blocks that came back, from the first word of the bitmap that has a bit set.
static unsigned take_marked(struct ch_span *span, struct base base, void **blocks, unsigned most)
{
    CH_ASSERT(span->summary != 0);
    unsigned word = (unsigned)__builtin_ctzll(span->summary);
    uint64_t marks = span->free[word];
    unsigned count = 0;
    for (; marks != 0 && count < most; marks &= marks - 1) {
        blocks[count++] = block_at(base, word * 64 + (unsigned)__builtin_ctzll(marks));
    }
    span->free[word] = marks;
    if (marks == 0) {
        span->summary &= span->summary - 1;
    }
    return count;
}

// Cuts up to `most` blocks from the uncut rest of the span.
static unsigned cut(struct ch_span *span, struct base base, void **blocks, unsigned most)
{
    unsigned granules = ch_class_granules(span->class_index);
    unsigned left = ch_span_blocks(span->class_index) - span->used_blocks;
    unsigned count = most < left ? most : left;
    unsigned granule = span->cut_granules;
    for (unsigned i = 0; i < count; i++, granule += granules) {
        blocks[i] = block_at(base, granule);
    }
    span->cut_granules = (uint16_t)granule;
    return count;
}

unsigned ch_span_take(struct ch_heap *heap, unsigned class_index, void **blocks, unsigned most)
{
    CH_ASSERT(class_index < CH_CLASS_COUNT);
    unsigned count = 0;
    while (count < most) {
        uint32_t page = heap->span_lists[class_index];
        if (page == CH_NONE) {
            // A new span is for the one requested block, not for spares beside it.
            page = count == 0 ? open_span(heap, class_index) : CH_NONE;
            if (page == CH_NONE) {
                break;
            }
        }
        uint32_t span = page / heap->span_pages;
        struct ch_span *record = &heap->spans[span];
        struct base base = base_of(heap, span);
        unsigned taken = record->summary != 0
                             ? take_marked(record, base, blocks + count, most - count)
                             : cut(record, base, blocks + count, most - count);
        record->used_blocks = (uint16_t)(record->used_blocks + taken);
        count += taken;
        if (!ch_span_has_room(record)) {
            ch_list_remove(heap, &heap->span_lists[class_index], page);
        }
    }
    return count;
}

// Marks blocks as back, as long as they are of one span. Returns how many were.
static unsigned mark(struct ch_heap *heap, uint32_t span, void **blocks, unsigned count)
{
    struct ch_span *record = &heap->spans[span];
    const unsigned char *start = ch_span_start(heap, span);
    uint64_t summary = record->summary;
    unsigned i = 0;
    for (; i < count; i++) {
        size_t offset = (uintptr_t)blocks[i] - (uintptr_t)start;
        if (offset >= CH_SPAN_BYTES) {
            break;
        }
        unsigned granule = (unsigned)(offset / CH_GRANULE_BYTES);
        record->free[granule / 64] |= (uint64_t)1 << granule % 64;
        summary |= (uint64_t)1 << granule / 64;
    }
    record->summary = summary;
    return i;
}

void ch_span_give(struct ch_heap *heap, void **blocks, unsigned count)
{
    while (count > 0) {
        uint32_t span = (uint32_t)(ch_offset(heap, blocks[0]) / CH_SPAN_BYTES);
        CH_ASSERT(span < ch_span_end(heap) && ch_span_is_open(heap, span));
        struct ch_span *record = &heap->spans[span];
        bool was_full = !ch_span_has_room(record);
        unsigned marked = mark(heap, span, blocks, count);
        CH_ASSERT(marked > 0 && marked <= record->used_blocks);
        record->used_blocks = (uint16_t)(record->used_blocks - marked);
        if (was_full) {
            ch_list_add(heap, list_of(heap, span), span * heap->span_pages);
        }
        if (record->used_blocks == 0) {
            close_span(heap, span);
        }
        blocks += marked;
        count -= marked;
    }
}
