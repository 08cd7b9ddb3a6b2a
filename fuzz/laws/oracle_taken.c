// Checks the memory that blocks take: no more than the heap states, slack that its owner may use,
// and room that must be left between live blocks. The results of calls are not checked here.

#include "laws/oracle_parts.h"

#include "language/size.h"
#include "laws/counters.h"
#include "laws/model.h"
#include "laws/place.h"
#include "world/world.h"

// Returns the most bytes that the heap may take for a slot's live block. A wrapper's bytes count.
static size_t taken_bytes(const struct heap *heap, const struct held *held)
{
    const struct heapfuzz_block block = {model_real_bytes(held), held->grown_bytes,
                                         held->alignment_bytes};
    return heap->subject->promises.most_taken(&block);
}

static CHECK void check_at_most(struct heap *heap, uint32_t slot, size_t answer)
{
    const struct held *held = &model.slots[slot];
    if (subject_bounds_blocks(heap->subject) && !held->is_wrapped) {
        size_t most_bytes = taken_bytes(heap, held);
        LAW_AT(AT_MOST, answer <= most_bytes, place_end(slot, answer),
               "GetSize(b%u) is %s for a request of %zu bytes, which may take %s", slot,
               place_size(answer), held->size_bytes, place_size(most_bytes));
    }
}

// Checks that a block of this size can lie where it does.
static CHECK void check_reach(const struct heap *heap, uint32_t slot, size_t answer)
{
    const struct held *held = &model.slots[slot];
    bool is_possible = answer <= PTRDIFF_MAX && answer <= UINTPTR_MAX - (uintptr_t)held->block &&
                       (subject_ignores_world(heap->subject) || world_holds(held->block, answer));
    LAW_AT(SLACK, is_possible, place_end(slot, answer),
           "b%u of %zu bytes may use %s, which its heap does not have", slot, held->size_bytes,
           place_size(answer));
}

// Gives the owner the bytes behind the end that GetSize counts, where it may use them.
static CHECK void give_slack(struct heap *heap, uint32_t slot, size_t answer)
{
    const struct held *held = &model.slots[slot];
    size_t end_bytes = model_end_bytes(held);
    if (!subject_gives_slack(heap->subject) || held->is_wrapped || answer <= end_bytes) {
        return;
    }
    check_reach(heap, slot, answer);
    uint32_t overlapped = model_give_slack(slot, answer - end_bytes);
    LAW_AT(SLACK, overlapped == SLOTS, place_overlap(slot, held->block, answer, overlapped),
           "b%u of %zu bytes may use %zu, which overlap b%u", slot, held->size_bytes, answer,
           overlapped);
}

void oracle_check_taken(struct heap *heap, uint32_t slot, size_t answer)
{
    const struct held *held = &model.slots[slot];
    check_at_most(heap, slot, answer);
    if (subject_gives_slack(heap->subject) && !held->is_wrapped) {
        LAW_AT(SLACK, answer <= model_end_bytes(held) + held->slack_bytes, place_end(slot, answer),
               "GetSize(b%u) is %s, and was %zu when it was granted", slot, place_size(answer),
               model_end_bytes(held) + held->slack_bytes);
    }
}

void oracle_take(struct heap *heap, uint32_t slot, size_t answer)
{
    struct held *held = &model.slots[slot];
    size_t alignment_bytes = heap->request.alignment_bytes;
    if (alignment_bytes > held->alignment_bytes) {
        held->alignment_bytes = alignment_bytes;
    }
    model.since_empty_bytes = size_sum(model.since_empty_bytes, 2 * alignment_bytes);
    model.aligned_bytes += alignment_bytes;
    check_at_most(heap, slot, answer);
    give_slack(heap, slot, answer);
}

static size_t all_taken_bytes(const struct heap *heap)
{
    size_t sum_bytes = 0;
    for (size_t i = 0; i < model.live_blocks; i++) {
        const struct held *held = &model.slots[model_live_slot(i)];
        sum_bytes = size_sum(sum_bytes, taken_bytes(heap, held));
    }
    return sum_bytes;
}

// The live blocks leave at most one hole more in each range than there are blocks. So one hole has
// at least the average of the free bytes.
CHECK void oracle_check_holes(struct heap *heap, size_t size_bytes)
{
    const struct heapfuzz_promises *promises = &heap->subject->promises;
    size_t largest_bytes = oracle_largest(heap);
    if (!subject_fills_holes(heap->subject) || size_bytes > largest_bytes) {
        return;
    }
    const struct heapfuzz_block wanted = {size_bytes, size_bytes, heap->request.alignment_bytes};
    size_t taken = all_taken_bytes(heap);
    size_t hole_bytes =
        taken < largest_bytes ? (largest_bytes - taken) / (model.live_blocks + heap->ranges) : 0;
    LAW_AT(ROOM, promises->most_taken(&wanted) > hole_bytes, place_heap(),
           "NULL for %zu bytes, where %zu live blocks take at most %zu of %zu bytes, so %zu free "
           "ones lie in a row",
           size_bytes, model.live_blocks, taken, largest_bytes, hole_bytes);
}
