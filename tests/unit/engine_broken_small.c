// The breakages of tables and of spans. Each is named for the claim that it makes
// untrue.

#include "engine_broken.h"

#include "engine/cache.h"

static struct ch_span *record(const struct scene *scene, unsigned span)
{
    return &scene->heap->spans[span];
}

static unsigned char *start_of(const struct scene *scene, unsigned span)
{
    return scene->heap->pages + (size_t)span * CH_SPAN_BYTES;
}

// Returns a span's first page, and the record of its page run.
static uint32_t page_of(const struct scene *scene, unsigned span)
{
    return span * scene->heap->span_pages;
}

static struct ch_run *run_of(const struct scene *scene, unsigned span)
{
    return &scene->heap->runs[page_of(scene, span)];
}

static _Atomic uint16_t *tag_of(const struct scene *scene, const void *block)
{
    return &scene->heap->tags[ch_offset(scene->heap, block) / CH_GRANULE_BYTES];
}

// Marks the OS page with an entry of a table as not committed.
static void uncover(struct scene *scene, const void *entry)
{
    size_t offset = (uintptr_t)entry - (uintptr_t)scene->heap;
    ch_bits_clear(scene->heap->committed, (uint32_t)(offset / 4096));
}

static const void *the_record_of_the_first_run_is_gone(struct scene *scene)
{
    uncover(scene, scene->heap->runs);
    return start_of(scene, SPAN_FULL);
}

static const void *the_record_of_a_span_is_gone(struct scene *scene)
{
    uncover(scene, record(scene, SPAN_FULL));
    return start_of(scene, SPAN_FULL);
}

static const void *the_first_tags_are_gone(struct scene *scene)
{
    uncover(scene, (const void *)scene->heap->tags);
    return start_of(scene, SPAN_FULL);
}

static const void *the_last_tags_are_gone(struct scene *scene)
{
    uncover(scene, (const void *)(scene->heap->tags + SCENE_SPANS * CH_SPAN_GRANULES - 1));
    return start_of(scene, SPAN_LAST);
}

// A live page run has the records that it needs to shrink, not only the first and the last.
static const void *a_record_inside_a_live_run_is_gone(struct scene *scene)
{
    uint32_t page = scene->runs[RUN_BOTTOM];
    uncover(scene, &scene->heap->runs[page + scene->heap->runs[page].pages / 2]);
    return ch_page_start(scene->heap, page);
}

// Any pointer may be looked up there, without the lock.
static const void *the_tags_between_two_spans_are_gone(struct scene *scene)
{
    uncover(scene, (const void *)(scene->heap->tags + SPAN_FREE * CH_SPAN_GRANULES));
    return start_of(scene, SPAN_FREE);
}

static const void *the_tags_reach_to_where_there_are_none(struct scene *scene)
{
    ch_set_span_end(scene->heap, SCENE_SPANS + 1);
    return start_of(scene, SCENE_SPANS);
}

static const void *the_tags_reach_behind_their_table(struct scene *scene)
{
    ch_set_span_end(scene->heap, scene->heap->span_limit + 1);
    return scene->heap->pages;
}

BREAKAGES(TABLES_COVER, BREAKAGE(the_record_of_the_first_run_is_gone),
          BREAKAGE(the_record_of_a_span_is_gone), BREAKAGE(the_first_tags_are_gone),
          BREAKAGE(the_last_tags_are_gone), BREAKAGE(the_tags_between_two_spans_are_gone),
          BREAKAGE(the_tags_reach_to_where_there_are_none),
          BREAKAGE(the_tags_reach_behind_their_table),
          BREAKAGE(a_record_inside_a_live_run_is_gone));

// Makes the last span another length. The free page run behind it gives or gets the pages.
static const void *make_last_span(struct scene *scene, uint32_t pages)
{
    struct ch_heap *heap = scene->heap;
    uint32_t page = SPAN_LAST * heap->span_pages;
    uint32_t end = scene->runs[RUN_BOTTOM];
    heap->runs[page].pages = pages;
    heap->runs[page + pages - 1].pages = pages;
    heap->runs[page + pages] = heap->runs[scene_rest(heap)];
    heap->runs[page + pages].pages = end - page - pages;
    heap->runs[end - 1].pages = end - page - pages;
    ch_bits_set(heap->committed,
                (uint32_t)(((uintptr_t)heap->pages - (uintptr_t)heap) / 4096) + page + pages - 1);
    return start_of(scene, SPAN_LAST);
}

static const void *a_span_is_a_page_too_long(struct scene *scene)
{
    return make_last_span(scene, scene->heap->span_pages + 1);
}

static const void *a_span_is_a_page_too_short(struct scene *scene)
{
    return make_last_span(scene, scene->heap->span_pages - 1);
}

// The live page run of 7 pages is a span to be: at no multiple of its length.
static const void *a_large_block_is_a_span(struct scene *scene)
{
    scene->heap->runs[scene->runs[RUN_MIDDLE]].kind = CH_RUN_SPAN;
    return ch_page_start(scene->heap, scene->runs[RUN_MIDDLE]);
}

static const void *the_tags_end_before_the_last_span(struct scene *scene)
{
    ch_set_span_end(scene->heap, SPAN_LAST);
    return start_of(scene, SPAN_LAST);
}

BREAKAGES(SPAN_PLACE, BREAKAGE(a_span_is_a_page_too_long), BREAKAGE(a_span_is_a_page_too_short),
          BREAKAGE(a_large_block_is_a_span), BREAKAGE(the_tags_end_before_the_last_span));

static const void *a_class_does_not_exist(struct scene *scene)
{
    record(scene, SPAN_FULL)->class_index = CH_CLASS_COUNT;
    return start_of(scene, SPAN_FULL);
}

static const void *a_class_is_one_below_none(struct scene *scene)
{
    record(scene, SPAN_FULL)->class_index = UINT8_MAX - 1;
    return start_of(scene, SPAN_FULL);
}

BREAKAGES(SPAN_CLASS, BREAKAGE(a_class_does_not_exist), BREAKAGE(a_class_is_one_below_none));

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

static const void *the_cache_has_lost_a_block(struct scene *scene)
{
    ch_cache_mine(scene->heap)->tops[SCENE_CLASS]--;
    return start_of(scene, SPAN_OPEN);
}

static const void *a_live_block_was_forgotten(struct scene *scene)
{
    *tag_of(scene, scene->live) = 0;
    return start_of(scene, SPAN_OPEN);
}

BREAKAGES(SPAN_COUNT, BREAKAGE(a_span_counts_one_more), BREAKAGE(a_span_counts_one_less),
          BREAKAGE(a_block_was_cut_that_nobody_has), BREAKAGE(the_cache_has_lost_a_block),
          BREAKAGE(a_live_block_was_forgotten));

static const void *a_span_with_room_is_on_no_list(struct scene *scene)
{
    scene->heap->span_lists[SCENE_CLASS] = CH_NONE;
    return scene->heap->pages;
}

static const void *a_span_is_on_the_list_of_a_class_that_has_none(struct scene *scene)
{
    scene->heap->span_lists[SCENE_CLASS + 1] = page_of(scene, SPAN_OPEN);
    return start_of(scene, SPAN_OPEN);
}

static const void *two_classes_have_each_others_list(struct scene *scene)
{
    scene->heap->span_lists[SCENE_CLASS] = page_of(scene, SPAN_OTHER);
    scene->heap->span_lists[SCENE_OTHER_CLASS] = page_of(scene, SPAN_OPEN);
    return start_of(scene, SPAN_OTHER);
}

static const void *a_full_span_is_listed_for_one_with_room(struct scene *scene)
{
    scene->heap->span_lists[SCENE_LAST_CLASS] = page_of(scene, SPAN_FULL);
    run_of(scene, SPAN_FULL)->previous = CH_NONE;
    run_of(scene, SPAN_FULL)->next = CH_NONE;
    return start_of(scene, SPAN_FULL);
}

static const void *a_free_run_is_listed_for_a_span(struct scene *scene)
{
    scene->heap->span_lists[SCENE_CLASS + 1] = page_of(scene, SPAN_FREE);
    return start_of(scene, SPAN_FREE);
}

static const void *a_list_does_not_know_the_way_back(struct scene *scene)
{
    run_of(scene, SPAN_OPEN)->previous = page_of(scene, SPAN_FULL);
    return start_of(scene, SPAN_OPEN);
}

static const void *a_list_has_no_end(struct scene *scene)
{
    run_of(scene, SPAN_OPEN)->next = page_of(scene, SPAN_OPEN);
    return start_of(scene, SPAN_OPEN);
}

static const void *a_list_leads_out_of_the_tables(struct scene *scene)
{
    scene->heap->span_lists[SCENE_CLASS + 1] = CH_NONE - 1;
    return ch_page_start(scene->heap, CH_NONE - 1);
}

static const void *a_list_leads_behind_the_spans(struct scene *scene)
{
    scene->heap->span_lists[SCENE_CLASS] = page_of(scene, SCENE_SPANS);
    return start_of(scene, SCENE_SPANS);
}

BREAKAGES(SPAN_LIST, BREAKAGE(a_span_with_room_is_on_no_list),
          BREAKAGE(a_span_is_on_the_list_of_a_class_that_has_none),
          BREAKAGE(two_classes_have_each_others_list),
          BREAKAGE(a_full_span_is_listed_for_one_with_room),
          BREAKAGE(a_free_run_is_listed_for_a_span), BREAKAGE(a_list_does_not_know_the_way_back),
          BREAKAGE(a_list_has_no_end), BREAKAGE(a_list_leads_out_of_the_tables),
          BREAKAGE(a_list_leads_behind_the_spans));
