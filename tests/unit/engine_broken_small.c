// The breakages of the arena's edges and of spans. Each is named for the claim that it makes
// untrue.

#include "engine_broken.h"

#include "engine/lane.h"

static struct ch_span *record(const struct scene *scene, unsigned span)
{
    return &ch_spans(scene->heap)[span];
}

static unsigned char *start_of(const struct scene *scene, unsigned span)
{
    return scene->heap->pages + (size_t)span * CH_SPAN_BYTES;
}

static _Atomic uint16_t *tag_of(const struct scene *scene, const void *block)
{
    return &ch_tags(scene->heap)[ch_offset(scene->heap, block) / CH_GRANULE_BYTES];
}

static const void *the_tables_have_room_for_fewer_spans(struct scene *scene)
{
    scene->heap->span_limit = SCENE_SPANS - 1;
    return scene->heap->pages;
}

static const void *runs_begin_before_spans_end(struct scene *scene)
{
    scene->heap->first_run = SCENE_SPANS * scene->heap->span_pages - 1;
    return scene->heap->pages;
}

static const void *runs_begin_behind_the_arena(struct scene *scene)
{
    scene->heap->first_run = scene->heap->page_count + 1;
    return scene->heap->pages;
}

BREAKAGES(REGIONS_APART, BREAKAGE(the_tables_have_room_for_fewer_spans),
          BREAKAGE(runs_begin_before_spans_end), BREAKAGE(runs_begin_behind_the_arena));

#define UNCOVERED(function, table, end, value)                                                     \
    static const void *function(struct scene *scene)                                               \
    {                                                                                              \
        scene->heap->table.end = value;                                                            \
        return scene->heap->pages;                                                                 \
    }

UNCOVERED(committed_bits_of_spans_are_gone, committed_table, low_bytes, 0)
UNCOVERED(committed_bits_of_runs_are_gone, committed_table, high_bytes,
          scene->heap->committed_table.end_bytes)
UNCOVERED(starts_are_gone, starts_table, high_bytes, scene->heap->starts_table.end_bytes)
UNCOVERED(runs_are_gone, runs_table, high_bytes, scene->heap->runs_table.end_bytes)
UNCOVERED(spans_are_gone, spans_table, low_bytes, 0)
UNCOVERED(tags_are_gone, tags_table, low_bytes, 0)
UNCOVERED(the_last_page_of_tags_is_gone, tags_table, low_bytes,
          scene->heap->tags_table.low_bytes - scene->heap->page_bytes)

BREAKAGES(TABLES_COVER, BREAKAGE(committed_bits_of_spans_are_gone),
          BREAKAGE(committed_bits_of_runs_are_gone), BREAKAGE(starts_are_gone),
          BREAKAGE(runs_are_gone), BREAKAGE(spans_are_gone), BREAKAGE(tags_are_gone),
          BREAKAGE(the_last_page_of_tags_is_gone));

static const void *a_class_does_not_exist(struct scene *scene)
{
    record(scene, SPAN_FULL)->class_index = CH_CLASS_COUNT;
    return start_of(scene, SPAN_FULL);
}

static const void *a_class_is_one_below_none(struct scene *scene)
{
    record(scene, SPAN_FULL)->class_index = CH_CLASS_NONE - 1;
    return start_of(scene, SPAN_FULL);
}

BREAKAGES(SPAN_CLASS, BREAKAGE(a_class_does_not_exist), BREAKAGE(a_class_is_one_below_none));

static const void *the_first_page_of_a_span_is_not_committed(struct scene *scene)
{
    ch_bits_clear(ch_committed(scene->heap), SPAN_OPEN * scene->heap->span_pages);
    return start_of(scene, SPAN_OPEN);
}

static const void *the_last_page_of_a_span_is_not_committed(struct scene *scene)
{
    ch_bits_clear(ch_committed(scene->heap), (SPAN_FULL + 1) * scene->heap->span_pages - 1);
    return start_of(scene, SPAN_FULL);
}

BREAKAGES(SPAN_COMMITTED, BREAKAGE(the_first_page_of_a_span_is_not_committed),
          BREAKAGE(the_last_page_of_a_span_is_not_committed));

static const void *a_summary_misses_a_word(struct scene *scene)
{
    record(scene, SPAN_OPEN)->summary &= record(scene, SPAN_OPEN)->summary - 1;
    return start_of(scene, SPAN_OPEN);
}

static const void *a_summary_has_a_word_too_many(struct scene *scene)
{
    record(scene, SPAN_OPEN)->summary |= (uint64_t)1 << 63;
    return start_of(scene, SPAN_OPEN);
}

BREAKAGES(SPAN_SUMMARY, BREAKAGE(a_summary_misses_a_word), BREAKAGE(a_summary_has_a_word_too_many));

static const void *a_live_block_is_off_the_grid(struct scene *scene)
{
    unsigned char *off_grid = scene->live + CH_GRANULE_BYTES;
    *tag_of(scene, off_grid) = 100 + 1;
    return off_grid;
}

static const void *a_free_block_is_off_the_grid(struct scene *scene)
{
    ch_bits_set(record(scene, SPAN_OPEN)->free, 1);
    return start_of(scene, SPAN_OPEN) + CH_GRANULE_BYTES;
}

static const void *a_live_block_is_behind_what_was_cut(struct scene *scene)
{
    unsigned cut = record(scene, SPAN_OPEN)->cut_granules;
    unsigned char *uncut = start_of(scene, SPAN_OPEN) + cut * CH_GRANULE_BYTES;
    *tag_of(scene, uncut) = 100 + 1;
    return uncut;
}

static const void *a_free_span_has_a_live_block(struct scene *scene)
{
    *tag_of(scene, start_of(scene, SPAN_FREE + 1) - CH_GRANULE_BYTES) = 1;
    return start_of(scene, SPAN_FREE);
}

BREAKAGES(SPAN_GRID, BREAKAGE(a_live_block_is_off_the_grid), BREAKAGE(a_free_block_is_off_the_grid),
          BREAKAGE(a_live_block_is_behind_what_was_cut), BREAKAGE(a_free_span_has_a_live_block));

static const void *a_live_block_is_too_small_for_its_span(struct scene *scene)
{
    *tag_of(scene, scene->live) = (uint16_t)(ch_class_bytes(SCENE_CLASS - 1) + 1);
    return scene->live;
}

static const void *a_live_block_is_too_large_for_its_span(struct scene *scene)
{
    *tag_of(scene, scene->live) = (uint16_t)(ch_class_bytes(SCENE_CLASS) + 1 + 1);
    return scene->live;
}

static const void *a_live_block_of_its_class_is_roomy(struct scene *scene)
{
    *tag_of(scene, scene->live) |= CH_TAG_ROOMY;
    return scene->live;
}

static const void *a_roomy_block_is_too_large_for_its_span(struct scene *scene)
{
    *tag_of(scene, scene->live) = (uint16_t)((ch_class_bytes(SCENE_CLASS) + 1 + 1) | CH_TAG_ROOMY);
    return scene->live;
}

static const void *a_roomy_block_is_larger_than_any(struct scene *scene)
{
    *tag_of(scene, scene->live) = UINT16_MAX;
    return scene->live;
}

BREAKAGES(SPAN_LIVE_CLASS, BREAKAGE(a_live_block_is_too_small_for_its_span),
          BREAKAGE(a_live_block_is_too_large_for_its_span),
          BREAKAGE(a_live_block_of_its_class_is_roomy),
          BREAKAGE(a_roomy_block_is_too_large_for_its_span),
          BREAKAGE(a_roomy_block_is_larger_than_any));

static const void *a_free_block_is_live_too(struct scene *scene)
{
    *tag_of(scene, scene->in_span) = 100 + 1;
    return scene->in_span;
}

static const void *a_live_block_is_free_too(struct scene *scene)
{
    size_t granule = ch_offset(scene->heap, scene->live) % CH_SPAN_BYTES / CH_GRANULE_BYTES;
    ch_bits_set(record(scene, SPAN_OPEN)->free, (uint32_t)granule);
    record(scene, SPAN_OPEN)->summary |= (uint64_t)1 << granule / 64;
    return scene->live;
}

BREAKAGES(SPAN_FREE_OR_LIVE, BREAKAGE(a_free_block_is_live_too),
          BREAKAGE(a_live_block_is_free_too));

static const void *a_span_counts_one_more(struct scene *scene)
{
    record(scene, SPAN_OPEN)->used_blocks++;
    return start_of(scene, SPAN_OPEN);
}

static const void *a_span_counts_one_less(struct scene *scene)
{
    record(scene, SPAN_FULL)->used_blocks--;
    return start_of(scene, SPAN_FULL);
}

static const void *a_block_was_cut_that_nobody_has(struct scene *scene)
{
    struct ch_span *span = record(scene, SPAN_OPEN);
    span->cut_granules = (uint16_t)(span->cut_granules + ch_class_granules(SCENE_CLASS));
    return start_of(scene, SPAN_OPEN);
}

static const void *the_lane_has_lost_a_block(struct scene *scene)
{
    ch_lane_mine(scene->heap)->tops[SCENE_CLASS]--;
    return start_of(scene, SPAN_OPEN);
}

static const void *a_live_block_was_forgotten(struct scene *scene)
{
    *tag_of(scene, scene->live) = 0;
    return start_of(scene, SPAN_OPEN);
}

BREAKAGES(SPAN_COUNT, BREAKAGE(a_span_counts_one_more), BREAKAGE(a_span_counts_one_less),
          BREAKAGE(a_block_was_cut_that_nobody_has), BREAKAGE(the_lane_has_lost_a_block),
          BREAKAGE(a_live_block_was_forgotten));

static const void *a_span_with_room_is_on_no_list(struct scene *scene)
{
    scene->heap->span_lists[SCENE_CLASS] = CH_NONE;
    return scene->heap->pages;
}

static const void *a_free_span_is_on_no_list(struct scene *scene)
{
    scene->heap->free_spans = CH_NONE;
    return scene->heap->pages;
}

static const void *a_span_is_on_the_list_of_a_class_that_has_none(struct scene *scene)
{
    scene->heap->span_lists[SCENE_CLASS + 1] = SPAN_OPEN;
    return start_of(scene, SPAN_OPEN);
}

static const void *two_classes_have_each_others_list(struct scene *scene)
{
    scene->heap->span_lists[SCENE_CLASS] = SPAN_OTHER;
    scene->heap->span_lists[SCENE_OTHER_CLASS] = SPAN_OPEN;
    return start_of(scene, SPAN_OTHER);
}

static const void *a_full_span_is_listed_for_one_with_room(struct scene *scene)
{
    scene->heap->span_lists[SCENE_LAST_CLASS] = SPAN_FULL;
    record(scene, SPAN_FULL)->previous = CH_NONE;
    record(scene, SPAN_FULL)->next = CH_NONE;
    return start_of(scene, SPAN_FULL);
}

static const void *a_span_in_use_is_on_the_free_list(struct scene *scene)
{
    scene->heap->free_spans = SPAN_OTHER;
    return start_of(scene, SPAN_OTHER);
}

static const void *a_list_does_not_know_the_way_back(struct scene *scene)
{
    record(scene, SPAN_OPEN)->previous = SPAN_FULL;
    return start_of(scene, SPAN_OPEN);
}

static const void *a_list_has_no_end(struct scene *scene)
{
    record(scene, SPAN_OPEN)->next = SPAN_OPEN;
    return start_of(scene, SPAN_OPEN);
}

static const void *a_list_leads_out_of_the_tables(struct scene *scene)
{
    scene->heap->free_spans = CH_NONE - 1;
    return start_of(scene, CH_NONE - 1);
}

static const void *a_list_leads_out_of_the_region(struct scene *scene)
{
    scene->heap->span_lists[SCENE_CLASS] = SCENE_SPANS;
    return start_of(scene, SCENE_SPANS);
}

BREAKAGES(SPAN_LIST, BREAKAGE(a_span_with_room_is_on_no_list), BREAKAGE(a_free_span_is_on_no_list),
          BREAKAGE(a_span_is_on_the_list_of_a_class_that_has_none),
          BREAKAGE(two_classes_have_each_others_list),
          BREAKAGE(a_full_span_is_listed_for_one_with_room),
          BREAKAGE(a_span_in_use_is_on_the_free_list), BREAKAGE(a_list_does_not_know_the_way_back),
          BREAKAGE(a_list_has_no_end), BREAKAGE(a_list_leads_out_of_the_tables),
          BREAKAGE(a_list_leads_out_of_the_region));

// Frees the last span as the engine would, except that it does not go back to the gap.
static const void *the_last_span_is_free(struct scene *scene)
{
    struct ch_heap *heap = scene->heap;
    *tag_of(scene, scene->last) = 0;
    heap->used_pages -= heap->span_pages;
    heap->span_lists[SCENE_LAST_CLASS] = CH_NONE;
    record(scene, SPAN_LAST)->class_index = CH_CLASS_NONE;
    record(scene, SPAN_LAST)->previous = CH_NONE;
    record(scene, SPAN_LAST)->next = SPAN_FREE;
    record(scene, SPAN_FREE)->previous = SPAN_LAST;
    heap->free_spans = SPAN_LAST;
    return start_of(scene, SPAN_LAST);
}

BREAKAGES(SPAN_LAST, BREAKAGE(the_last_span_is_free));
