// The small region. A span is CH_SPAN_BYTES, cut from the front into blocks of its class as they
// are needed. Blocks that come back are marked in a bitmap of granules. So a shift of a block's
// address finds its mark, whatever its class.
//
//     | live | free | live | live | free | not cut yet ............ | too short for a block |
//              bit 1                bit 1  cut_granules
//
// Spans grow upward from the first page. A free span at the end goes back to the gap at once. This
// file does not know sizes, nor which blocks are live: tags record both.

#include "engine/span.h"

#include "engine/arena.h"
#include "engine/idle.h"
#include "engine/shadow.h"

// Puts a span at the front of a list: its class's, or the list of free spans.
static void list(struct ch_heap *heap, uint32_t *first, uint32_t span)
{
    struct ch_span *spans = ch_spans(heap);
    spans[span].previous = CH_NONE;
    spans[span].next = *first;
    if (*first != CH_NONE) {
        spans[*first].previous = span;
    }
    *first = span;
}

static void unlist(struct ch_heap *heap, uint32_t *first, uint32_t span)
{
    struct ch_span *spans = ch_spans(heap);
    uint32_t previous = spans[span].previous;
    uint32_t next = spans[span].next;
    if (previous == CH_NONE) {
        *first = next;
    } else {
        spans[previous].next = next;
    }
    if (next != CH_NONE) {
        spans[next].previous = previous;
    }
}

// Takes the gap's first pages as one more span. Returns it; CH_NONE iff there is no room or the
// world refuses.
static uint32_t extend(struct ch_heap *heap)
{
    uint32_t span = ch_span_count(heap);
    uint32_t room = heap->first_run - ch_small_end(heap);
    if (span == heap->span_limit || room < heap->span_pages || !ch_arena_grow_small(heap)) {
        return CH_NONE;
    }
    ch_set_span_count(heap, span + 1);
    if (span == heap->span_most) {
        ch_arena_show_gap(heap);
        heap->span_most++;
        ch_shadow_poison(ch_span_start(heap, span), CH_SPAN_BYTES);
        ch_arena_hide_gap(heap);
    }
    return span;
}

// Opens a span of a class and lists it. Returns CH_NONE iff there is no room or no memory for it.
static uint32_t open_span(struct ch_heap *heap, unsigned class_index)
{
    uint32_t span = heap->free_spans;
    if (span == CH_NONE) {
        span = extend(heap);
        if (span == CH_NONE) {
            return CH_NONE;
        }
    } else {
        if (!ch_arena_use(heap, span * heap->span_pages, heap->span_pages)) {
            return CH_NONE;
        }
        unlist(heap, &heap->free_spans, span);
    }
    struct ch_span *record = &ch_spans(heap)[span];
    *record = (struct ch_span){.class_index = (uint8_t)class_index};
    list(heap, &heap->span_lists[class_index], span);
    return span;
}

// Gives the free spans at the end of the small region back to the gap.
static void retreat(struct ch_heap *heap)
{
    uint32_t end = ch_span_count(heap);
    while (end > 0 && ch_spans(heap)[end - 1].class_index == CH_CLASS_NONE) {
        end--;
        unlist(heap, &heap->free_spans, end);
    }
    ch_set_span_count(heap, end);
}

static void close_span(struct ch_heap *heap, uint32_t span)
{
    struct ch_span *record = &ch_spans(heap)[span];
    unlist(heap, &heap->span_lists[record->class_index], span);
    record->class_index = CH_CLASS_NONE;
    list(heap, &heap->free_spans, span);
    ch_idle_count(heap, heap->span_pages);
    retreat(heap);
}

// Locates a span's blocks and their tags.
struct base {
    unsigned char *start;
    const _Atomic uint16_t *tags;
};

static struct base base_of(const struct ch_heap *heap, uint32_t span)
{
    return (struct base){ch_span_start(heap, span),
                         ch_tags(heap) + (size_t)span * CH_SPAN_GRANULES};
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
    unsigned count = 0;
    while (count < most) {
        uint32_t span = heap->span_lists[class_index];
        if (span == CH_NONE) {
            // A new span is for the one requested block, not for spares beside it.
            span = count == 0 ? open_span(heap, class_index) : CH_NONE;
            if (span == CH_NONE) {
                break;
            }
        }
        struct ch_span *record = &ch_spans(heap)[span];
        struct base base = base_of(heap, span);
        unsigned taken = record->summary != 0
                             ? take_marked(record, base, blocks + count, most - count)
                             : cut(record, base, blocks + count, most - count);
        record->used_blocks = (uint16_t)(record->used_blocks + taken);
        count += taken;
        if (!ch_span_has_room(record)) {
            unlist(heap, &heap->span_lists[class_index], span);
        }
    }
    return count;
}

void ch_span_give(struct ch_heap *heap, void *block)
{
    size_t offset = ch_offset(heap, block);
    uint32_t span = (uint32_t)(offset / CH_SPAN_BYTES);
    uint32_t granule = (uint32_t)(offset % CH_SPAN_BYTES / CH_GRANULE_BYTES);
    struct ch_span *record = &ch_spans(heap)[span];
    if (!ch_span_has_room(record)) {
        list(heap, &heap->span_lists[record->class_index], span);
    }
    ch_bits_set(record->free, granule);
    record->summary |= (uint64_t)1 << (granule / 64);
    if (--record->used_blocks == 0) {
        close_span(heap, span);
    }
}

size_t ch_span_decommit_free(struct ch_heap *heap, size_t most)
{
    const struct ch_span *spans = ch_spans(heap);
    for (uint32_t span = heap->free_spans; span != CH_NONE && most > 0; span = spans[span].next) {
        most = ch_arena_decommit(heap, span * heap->span_pages, heap->span_pages, most);
    }
    return most;
}
