// The count of live blocks. No call counts what it does, since that would cost every call. So this
// file reads the tags of the blocks that were cut from spans, and the records of page runs. It
// knows no thread caches: a block that waits in one has a tag of 0.
//
// The harness asks after every call. So the loops are short, and no sanitizer looks at them: they
// read tables only.

#include "engine/count.h"

#if defined(__GNUC__)
#define UNCHECKED __attribute__((no_sanitize_address))
#else
#define UNCHECKED
#endif

// Several tags, read at once.
typedef size_t __attribute__((may_alias)) tags_word;
#define TAGS_OF_WORD ((unsigned)(sizeof(tags_word) / sizeof(uint16_t)))

// Has a 1 in each place of a tag, or of two tags.
#define EACH_TAG (SIZE_MAX / UINT16_MAX)
#define EACH_TWO (SIZE_MAX / UINT32_MAX)

#define TAG_BITS 16U
#define WORD_BITS (8U * (unsigned)sizeof(tags_word))

// Counts the tags that are not 0, and adds them up. A word has a sum in the place of each tag; two
// bytes have no room for a sum of sizes, so those share the place of two. A multiplication adds the
// sums of a word.
UNCHECKED static struct ch_live count_tags(const _Atomic uint16_t *tags, unsigned count)
{
    const size_t all_sizes = EACH_TAG * (CH_TAG_ROOMY - 1);
    size_t blocks = 0;
    size_t sizes = 0;
    for (unsigned i = 0; i < count; i += TAGS_OF_WORD) {
        const tags_word *at = (const tags_word *)(const void *)(tags + i);
        size_t word = __atomic_load_n(at, __ATOMIC_RELAXED) & all_sizes;
        if (word != 0) {
            blocks += (word + all_sizes) >> (TAG_BITS - 1) & EACH_TAG;
            sizes += (word & EACH_TWO * UINT16_MAX) + (word >> TAG_BITS & EACH_TWO * UINT16_MAX);
        }
    }
    return (struct ch_live){
        .blocks = blocks * EACH_TAG >> (WORD_BITS - TAG_BITS),
        .bytes = sizes * EACH_TWO >> (WORD_BITS - 2 * TAG_BITS),
    };
}

// Does the same for tags that are as far apart as the blocks.
UNCHECKED static struct ch_live count_tags_apart(const _Atomic uint16_t *tags, unsigned count,
                                                 unsigned step)
{
    struct ch_live live = {0, 0};
    for (unsigned i = 0; i < count; i += step) {
        unsigned tag = atomic_load_explicit(&tags[i], memory_order_relaxed);
        live.blocks += tag != 0;
        live.bytes += tag & (CH_TAG_ROOMY - 1);
    }
    return live;
}

// A tag is one more than the size.
UNCHECKED static struct ch_live count_span(const struct ch_heap *heap, uint32_t span)
{
    const struct ch_span *record = &heap->spans[span];
    const _Atomic uint16_t *tags = heap->tags + (size_t)span * CH_SPAN_GRANULES;
    unsigned step = ch_class_granules(record->class_index);
    struct ch_live live = step < TAGS_OF_WORD ? count_tags(tags, record->cut_granules)
                                              : count_tags_apart(tags, record->cut_granules, step);
    live.bytes -= live.blocks;
    return live;
}

UNCHECKED struct ch_live ch_count_live(const struct ch_heap *heap)
{
    struct ch_live all = {0, 0};
    uint32_t pages;
    for (uint32_t page = 0; page < heap->page_count; page += pages) {
        const struct ch_run *run = &heap->runs[page];
        uint32_t kind = atomic_load_explicit(&run->kind, memory_order_relaxed);
        pages = atomic_load_explicit(&run->pages, memory_order_relaxed);
        if (kind == CH_RUN_SPAN) {
            struct ch_live live = count_span(heap, page / heap->span_pages);
            all.blocks += live.blocks;
            all.bytes += live.bytes;
        } else if (kind == CH_RUN_BLOCK || kind == CH_RUN_ROOMY) {
            all.blocks++;
            all.bytes += atomic_load_explicit(&run->size_bytes, memory_order_relaxed);
        }
    }
    return all;
}
