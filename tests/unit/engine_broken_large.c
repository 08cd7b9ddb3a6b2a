// The breakages of page runs and of the heap's counts. Each is named for the claim that it makes
// untrue.

#include "engine_broken.h"

#include "engine/commit.h"

static struct ch_run *record(const struct scene *scene, enum scene_run run)
{
    return &scene->heap->runs[scene->runs[run]];
}

static unsigned char *start_of(const struct scene *scene, enum scene_run run)
{
    return ch_page_start(scene->heap, scene->runs[run]);
}

static uint32_t last_page(const struct scene *scene, enum scene_run run)
{
    return scene->runs[run] + record(scene, run)->pages - 1;
}

static const void *a_run_has_no_length(struct scene *scene)
{
    record(scene, RUN_BOTTOM)->pages = 0;
    return start_of(scene, RUN_BOTTOM);
}

static const void *two_neighbours_have_no_length(struct scene *scene)
{
    scene->heap->runs[scene->runs[RUN_BOTTOM] - 1].pages = 0;
    (void)a_run_has_no_length(scene);
    return ch_page_start(scene->heap, scene_rest(scene->heap));
}

static const void *a_run_is_longer_than_any_arena(struct scene *scene)
{
    record(scene, RUN_TOP)->pages = UINT32_MAX / 2;
    return start_of(scene, RUN_TOP);
}

static const void *a_run_reaches_behind_the_arena(struct scene *scene)
{
    record(scene, RUN_TOP)->pages++;
    return start_of(scene, RUN_TOP);
}

static const void *a_run_has_another_length_at_its_end(struct scene *scene)
{
    scene->heap->runs[last_page(scene, RUN_LONG_HOLE)].pages--;
    return start_of(scene, RUN_LONG_HOLE);
}

static const void *a_run_has_no_record_at_its_end(struct scene *scene)
{
    const void *entry = &scene->heap->runs[scene->runs[RUN_BOTTOM] - 1];
    size_t offset = (uintptr_t)entry - (uintptr_t)scene->heap;
    ch_bits_clear(scene->heap->committed, (uint32_t)(offset / 4096));
    return ch_page_start(scene->heap, scene_rest(scene->heap));
}

BREAKAGES(RUNS_TILE, BREAKAGE(a_run_has_no_length), BREAKAGE(two_neighbours_have_no_length),
          BREAKAGE(a_run_is_longer_than_any_arena), BREAKAGE(a_run_reaches_behind_the_arena),
          BREAKAGE(a_run_has_another_length_at_its_end), BREAKAGE(a_run_has_no_record_at_its_end));

static const void *a_page_inside_a_live_run_is_marked(struct scene *scene)
{
    ch_bits_set(scene->heap->starts, scene->runs[RUN_MIDDLE] + 1);
    return start_of(scene, RUN_MIDDLE);
}

static const void *the_last_page_of_a_free_run_is_marked(struct scene *scene)
{
    ch_bits_set(scene->heap->starts, last_page(scene, RUN_SHORT_HOLE));
    return start_of(scene, RUN_SHORT_HOLE);
}

static const void *a_live_run_is_not_marked(struct scene *scene)
{
    ch_bits_clear(scene->heap->starts, scene->runs[RUN_MIDDLE]);
    return start_of(scene, RUN_MIDDLE);
}

static const void *a_free_run_is_marked(struct scene *scene)
{
    ch_bits_set(scene->heap->starts, scene->runs[RUN_SHORT_HOLE]);
    return start_of(scene, RUN_SHORT_HOLE);
}

static const void *a_run_is_of_no_kind(struct scene *scene)
{
    record(scene, RUN_MIDDLE)->kind = CH_RUN_SPAN + 1;
    return start_of(scene, RUN_MIDDLE);
}

BREAKAGES(RUN_STARTS, BREAKAGE(a_page_inside_a_live_run_is_marked),
          BREAKAGE(the_last_page_of_a_free_run_is_marked), BREAKAGE(a_live_run_is_not_marked),
          BREAKAGE(a_free_run_is_marked), BREAKAGE(a_run_is_of_no_kind));

static const void *a_block_is_longer_than_its_run(struct scene *scene)
{
    record(scene, RUN_MIDDLE)->size_bytes = record(scene, RUN_MIDDLE)->pages * (size_t)4096 + 1;
    return start_of(scene, RUN_MIDDLE);
}

static const void *a_block_leaves_a_page_unused(struct scene *scene)
{
    record(scene, RUN_TOP)->size_bytes = (record(scene, RUN_TOP)->pages - 1) * (size_t)4096;
    return start_of(scene, RUN_TOP);
}

static const void *a_block_is_small_and_not_roomy(struct scene *scene)
{
    record(scene, RUN_TOP)->size_bytes = CH_SMALL_BYTES;
    return start_of(scene, RUN_TOP);
}

static const void *a_block_is_roomy_and_leaves_no_page_unused(struct scene *scene)
{
    record(scene, RUN_TOP)->kind = CH_RUN_ROOMY;
    return start_of(scene, RUN_TOP);
}

static const void *a_roomy_block_leaves_more_than_half_of_its_pages_unused(struct scene *scene)
{
    record(scene, RUN_TOP)->kind = CH_RUN_ROOMY;
    record(scene, RUN_TOP)->size_bytes = (record(scene, RUN_TOP)->pages / 2) * (size_t)4096;
    return start_of(scene, RUN_TOP);
}

static const void *a_roomy_block_is_longer_than_its_run(struct scene *scene)
{
    record(scene, RUN_MIDDLE)->kind = CH_RUN_ROOMY;
    record(scene, RUN_MIDDLE)->size_bytes = record(scene, RUN_MIDDLE)->pages * (size_t)4096 + 1;
    return start_of(scene, RUN_MIDDLE);
}

static const void *a_block_is_still_busy(struct scene *scene)
{
    record(scene, RUN_TOP)->kind = CH_RUN_BUSY;
    return start_of(scene, RUN_TOP);
}

BREAKAGES(RUN_SIZE, BREAKAGE(a_block_is_longer_than_its_run), BREAKAGE(a_block_is_still_busy),
          BREAKAGE(a_block_leaves_a_page_unused), BREAKAGE(a_block_is_small_and_not_roomy),
          BREAKAGE(a_block_is_roomy_and_leaves_no_page_unused),
          BREAKAGE(a_roomy_block_leaves_more_than_half_of_its_pages_unused),
          BREAKAGE(a_roomy_block_is_longer_than_its_run));

// Returns the number of a page among the OS pages of the arena.
static uint32_t os_page(const struct scene *scene, uint32_t page)
{
    size_t offset = (uintptr_t)scene->heap->pages - (uintptr_t)scene->heap;
    return (uint32_t)(offset / 4096) + page;
}

static const void *the_first_page_of_a_run_is_not_committed(struct scene *scene)
{
    ch_bits_clear(scene->heap->committed, os_page(scene, scene->runs[RUN_BOTTOM]));
    return start_of(scene, RUN_BOTTOM);
}

static const void *the_last_page_of_a_run_is_not_committed(struct scene *scene)
{
    ch_bits_clear(scene->heap->committed, os_page(scene, last_page(scene, RUN_TOP)));
    return start_of(scene, RUN_TOP);
}

static const void *the_first_page_of_a_span_is_not_committed(struct scene *scene)
{
    uint32_t page = SPAN_OPEN * scene->heap->span_pages;
    ch_bits_clear(scene->heap->committed, os_page(scene, page));
    return ch_page_start(scene->heap, page);
}

static const void *the_last_page_of_a_span_is_not_committed(struct scene *scene)
{
    uint32_t page = SPAN_FULL * scene->heap->span_pages;
    ch_bits_clear(scene->heap->committed, os_page(scene, page + scene->heap->span_pages - 1));
    return ch_page_start(scene->heap, page);
}

BREAKAGES(RUN_COMMITTED, BREAKAGE(the_first_page_of_a_run_is_not_committed),
          BREAKAGE(the_last_page_of_a_run_is_not_committed),
          BREAKAGE(the_first_page_of_a_span_is_not_committed),
          BREAKAGE(the_last_page_of_a_span_is_not_committed));

static const void *a_run_between_two_free_ones_is_free(struct scene *scene)
{
    ch_bits_clear(scene->heap->starts, scene->runs[RUN_MIDDLE]);
    record(scene, RUN_MIDDLE)->kind = CH_RUN_FREE;
    return start_of(scene, RUN_MIDDLE);
}

static const void *a_free_run_is_in_two_pieces(struct scene *scene)
{
    struct ch_run *runs = scene->heap->runs;
    uint32_t page = scene->runs[RUN_LONG_HOLE];
    uint32_t half = runs[page].pages / 2;
    for (unsigned i = 0; i < 2; i++, page += half) {
        runs[page].pages = half;
        runs[page + half - 1].pages = half;
    }
    return ch_page_start(scene->heap, page - half);
}

BREAKAGES(RUN_PAIR, BREAKAGE(a_run_between_two_free_ones_is_free),
          BREAKAGE(a_free_run_is_in_two_pieces));

// The scene's short hole is on the list of its own length; the long one shares a list with others.
static uint32_t *short_list(struct scene *scene)
{
    return &scene->heap->run_lists[record(scene, RUN_SHORT_HOLE)->pages];
}

static uint32_t *long_list(struct scene *scene)
{
    uint32_t *list = scene->heap->run_lists;
    while (*list != scene->runs[RUN_LONG_HOLE]) {
        list++;
    }
    return list;
}

static const void *a_free_run_is_on_no_list(struct scene *scene)
{
    *short_list(scene) = CH_NONE;
    return scene->heap->pages;
}

static const void *a_list_with_a_run_is_marked_empty(struct scene *scene)
{
    ch_bits_clear(scene->heap->run_lists_used, record(scene, RUN_SHORT_HOLE)->pages);
    return scene->heap->pages;
}

static const void *an_empty_list_is_marked_used(struct scene *scene)
{
    ch_bits_set(scene->heap->run_lists_used, CH_RUN_LISTS - 1);
    return scene->heap->pages;
}

static const void *two_lengths_have_each_others_list(struct scene *scene)
{
    *long_list(scene) = scene->runs[RUN_SHORT_HOLE];
    *short_list(scene) = scene->runs[RUN_LONG_HOLE];
    return start_of(scene, RUN_LONG_HOLE);
}

static const void *a_live_run_is_listed_for_a_free_one(struct scene *scene)
{
    *short_list(scene) = scene->runs[RUN_MIDDLE];
    record(scene, RUN_MIDDLE)->previous = CH_NONE;
    record(scene, RUN_MIDDLE)->next = CH_NONE;
    return start_of(scene, RUN_MIDDLE);
}

static const void *a_run_is_on_a_second_list(struct scene *scene)
{
    scene->heap->run_lists[CH_RUN_LISTS - 1] = scene->runs[RUN_SHORT_HOLE];
    ch_bits_set(scene->heap->run_lists_used, CH_RUN_LISTS - 1);
    return start_of(scene, RUN_SHORT_HOLE);
}

static const void *a_list_does_not_know_the_way_back(struct scene *scene)
{
    record(scene, RUN_LONG_HOLE)->previous = scene->runs[RUN_SHORT_HOLE];
    return start_of(scene, RUN_LONG_HOLE);
}

static const void *a_list_has_no_end(struct scene *scene)
{
    record(scene, RUN_SHORT_HOLE)->next = scene->runs[RUN_SHORT_HOLE];
    return start_of(scene, RUN_SHORT_HOLE);
}

static const void *a_list_leads_into_a_free_run(struct scene *scene)
{
    *short_list(scene) = last_page(scene, RUN_LONG_HOLE);
    return ch_page_start(scene->heap, last_page(scene, RUN_LONG_HOLE));
}

// The heap has no record of such a page.
static const void *a_list_leads_to_where_no_run_is_recorded(struct scene *scene)
{
    uint32_t page = scene_rest(scene->heap) + scene->runs[RUN_BOTTOM] / 2;
    *short_list(scene) = page;
    return ch_page_start(scene->heap, page);
}

static const void *a_list_leads_behind_the_arena(struct scene *scene)
{
    *short_list(scene) = scene->heap->page_count;
    return ch_page_start(scene->heap, scene->heap->page_count);
}

BREAKAGES(RUN_LIST, BREAKAGE(a_free_run_is_on_no_list), BREAKAGE(a_list_with_a_run_is_marked_empty),
          BREAKAGE(an_empty_list_is_marked_used), BREAKAGE(two_lengths_have_each_others_list),
          BREAKAGE(a_live_run_is_listed_for_a_free_one), BREAKAGE(a_run_is_on_a_second_list),
          BREAKAGE(a_list_does_not_know_the_way_back), BREAKAGE(a_list_has_no_end),
          BREAKAGE(a_list_leads_into_a_free_run),
          BREAKAGE(a_list_leads_to_where_no_run_is_recorded),
          BREAKAGE(a_list_leads_behind_the_arena));

#define MISCOUNTED(function, change)                                                               \
    static const void *function(struct scene *scene)                                               \
    {                                                                                              \
        change;                                                                                    \
        return scene->heap->pages;                                                                 \
    }

MISCOUNTED(one_more_page_is_counted_as_committed, scene->heap->committed_pages++)
MISCOUNTED(one_page_less_is_counted_as_committed, scene->heap->committed_pages--)
MISCOUNTED(a_free_page_is_marked_committed,
           ch_bits_set(scene->heap->committed, os_page(scene, scene_rest(scene->heap) + 1)))
MISCOUNTED(the_guard_is_marked_committed,
           ch_bits_set(scene->heap->committed, os_page(scene, scene->heap->page_count)))

BREAKAGES(COMMIT_COUNT, BREAKAGE(one_more_page_is_counted_as_committed),
          BREAKAGE(one_page_less_is_counted_as_committed),
          BREAKAGE(a_free_page_is_marked_committed), BREAKAGE(the_guard_is_marked_committed));

MISCOUNTED(one_more_page_is_counted_as_used, scene->heap->used_pages++)
MISCOUNTED(one_page_less_is_counted_as_used, scene->heap->used_pages--)

BREAKAGES(USED_COUNT, BREAKAGE(one_more_page_is_counted_as_used),
          BREAKAGE(one_page_less_is_counted_as_used));

// Gives the heap a bound, and the sum that belongs to it.
static struct ch_heap *bounded(const struct scene *scene)
{
    scene->heap->config.live_bytes = SIZE_MAX;
    scene->heap->live_bytes = ch_heap_stats(scene->heap).live_bytes;
    return scene->heap;
}

MISCOUNTED(one_more_byte_is_in_the_sum, bounded(scene)->live_bytes++)
MISCOUNTED(a_small_block_has_a_byte_more,
           bounded(scene)->tags[ch_offset(scene->heap, scene->live) / CH_GRANULE_BYTES]++)
MISCOUNTED(a_large_block_has_a_byte_less,
           (void)(bounded(scene), record(scene, RUN_TOP)->size_bytes--))

BREAKAGES(LIVE_SUM, BREAKAGE(one_more_byte_is_in_the_sum), BREAKAGE(a_small_block_has_a_byte_more),
          BREAKAGE(a_large_block_has_a_byte_less));
