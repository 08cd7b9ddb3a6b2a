// Remembers the blocks that were freed, shrunk and refused lately, and makes marks and coverage of
// them. Judges nothing.

#include "laws/reach.h"

#include <limits.h>
#include <string.h>

#include "world/world.h"

#define LARGE_BYTES ((uintptr_t)WORLD_PAGE_BYTES)
#define MOVE_BYTES ((size_t)1024 * 1024)
#define HOLES 16U
#define ROW_BLOCKS 100U

struct range {
    uintptr_t begin, end;
};

static struct {
    uintptr_t last_freed;
    struct range tail;         ///< The bytes that the last shrink in place gave up.
    struct range holes[HOLES]; ///< The large blocks that were freed last.
    uintptr_t gone[HOLES];     ///< The small ones,
    enum lane gone_on[HOLES];  ///< and the lanes that freed them.
    unsigned next_hole, next_gone;
    size_t refused_bytes; ///< The size that pages were last refused for; 0: none.
    bool was_full;        ///< A block found no room,
    bool was_emptied;     ///< and since then everything has been freed.
    struct {
        size_t live_blocks; ///< That were allocated on it.
        bool was_asked;     ///< For a block, in this world.
        bool has_freed;     ///< A small block since it was entered or minimized,
        bool was_minimized; ///< which was when it had been left.
    } lanes[LANES];
    size_t freed_elsewhere; ///< Small blocks in a row, all of them on this lane,
    uintptr_t last_foreign; ///< and the last of them; 0: there is none.
} lately;

// A magnitude: 0 for 0, else the number of bits.
#define MAGNITUDES 35U

// libFuzzer takes this for coverage, where it is the engine, by the name of the section. A byte a
// situation, 1 when it occurred; only the engine reads them.
#if defined(__linux__)
#define FOR_THE_ENGINE __attribute__((used, section("__libfuzzer_extra_counters")))
#else
#define FOR_THE_ENGINE __attribute__((used))
#endif
FOR_THE_ENGINE static struct {
    uint8_t granted[MAGNITUDES];
    uint8_t refused[OUTCOMES][MAGNITUDES];
    uint8_t resized[2][MAGNITUDES][7]; ///< Moved or not, the old size, how much more or less.
    uint8_t freed[4][MAGNITUDES];      ///< Which neighbours are live.
    uint8_t reached[REACHES];
    uint8_t begun; ///< Always: libFuzzer gives up if its first program, an empty one, has nothing.
} situations;

static unsigned magnitude(size_t number)
{
    unsigned bits = number == 0 ? 0 : 64 - (unsigned)__builtin_clzll(number);
    return bits < MAGNITUDES ? bits : MAGNITUDES - 1;
}

static void mark_if(enum reach reach, bool is_so)
{
    if (is_so) {
        situations.reached[reach] = 1;
        if (counters->reached[reach]++ == 0) {
            counters->reached_after[reach] = counters->calls;
        }
    }
}

static struct range range_of(const void *block, size_t size_bytes)
{
    return (struct range){(uintptr_t)block, (uintptr_t)block + size_bytes};
}

static bool meets(struct range a, struct range b)
{
    return a.begin < b.end && b.begin < a.end;
}

void reach_begin(void)
{
    memset(&lately, 0, sizeof lately);
    situations.begun = 1;
}

static bool touches_next(struct range range, const struct held *next)
{
    return next != NULL && (uintptr_t)next->block - range.end < LARGE_BYTES;
}

static bool touches_previous(struct range range, const struct held *previous)
{
    return previous != NULL &&
           range.begin - range_of(previous->block, previous->size_bytes).end < LARGE_BYTES;
}

static void note_large_place(const struct held *held)
{
    struct range range = range_of(held->block, held->size_bytes);
    struct neighbours beside = model_neighbours(held->block);
    unsigned joined = 0;
    for (unsigned i = 0; i < HOLES; i++) {
        joined += meets(range, lately.holes[i]);
    }
    mark_if(REACH_JOINS_TWO, joined == 2);
    mark_if(REACH_JOINS_THREE, joined > 2);
    bool over_small = false;
    bool over_left = false;
    for (unsigned i = 0; i < HOLES; i++) {
        bool is_over = lately.gone[i] - range.begin < held->size_bytes;
        over_small = over_small || is_over;
        over_left = over_left || (is_over && lately.gone_on[i] != model.lane);
    }
    mark_if(REACH_LARGE_OVER_SMALL, over_small);
    mark_if(REACH_LEFT_REUSED, over_left);
    mark_if(REACH_TAIL_REUSED, meets(range, lately.tail));
    mark_if(REACH_FILLS_HOLE, joined > 0 && touches_next(range, beside.next) &&
                                  touches_previous(range, beside.previous));
}

static void note_small_place(const struct held *held)
{
    struct range range = range_of(held->block, held->size_bytes);
    bool over_large = false;
    for (unsigned i = 0; i < HOLES; i++) {
        over_large = over_large || meets(range, lately.holes[i]);
    }
    mark_if(REACH_SMALL_OVER_LARGE, over_large);
}

static void note_size(const struct heap *heap, size_t size_bytes, enum reach most)
{
    size_t limit_bytes = heap->subject->port.policies.limit_bytes;
    mark_if(most, size_bytes == limit_bytes || size_bytes == INT_MAX);
    mark_if(REACH_HALF, size_bytes > heap->arena_bytes / 2 && model.live_blocks > 1);
    if (size_bytes == lately.refused_bytes) {
        mark_if(REACH_RECOVERS, size_bytes > 0);
        lately.refused_bytes = 0;
    }
}

static void note_lane(const struct heap *heap, const struct held *held)
{
    bool are_all_live = true;
    lately.lanes[model.lane].live_blocks++;
    for (unsigned lane = 0; lane < LANES; lane++) {
        are_all_live = are_all_live && lately.lanes[lane].live_blocks > 0;
    }
    mark_if(REACH_ALL_LANES, are_all_live);
    mark_if(REACH_HANDED_ON, (uintptr_t)held->block == lately.last_foreign);
    mark_if(REACH_ENTERED_AGAIN,
            held->size_bytes < LARGE_BYTES && lately.lanes[model.lane].was_minimized);
    mark_if(REACH_LANE_REFUSED, !lately.lanes[model.lane].was_asked && model.lane > LANE_FIRST &&
                                    world_refusals() != heap->refusals_before);
    lately.lanes[model.lane].was_minimized = false;
    lately.lanes[model.lane].was_asked = true;
}

void reach_granted(const struct heap *heap, uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    note_lane(heap, held);
    situations.granted[magnitude(held->size_bytes)] = 1;
    mark_if(REACH_THOUSAND, model.live_blocks == 1000);
    mark_if(REACH_SAME_PLACE, (uintptr_t)held->block == lately.last_freed);
    note_size(heap, held->size_bytes, REACH_MOST);
    if (held->size_bytes >= LARGE_BYTES) {
        note_large_place(held);
    } else {
        note_small_place(held);
    }
}

// Returns how much larger or smaller one magnitude is than another: 0 to 6, 3 for the same.
static unsigned step(unsigned from, unsigned to)
{
    return to > from + 3 ? 6 : to + 3 < from ? 0 : to + 3 - from;
}

static void note_in_place(const struct held *held, const struct held *before)
{
    struct range range = range_of(held->block, held->size_bytes);
    if (held->size_bytes < before->size_bytes) {
        lately.tail = (struct range){range.end, range_of(before->block, before->size_bytes).end};
    } else if (held->size_bytes - before->size_bytes >= LARGE_BYTES) {
        mark_if(REACH_GROWS, true);
        mark_if(REACH_GROWS_TO_NEXT, touches_next(range, model_neighbours(held->block).next));
    }
}

void reach_reallocated(const struct heap *heap, uint32_t slot, const struct held *before)
{
    const struct held *held = &model.slots[slot];
    bool has_moved = held->block != before->block;
    unsigned from = magnitude(before->size_bytes);
    situations.resized[has_moved][from][step(from, magnitude(held->size_bytes))] = 1;
    note_size(heap, held->size_bytes, REACH_GROWS_TO_MOST);
    if (!has_moved) {
        note_in_place(held, before);
        return;
    }
    mark_if(REACH_MOVES_LARGE, held->size_bytes >= MOVE_BYTES && before->size_bytes >= MOVE_BYTES);
    mark_if(REACH_MOVES_ELSEWHERE, before->size_bytes < LARGE_BYTES && before->lane != model.lane);
    reach_freed(before->block, before->size_bytes, before->lane);
    note_lane(heap, held);
}

static void note_small_freed(const void *block, enum lane lane)
{
    bool is_elsewhere = lane != model.lane;
    lately.gone_on[lately.next_gone % HOLES] = model.lane;
    lately.gone[lately.next_gone++ % HOLES] = (uintptr_t)block;
    lately.lanes[model.lane].has_freed = true;
    lately.freed_elsewhere = is_elsewhere ? lately.freed_elsewhere + 1 : 0;
    lately.last_foreign = is_elsewhere ? (uintptr_t)block : 0;
    mark_if(REACH_HUNDRED_ELSEWHERE, lately.freed_elsewhere == ROW_BLOCKS);
}

void reach_freed(const void *block, size_t size_bytes, enum lane lane)
{
    mark_if(REACH_FREED_ELSEWHERE, lane != model.lane);
    lately.lanes[lane].live_blocks--;
    lately.last_freed = (uintptr_t)block;
    lately.was_emptied = lately.was_emptied || (lately.was_full && model.live_blocks == 0);
    if (size_bytes >= LARGE_BYTES) {
        struct range range = range_of(block, size_bytes);
        struct neighbours beside = model_neighbours(block);
        unsigned which =
            touches_next(range, beside.next) + 2U * touches_previous(range, beside.previous);
        situations.freed[which][magnitude(size_bytes)] = 1;
        lately.holes[lately.next_hole++ % HOLES] = range;
    } else {
        note_small_freed(block, lane);
    }
}

void reach_mark(enum reach reach, bool is_so)
{
    mark_if(reach, is_so);
}

void reach_entered(void)
{
    lately.freed_elsewhere = 0;
    lately.last_foreign = 0;
}

void reach_minimized(void)
{
    for (unsigned lane = 0; lane < LANES; lane++) {
        bool was_left = lane != LANE_NONE && lane != model.lane && lately.lanes[lane].has_freed;
        lately.lanes[lane].was_minimized = lately.lanes[lane].was_minimized || was_left;
        lately.lanes[lane].has_freed = false;
    }
}

static void note_full(void)
{
    mark_if(REACH_REFILLED, lately.was_emptied);
    lately.was_full = true;
    lately.was_emptied = false;
}

// Returns whether a size is one above the limit, in an arena that it would fit in.
static bool is_just_over(const struct heap *heap, size_t size_bytes)
{
    return size_bytes == heap->subject->port.policies.limit_bytes + 1 &&
           heap->arena_bytes - heap->arena_bytes / 16 > size_bytes;
}

void reach_refused(const struct heap *heap, uint32_t slot, size_t size_bytes, enum outcome why)
{
    const struct held *held = &model.slots[slot];
    situations.refused[why][magnitude(size_bytes)] = 1;
    if (held->is_live && subject_stays_in_place(heap->subject)) {
        return; // Such a refusal does not show whether the heap is full.
    }
    mark_if(REACH_FULL, why == OUTCOME_NO_ROOM && size_bytes < LARGE_BYTES);
    mark_if(REACH_OVER_MOST, why == OUTCOME_OVER_LIMIT && is_just_over(heap, size_bytes));
    if (why == OUTCOME_NO_ROOM) {
        note_full();
    }
    mark_if(REACH_STARVED_SHRINK,
            why != OUTCOME_EXTENSION && held->is_live && size_bytes < held->size_bytes);
    if (why == OUTCOME_NO_PAGES) {
        lately.refused_bytes = size_bytes;
        mark_if(REACH_STARVED, size_bytes >= LARGE_BYTES);
        mark_if(REACH_STARVED_MOVE, held->is_live && held->size_bytes >= LARGE_BYTES);
        mark_if(REACH_STARVED_FULL, model.live_blocks >= 1000);
    }
}
