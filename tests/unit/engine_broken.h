// A heap with a bit of everything in it, to be broken on purpose.
#ifndef TESTS_UNIT_ENGINE_BROKEN_H
#define TESTS_UNIT_ENGINE_BROKEN_H

#include "watch.h"

#include "engine/state.h"

/// The classes of the scene's small blocks.
#define SCENE_CLASS ch_class_of(100)
#define SCENE_OTHER_CLASS ch_class_of(200)
#define SCENE_LAST_CLASS (CH_CLASS_COUNT - 1)

/// The places of the scene's spans, from the first page on. One of them is a free page run.
enum scene_span { SPAN_FULL, SPAN_FREE, SPAN_OPEN, SPAN_OTHER, SPAN_LAST, SCENE_SPANS };

/// The scene's page runs at the end of the arena, in their order. Holes are free.
enum scene_run { RUN_BOTTOM, RUN_SHORT_HOLE, RUN_MIDDLE, RUN_LONG_HOLE, RUN_TOP, SCENE_RUNS };

/// Their lengths in pages: a live one is as long as a free one. The records of the first take more
/// than two OS pages.
#define SCENE_RUN_PAGES                                                                            \
    {                                                                                              \
        400, 7, 7, 40, 5                                                                           \
    }

/// Returns the first page behind the spans of the scene: that of a long free page run.
static inline uint32_t scene_rest(const struct ch_heap *heap)
{
    return SCENE_SPANS * heap->span_pages;
}

struct scene {
    struct watch watch;
    struct ch_heap *heap;
    unsigned char *live;       ///< A block of 100 bytes in SPAN_OPEN,
    unsigned char *in_span;    ///< one that is free there,
    unsigned char *in_cache;   ///< and one that is in the thread cache.
    unsigned char *other;      ///< A live block of 200 bytes in SPAN_OTHER.
    unsigned char *last;       ///< The live block in SPAN_LAST.
    uint32_t runs[SCENE_RUNS]; ///< First pages.
};

/// Breaks an invariant of the scene's heap, and no other of those that are checked up to it.
/// Returns the place that ch_heap_check has to name.
struct breakage {
    const char *name;
    const void *(*apply)(struct scene *scene);
};

/// The ways in which an invariant can break, ended by one without a name. There is a list for each
/// invariant: to leave one out is an error of the linker.
#define CH_INVARIANT_DEF(id, sentence) extern const struct breakage breaks_##id[];
#include <comheap/invariants.def>
#undef CH_INVARIANT_DEF

#define BREAKAGE(function)                                                                         \
    {                                                                                              \
#function, function                                                                        \
    }
#define BREAKAGES(id, ...) const struct breakage breaks_##id[] = {__VA_ARGS__, {NULL, NULL}}

#endif
