// The begin and the end of a world as C, and loops over the blocks that are live.

#include "findings/csource_parts.h"

#include <stdlib.h>
#include <string.h>

#include "world/world.h"

static int by_address_down(const void *one, const void *other)
{
    const struct csource_slot *a = *(struct csource_slot *const *)one;
    const struct csource_slot *b = *(struct csource_slot *const *)other;
    return (a->address < b->address) - (a->address > b->address);
}

size_t csource_list_live(struct csource *source, struct csource_slot ***list)
{
    size_t count = 0;
    *list = malloc((source->slot_count + 1) * sizeof **list);
    if (*list == NULL) {
        abort();
    }
    for (size_t slot = 0; slot < source->slot_count; slot++) {
        if (source->slots[slot].is_live || source->slots[slot].is_open) {
            (*list)[count++] = &source->slots[slot];
        }
    }
    return count;
}

// Whether a listed slot goes on where a group ends; sets which way the group goes.
static bool goes_on(const struct csource *source, struct csource_group *group, uint32_t slot)
{
    const struct csource_slot *held = &source->slots[slot];
    bool is_one = group->first == group->last;
    if (!source->has_array || held->is_live != group->slot.is_live ||
        held->fills != group->slot.fills) {
        return false;
    }
    if (slot == group->last + 1 && (is_one || !group->is_down)) {
        group->last = slot;
        return true;
    }
    if (group->first > 0 && slot == group->first - 1 && (is_one || group->is_down)) {
        group->first = slot;
        group->is_down = true;
        return true;
    }
    return false;
}

void csource_each(struct csource *source, struct csource_slot **list, size_t count,
                  void (*act)(struct csource *source, const struct csource_group *group))
{
    for (size_t i = 0; i < count;) {
        uint32_t slot = (uint32_t)(list[i] - source->slots);
        struct csource_group group = {
            .verb = VERB_FREE, .first = slot, .last = slot, .slot = *list[i]};
        for (i++; i < count && goes_on(source, &group, (uint32_t)(list[i] - source->slots)); i++) {
        }
        act(source, &group);
    }
}

static void look_and_free(struct csource *source, const struct csource_group *group)
{
    struct csource_group sized = *group;
    if (group->slot.is_live && csource_checks(source, LAW_EXACT_SIZE)) {
        sized.verb = VERB_SIZE;
        csource_calls(source, &sized);
    }
    csource_calls(source, group);
}

// The largest block that a fresh heap grants has to fit again where everything is freed.
static void ask_for_largest(struct csource *source)
{
    const struct subject *subject = source->plan->subject;
    size_t size_bytes = subject->largest == NULL ? 0 : subject->largest(source->arena_bytes);
    bool stops = source->verdict != TRIAL_CLEAN && source->law == LAWS &&
                 source->broken_op >= source->program->count; // It may be this that it stops in.
    bool is_seen = stops || csource_checks(source, LAW_CAPACITY) ||
                   csource_checks(source, LAW_EMPTY) || csource_checks(source, LAW_INVARIANT) ||
                   csource_checks(source, LAW_PAGES);
    if (size_bytes == 0 || !is_seen) {
        return;
    }
    source->uses_was = true;
    csource_say(source, "was = IAtlMemMgr_Allocate(heap, %zu);", size_bytes);
    if (csource_checks(source, LAW_CAPACITY)) {
        csource_need(source, PART_EXPECT);
        csource_say(source, "expect(was != NULL, \"capacity\", \"no room in an empty heap\");");
    }
    csource_say(source, "IAtlMemMgr_Free(heap, was);");
}

void csource_footprint(struct csource *source)
{
    const struct load load = {
        .arena_bytes = source->arena_bytes,
        .live_blocks = source->live_blocks,
        .live_bytes = source->live_bytes,
        .peak_live_bytes = source->peak_live_bytes,
    };
    if (!csource_checks(source, LAW_FOOTPRINT) || source->is_unsure) {
        return;
    }
    csource_need(source, PART_EXPECT);
    csource_say(source, "// The bound for %zu live blocks of %zu bytes, and at most %zu before.",
                load.live_blocks, load.live_bytes, load.peak_live_bytes);
    csource_say(source, "expect(ch_heap_stats(engine).committed_bytes <= fresh_bytes + %zu,",
                source->plan->subject->most_committed(&load));
    csource_say(source, "       \"footprint\", \"more is committed than the bound\");");
}

void csource_select_lane(struct csource *source, enum lane lane)
{
    if (source->has_lanes) {
        csource_say(source, "(void)ch_thread_cache_select(%u);", lane);
        source->is_mixed = true;
    }
}

// What the run does at the end of a world: every block is freed, the last address first.
void csource_end_world(struct csource *source)
{
    struct csource_slot **list;
    size_t count = csource_list_live(source, &list);
    qsort(list, count, sizeof list[0], by_address_down);
    csource_each(source, list, count, look_and_free);
    for (size_t i = 0; i < count; i++) {
        list[i]->is_live = list[i]->is_open = false;
    }
    free(list);
    if (source->has_world) {
        if (source->is_scarce) {
            csource_say(source, "will_refuse = false;");
            csource_say(source, "budget_pages = SIZE_MAX;");
        }
        source->live_blocks = source->live_bytes = 0;
        if (!source->is_mixed) {
            csource_footprint(source);
        }
        ask_for_largest(source);
        csource_need(source, PART_END);
        csource_say(source, "end_world();");
    }
}

void csource_begin_world(struct csource *source, size_t arena_bytes, uint32_t budget_pages)
{
    size_t mib = arena_bytes >> 20;
    char arena[64];
    csource_select_lane(source, LANE_FIRST);
    source->is_mixed = false;
    source->arena_bytes = arena_bytes;
    source->is_scarce = budget_pages > 0;
    source->is_unsure = false;
    source->peak_live_bytes = 0;
    if (!source->has_world) {
        return;
    }
    if (arena_bytes == mib << 20) {
        (void)snprintf(arena, sizeof arena, "(size_t)%zu << 20", mib);
    } else {
        (void)snprintf(arena, sizeof arena, "%zu", arena_bytes);
    }
    if (source->needs[PART_PAGES]) {
        csource_say(source, "begin_world(%s, %u);", arena, budget_pages);
    } else {
        csource_say(source, "begin_world(%s);", arena);
    }
}

void csource_next_world(struct csource *source, size_t arena_bytes, uint32_t budget_pages)
{
    size_t most = world_most_bytes();
    arena_bytes = arena_bytes < WORLD_LEAST_BYTES ? WORLD_LEAST_BYTES : arena_bytes;
    csource_end_world(source);
    for (size_t slot = 0; slot < source->slot_count; slot++) {
        if (source->needs[PART_LAST] && source->is_asked[slot] &&
            source->slots[slot].address != 0) {
            struct csource_group group = {.first = (uint32_t)slot, .last = (uint32_t)slot};
            char name[CSOURCE_NAME_BYTES];
            csource_name(source, "last_b", &group, name);
            csource_say(source, "%s = NULL;", name);
        }
    }
    memset(source->slots, 0, source->slot_count * sizeof source->slots[0]);
    fprintf(source->body, "\n");
    csource_begin_world(source, arena_bytes < most ? arena_bytes : most, budget_pages);
}
