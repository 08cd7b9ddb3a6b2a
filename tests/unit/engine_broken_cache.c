// The breakages of the thread cache: it holds a pointer that is no block to be handed out,
// or a page run that it does not keep.

#include "engine_broken.h"

#include "engine/cache.h"

static const void *put_in_cache(struct scene *scene, void *block)
{
    ch_cache_first(ch_cache_mine(scene->heap), SCENE_CLASS)[0] = block;
    return block;
}

static const void *the_cache_is_over_full(struct scene *scene)
{
    struct ch_cache *cache = ch_cache_mine(scene->heap);
    cache->tops[SCENE_CLASS] = cache->ends[SCENE_CLASS] + 1;
    return scene->heap->pages;
}

static const void *the_cache_has_less_than_no_block(struct scene *scene)
{
    ch_cache_mine(scene->heap)->tops[SCENE_CLASS] =
        ch_cache_first(ch_cache_mine(scene->heap), SCENE_CLASS) - 1;
    return scene->heap->pages;
}

static const void *a_magazine_ends_in_the_next(struct scene *scene)
{
    ch_cache_mine(scene->heap)->ends[SCENE_CLASS]++;
    return scene->heap->pages;
}

static const void *nothing_tells_that_a_magazine_is_empty(struct scene *scene)
{
    ch_cache_first(ch_cache_mine(scene->heap), SCENE_CLASS)[-1] = scene->in_span;
    return scene->heap->pages;
}

static const void *a_live_block_is_in_the_cache(struct scene *scene)
{
    return put_in_cache(scene, scene->live);
}

static const void *a_free_block_of_a_span_is_in_the_cache(struct scene *scene)
{
    return put_in_cache(scene, scene->in_span);
}

static const void *a_block_is_in_the_cache_twice(struct scene *scene)
{
    void **blocks = ch_cache_first(ch_cache_mine(scene->heap), SCENE_CLASS);
    blocks[1] = blocks[0];
    return blocks[0];
}

static const void *a_byte_of_a_free_span_is_in_the_cache(struct scene *scene)
{
    return put_in_cache(scene, scene->heap->pages + SPAN_FREE * CH_SPAN_BYTES);
}

// Returns where a block of the thread cache's class would start if the span were of that class.
static const void *a_place_in_a_span_of_another_class_is_in_the_cache(struct scene *scene)
{
    unsigned char *start = scene->heap->pages + SPAN_OTHER * CH_SPAN_BYTES;
    return put_in_cache(scene, start + ch_class_bytes(SCENE_CLASS));
}

static const void *a_byte_inside_a_block_is_in_the_cache(struct scene *scene)
{
    return put_in_cache(scene, scene->in_cache + 1);
}

static const void *a_granule_off_the_grid_is_in_the_cache(struct scene *scene)
{
    return put_in_cache(scene, scene->in_cache + CH_GRANULE_BYTES);
}

static const void *a_block_that_was_not_cut_is_in_the_cache(struct scene *scene)
{
    size_t cut = scene->heap->spans[SPAN_OPEN].cut_granules;
    return put_in_cache(scene,
                        scene->heap->pages + SPAN_OPEN * CH_SPAN_BYTES + cut * CH_GRANULE_BYTES);
}

static const void *a_byte_behind_the_spans_is_in_the_cache(struct scene *scene)
{
    return put_in_cache(scene, scene->heap->pages + SCENE_SPANS * CH_SPAN_BYTES);
}

static const void *a_foreign_pointer_is_in_the_cache(struct scene *scene)
{
    return put_in_cache(scene, scene);
}

static const void *no_pointer_is_in_the_cache(struct scene *scene)
{
    return put_in_cache(scene, NULL);
}

#define KEPT_PAGES 6U

// Has the thread cache keep a page run. Returns its first page.
static uint32_t keep(const struct scene *scene)
{
    void *block = ch_heap_alloc(scene->heap, KEPT_PAGES * (size_t)4096);
    ch_heap_free(scene->heap, block);
    return (uint32_t)(ch_offset(scene->heap, block) / 4096);
}

// Puts a page run on a thread cache's list of that length, with the room that it takes.
static void put_in_list(struct ch_cache *cache, uint32_t pages, uint32_t page)
{
    cache->kept[pages][cache->kept_counts[pages]++] = page;
    cache->kept_room_pages -= pages;
}

static void take_from_list(struct ch_cache *cache, uint32_t pages)
{
    cache->kept_counts[pages]--;
    cache->kept_room_pages += pages;
}

static const void *a_kept_run_is_in_no_cache(struct scene *scene)
{
    uint32_t page = keep(scene);
    take_from_list(ch_cache_mine(scene->heap), KEPT_PAGES);
    return ch_page_start(scene->heap, page);
}

static const void *a_kept_run_is_in_a_cache_twice(struct scene *scene)
{
    uint32_t page = keep(scene);
    put_in_list(ch_cache_mine(scene->heap), KEPT_PAGES, page);
    return ch_page_start(scene->heap, page);
}

static const void *a_kept_run_is_in_two_caches(struct scene *scene)
{
    uint32_t page = keep(scene);
    unsigned mine = ch_thread_number;
    (void)ch_thread_cache_select(CH_THREAD_CACHES - 1);
    ch_heap_free(scene->heap, ch_heap_alloc(scene->heap, 100)); // Opens the thread cache.
    put_in_list(ch_cache_mine(scene->heap), KEPT_PAGES, page);
    (void)ch_thread_cache_select(mine);
    return ch_page_start(scene->heap, page);
}

static const void *a_kept_run_is_on_the_list_of_another_length(struct scene *scene)
{
    uint32_t page = keep(scene);
    take_from_list(ch_cache_mine(scene->heap), KEPT_PAGES);
    put_in_list(ch_cache_mine(scene->heap), KEPT_PAGES + 1, page);
    return ch_page_start(scene->heap, page);
}

static const void *a_live_block_is_kept(struct scene *scene)
{
    put_in_list(ch_cache_mine(scene->heap), 5, scene->runs[RUN_TOP]);
    return scene->heap->pages;
}

static const void *more_runs_of_a_length_are_kept_than_may_be(struct scene *scene)
{
    (void)keep(scene);
    ch_cache_mine(scene->heap)->kept_counts[KEPT_PAGES] = CH_KEPT_EACH + 1;
    ch_cache_mine(scene->heap)->kept_room_pages -= CH_KEPT_EACH * KEPT_PAGES;
    return scene->heap->pages;
}

static const void *a_run_without_a_page_is_kept(struct scene *scene)
{
    ch_cache_mine(scene->heap)->kept_counts[0] = 1;
    return scene->heap->pages;
}

static const void *the_room_of_a_kept_run_is_lost(struct scene *scene)
{
    (void)keep(scene);
    ch_cache_mine(scene->heap)->kept_room_pages -= KEPT_PAGES;
    return scene->heap->pages;
}

BREAKAGES(CACHE_BLOCKS, BREAKAGE(the_cache_is_over_full),
          BREAKAGE(the_cache_has_less_than_no_block), BREAKAGE(a_magazine_ends_in_the_next),
          BREAKAGE(nothing_tells_that_a_magazine_is_empty), BREAKAGE(a_live_block_is_in_the_cache),
          BREAKAGE(a_free_block_of_a_span_is_in_the_cache), BREAKAGE(a_block_is_in_the_cache_twice),
          BREAKAGE(a_byte_of_a_free_span_is_in_the_cache),
          BREAKAGE(a_place_in_a_span_of_another_class_is_in_the_cache),
          BREAKAGE(a_byte_inside_a_block_is_in_the_cache),
          BREAKAGE(a_granule_off_the_grid_is_in_the_cache),
          BREAKAGE(a_block_that_was_not_cut_is_in_the_cache),
          BREAKAGE(a_byte_behind_the_spans_is_in_the_cache),
          BREAKAGE(a_foreign_pointer_is_in_the_cache), BREAKAGE(no_pointer_is_in_the_cache),
          BREAKAGE(a_kept_run_is_in_no_cache), BREAKAGE(a_kept_run_is_in_a_cache_twice),
          BREAKAGE(a_kept_run_is_in_two_caches),
          BREAKAGE(a_kept_run_is_on_the_list_of_another_length), BREAKAGE(a_live_block_is_kept),
          BREAKAGE(more_runs_of_a_length_are_kept_than_may_be),
          BREAKAGE(a_run_without_a_page_is_kept), BREAKAGE(the_room_of_a_kept_run_is_lost));
