// Lanes: the slow paths. They open and close lanes, and move blocks between lanes and spans (lane.h
// draws them).
//
//     empty magazine   |          |  <- half of its capacity from the spans
//     full magazine    |old | new |  -> the older half back to the spans
//
// A thread without a lane goes to the spans for each block; every thread may be one. This file does
// not know sizes, nor which blocks are live.

#include "engine/lane.h"

#include <string.h>

#include "engine/commit.h"
#include "engine/kept.h"
#include "engine/process.h"
#include "engine/slab.h"

_Static_assert(CH_THREAD_CACHES == CH_THREAD_NUMBERS, "a lane for each number");

static uint64_t bit_of(unsigned number)
{
    return (uint64_t)1 << number;
}

// Lays the empty magazines of a lane out behind it.
static void lay_out(const struct ch_heap *heap, struct ch_lane *lane)
{
    CH_ASSERT((uintptr_t)heap->pages % CH_GRANULE_BYTES == 0);
    lane->tags_bias = (uintptr_t)heap->tags - (uintptr_t)heap->pages / CH_TAG_GRANULES_BYTES;
    for (unsigned i = 0; i < CH_CLASS_COUNT; i++) {
        void **first = (void **)(lane + 1) + ch_lane_place(i);
        first[-1] = NULL;
        atomic_init(&lane->tops[i], first);
        lane->ends[i] = first + ch_lane_capacity(i);
    }
}

void ch_lane_open_mine(struct ch_heap *heap)
{
    unsigned number = ch_thread_number;
    if (number == 0 || number > heap->lane_limit || ch_lane_is_open(heap->lanes[number])) {
        return;
    }
    struct ch_lane *lane = ch_lane_at(heap, number);
    if (!ch_commit_cover(heap, lane, heap->lane_bytes)) {
        ch_commit_uncover(heap, lane, heap->lane_bytes);
        return;
    }
    ch_kept_open(heap, lane);
    lay_out(heap, lane);
    heap->open_lanes |= bit_of(number);
    heap->lanes[number] = lane;
}

void *ch_lane_take(struct ch_heap *heap, unsigned class_index)
{
    struct ch_lane *lane = ch_lane_mine(heap);
    if (!ch_lane_is_open(lane)) {
        void *block = NULL;
        (void)ch_span_take(heap, class_index, &block, 1);
        return block;
    }
    if (ch_lane_count(lane, class_index) == 0) {
        void **first = ch_lane_first(lane, class_index);
        unsigned most = ch_lane_capacity(class_index) / 2;
        lane->tops[class_index] = first + ch_span_take(heap, class_index, first, most);
    }
    return ch_lane_pop(lane, class_index);
}

// Puts the `count` oldest blocks of a magazine back into their spans.
static void give_back(struct ch_heap *heap, struct ch_lane *lane, unsigned class_index,
                      size_t count)
{
    CH_ASSERT(count <= ch_lane_count(lane, class_index));
    void **first = ch_lane_first(lane, class_index);
    ch_span_give(heap, first, (unsigned)count);
    size_t left = ch_lane_count(lane, class_index) - count;
    memmove(first, first + count, left * sizeof *first);
    lane->tops[class_index] = first + left;
}

void ch_lane_give(struct ch_heap *heap, unsigned class_index, void *block)
{
    struct ch_lane *lane = ch_lane_mine(heap);
    if (!ch_lane_is_open(lane)) {
        ch_span_give(heap, &block, 1);
        return;
    }
    if (ch_lane_top(lane, class_index) == lane->ends[class_index]) {
        give_back(heap, lane, class_index, ch_lane_capacity(class_index) / 2);
    }
    ch_lane_push(lane, class_index, ch_lane_top(lane, class_index), block);
}

static bool flush(struct ch_heap *heap, struct ch_lane *lane)
{
    bool had_one = ch_kept_flush(heap, lane);
    for (unsigned i = 0; i < CH_CLASS_COUNT; i++) {
        had_one = had_one || ch_lane_count(lane, i) > 0;
        give_back(heap, lane, i, ch_lane_count(lane, i));
    }
    return had_one;
}

// Makes a lane unreachable.
static void detach(struct ch_heap *heap, unsigned number)
{
    heap->open_lanes &= ~bit_of(number);
    heap->lanes[number] = &ch_lane_closed;
}

void ch_lane_close_mine(struct ch_heap *heap)
{
    struct ch_lane *lane = ch_lane_mine(heap);
    if (ch_lane_is_open(lane)) {
        detach(heap, ch_thread_number);
        ch_process_forget_lane(); // Of another heap, it is found again.
        ch_commit_uncover(heap, lane, heap->lane_bytes);
    }
}

// Detaches the orphans. Returns a bit for each. Threads begin and end meanwhile, so the callers do
// this before anything else.
static uint64_t detach_orphans(struct ch_heap *heap)
{
    uint64_t orphans = heap->open_lanes & ~ch_threads_hold();
    for (uint64_t rest = orphans; rest != 0; rest &= rest - 1) {
        detach(heap, (unsigned)__builtin_ctzll(rest));
    }
    ch_threads_let_go();
    return orphans;
}

bool ch_lane_flush(struct ch_heap *heap)
{
    struct ch_lane *mine = ch_lane_mine(heap);
    bool had_one = ch_lane_is_open(mine) && flush(heap, mine);
    uint64_t orphans = detach_orphans(heap);
    for (uint64_t rest = orphans; rest != 0; rest &= rest - 1) {
        struct ch_lane *lane = ch_lane_at(heap, (unsigned)__builtin_ctzll(rest));
        (void)flush(heap, lane);
        ch_commit_uncover(heap, lane, heap->lane_bytes);
    }
    return had_one || orphans != 0;
}

const struct ch_lane *ch_lane_next(const struct ch_heap *heap, unsigned *number)
{
    uint64_t rest = *number >= CH_THREAD_CACHES - 1 ? 0 : heap->open_lanes >> (*number + 1);
    if (rest == 0) {
        return NULL;
    }
    *number += 1 + (unsigned)__builtin_ctzll(rest);
    return heap->lanes[*number];
}
