// Checks refusals against laws: each has a reason, and changes nothing.

#include "laws/oracle_parts.h"

#include <stdio.h>

#include "language/size.h"
#include "laws/fill.h"
#include "laws/model.h"
#include "laws/place.h"
#include "laws/reach.h"
#include "world/world.h"

// Returns the reason of a refusal: NO_ROOM where only a lack of room can be the reason.
static enum outcome reason_of(const struct heap *heap, enum face face, size_t size_bytes)
{
    if (size_bytes > heap_limit_bytes(heap->subject, heap->extension, face)) {
        counters->checks_by[LAW_LIMIT]++;
        return OUTCOME_OVER_LIMIT;
    }
    if (heap->request.is_refused) {
        return OUTCOME_EXTENSION;
    }
    return world_refusals() != heap->refusals_before ? OUTCOME_NO_PAGES : OUTCOME_NO_ROOM;
}

bool oracle_may_stay(const struct heap *heap, const void *block)
{
    size_t alignment_bytes = heap->request.alignment_bytes;
    return alignment_bytes == 0 || (uintptr_t)block % alignment_bytes == 0;
}

static CHECK void check_must_resize(struct heap *heap, uint32_t slot, size_t size_bytes)
{
    const struct subject *subject = heap->subject;
    size_t old_bytes = model_real_bytes(&model.slots[slot]);
    if (subject->promises.must_resize != NULL && model.slots[slot].alignment_bytes == 0 &&
        oracle_may_stay(heap, model.slots[slot].block)) {
        LAW_AT(REASON, !subject->promises.must_resize(old_bytes, size_bytes),
               place_byte(slot, 0, "refused"),
               "NULL for %s bytes, which fit where b%u of %zu bytes is, and the world refused "
               "nothing",
               place_size(size_bytes), slot, old_bytes);
    }
}

static CHECK void check_room(struct heap *heap, uint32_t slot, size_t size_bytes)
{
    const struct held *held = &model.slots[slot];
    if (heap->subject->promises.has_double_room &&
        oracle_may_stay(heap,
                        model.slots[slot].block)) { // It has its pages even if the world refuses.
        LAW_AT(REASON, size_bytes > held->room_bytes, place_byte(slot, 0, "refused"),
               "NULL for %s bytes, where b%u has %zu and room for %zu", place_size(size_bytes),
               slot, held->size_bytes, held->room_bytes);
    }
}

bool oracle_must_grant(const struct heap *heap, size_t size_bytes)
{
    size_t bytes = size_sum(model.since_empty_bytes, size_bytes);
    bytes = size_sum(bytes, 2 * heap->request.alignment_bytes);
    return subject_must_grant(heap->subject, heap->arena_bytes, bytes,
                              model.since_empty_blocks + 1);
}

const char *oracle_arena(const struct heap *heap, char text[ORACLE_ARENA_BYTES])
{
    text[0] = '\0';
    if (!subject_ignores_world(heap->subject)) {
        (void)snprintf(text, ORACLE_ARENA_BYTES, " in an arena of %zu bytes%s", heap->arena_bytes,
                       heap->is_substitute ? ", as no heap fits in the requested one" : "");
    }
    return text;
}

static CHECK void check_must_grant(struct heap *heap, size_t size_bytes)
{
    char arena[ORACLE_ARENA_BYTES];
    LAW_AT(REASON, !oracle_must_grant(heap, size_bytes), place_heap(),
           "NULL for %s bytes%s, where %zu have been asked for since it was empty, and the world "
           "refused nothing",
           place_size(size_bytes), oracle_arena(heap, arena), model.since_empty_bytes);
}

enum outcome oracle_not_allocated(struct heap *heap, uint32_t slot, enum face face,
                                  size_t size_bytes)
{
    enum outcome outcome = reason_of(heap, face, size_bytes);
    model_refuse();
    if (outcome == OUTCOME_NO_ROOM) {
        check_must_grant(heap, heap->request.asked_bytes);
        oracle_check_holes(heap, heap->request.asked_bytes);
    }
    reach_refused(heap, slot, size_bytes, outcome);
    return outcome;
}

static CHECK void check_size_left(struct heap *heap, uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    size_t size_bytes = heap_size(heap, FACE_HEAP, held->block);
    LAW_AT(REFUSED, subject_size_agrees(heap->subject, size_bytes, held->size_bytes),
           place_end(slot, size_bytes), "GetSize(b%u) is %s after a refusal, it was %zu", slot,
           place_size(size_bytes), held->size_bytes);
}

static CHECK void check_bytes_left(uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    size_t wrong = fill_find_wrong(held->block, held->size_bytes, held->fill, held->size_bytes);
    LAW_AT(REFUSED, wrong == SIZE_MAX, place_wrong(slot, wrong, held, held->size_bytes),
           "byte %zu of b%u has changed in a refused call", wrong, slot);
}

static CHECK void check_counts_left(struct heap *heap)
{
    struct heapfuzz_counts counts;
    if (oracle_count(heap, &counts)) {
        LAW(REFUSED, oracle_counts_agree(&counts),
            "%s blocks of %s bytes are counted after a refusal, it was %zu of %zu",
            place_size(counts.live_blocks), place_size(counts.live_bytes), model.live_blocks,
            model.live_bytes);
    }
}

// A heap whose blocks stay in place need not look for room elsewhere.
enum outcome oracle_not_reallocated(struct heap *heap, uint32_t slot, enum face face,
                                    size_t size_bytes)
{
    enum outcome outcome = reason_of(heap, face, size_bytes);
    model_refuse();
    bool may_be = size_bytes == 0 && heap->subject->port.policies.zero != HEAPFUZZ_ZERO_IS_BLOCK;
    bool is_asked = outcome == OUTCOME_NO_ROOM && !may_be;
    if (is_asked || outcome == OUTCOME_NO_PAGES) {
        check_room(heap, slot, size_bytes);
    }
    if (is_asked) {
        check_must_resize(heap, slot, heap->request.asked_bytes);
    }
    if (is_asked && !subject_stays_in_place(heap->subject)) {
        check_must_grant(heap, heap->request.asked_bytes);
        oracle_check_holes(heap, heap->request.asked_bytes);
    }
    reach_refused(heap, slot, size_bytes, outcome);
    check_size_left(heap, slot);
    check_bytes_left(slot);
    check_counts_left(heap);
    return outcome;
}
