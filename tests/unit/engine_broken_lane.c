// The breakages of the lane: it holds a pointer that is no block to be handed out.

#include "engine_broken.h"

#include "engine/lane.h"

static const void *put_in_lane(struct scene *scene, void *block)
{
    ch_lane_first(ch_lane_mine(scene->heap), SCENE_CLASS)[0] = block;
    return block;
}

static const void *the_lane_is_over_full(struct scene *scene)
{
    struct ch_lane *lane = ch_lane_mine(scene->heap);
    lane->tops[SCENE_CLASS] = lane->ends[SCENE_CLASS] + 1;
    return scene->heap->pages;
}

static const void *the_lane_has_less_than_no_block(struct scene *scene)
{
    ch_lane_mine(scene->heap)->tops[SCENE_CLASS] =
        ch_lane_first(ch_lane_mine(scene->heap), SCENE_CLASS) - 1;
    return scene->heap->pages;
}

static const void *a_magazine_ends_in_the_next(struct scene *scene)
{
    ch_lane_mine(scene->heap)->ends[SCENE_CLASS]++;
    return scene->heap->pages;
}

static const void *nothing_tells_that_a_magazine_is_empty(struct scene *scene)
{
    ch_lane_first(ch_lane_mine(scene->heap), SCENE_CLASS)[-1] = scene->in_span;
    return scene->heap->pages;
}

static const void *a_live_block_is_in_the_lane(struct scene *scene)
{
    return put_in_lane(scene, scene->live);
}

static const void *a_free_block_of_a_span_is_in_the_lane(struct scene *scene)
{
    return put_in_lane(scene, scene->in_span);
}

static const void *a_block_is_in_the_lane_twice(struct scene *scene)
{
    void **blocks = ch_lane_first(ch_lane_mine(scene->heap), SCENE_CLASS);
    blocks[1] = blocks[0];
    return blocks[0];
}

static const void *a_byte_of_a_free_span_is_in_the_lane(struct scene *scene)
{
    return put_in_lane(scene, scene->heap->pages + SPAN_FREE * CH_SPAN_BYTES);
}

// Returns where a block of the lane's class would start if the span were of that class.
static const void *a_place_in_a_span_of_another_class_is_in_the_lane(struct scene *scene)
{
    unsigned char *start = scene->heap->pages + SPAN_OTHER * CH_SPAN_BYTES;
    return put_in_lane(scene, start + ch_class_bytes(SCENE_CLASS));
}

static const void *a_byte_inside_a_block_is_in_the_lane(struct scene *scene)
{
    return put_in_lane(scene, scene->in_lane + 1);
}

static const void *a_granule_off_the_grid_is_in_the_lane(struct scene *scene)
{
    return put_in_lane(scene, scene->in_lane + CH_GRANULE_BYTES);
}

static const void *a_block_that_was_not_cut_is_in_the_lane(struct scene *scene)
{
    size_t cut = scene->heap->spans[SPAN_OPEN].cut_granules;
    return put_in_lane(scene,
                       scene->heap->pages + SPAN_OPEN * CH_SPAN_BYTES + cut * CH_GRANULE_BYTES);
}

static const void *a_byte_behind_the_spans_is_in_the_lane(struct scene *scene)
{
    return put_in_lane(scene, scene->heap->pages + SCENE_SPANS * CH_SPAN_BYTES);
}

static const void *a_foreign_pointer_is_in_the_lane(struct scene *scene)
{
    return put_in_lane(scene, scene);
}

static const void *no_pointer_is_in_the_lane(struct scene *scene)
{
    return put_in_lane(scene, NULL);
}

BREAKAGES(CACHE_BLOCKS, BREAKAGE(the_lane_is_over_full), BREAKAGE(the_lane_has_less_than_no_block),
          BREAKAGE(a_magazine_ends_in_the_next), BREAKAGE(nothing_tells_that_a_magazine_is_empty),
          BREAKAGE(a_live_block_is_in_the_lane), BREAKAGE(a_free_block_of_a_span_is_in_the_lane),
          BREAKAGE(a_block_is_in_the_lane_twice), BREAKAGE(a_byte_of_a_free_span_is_in_the_lane),
          BREAKAGE(a_place_in_a_span_of_another_class_is_in_the_lane),
          BREAKAGE(a_byte_inside_a_block_is_in_the_lane),
          BREAKAGE(a_granule_off_the_grid_is_in_the_lane),
          BREAKAGE(a_block_that_was_not_cut_is_in_the_lane),
          BREAKAGE(a_byte_behind_the_spans_is_in_the_lane),
          BREAKAGE(a_foreign_pointer_is_in_the_lane), BREAKAGE(no_pointer_is_in_the_lane));
