// Refusals against laws: each has a reason, and changes nothing.

#include "laws/oracle_parts.h"

#include <stdio.h>

#include "com/spy_expect.h"
#include "laws/fill.h"
#include "laws/model.h"
#include "laws/place.h"
#include "laws/reach.h"
#include "world/world.h"

// Why a call was refused: NO_ROOM where nothing but want of room can be the reason.
static enum outcome reason_of(const struct run *run, enum face face, size_t size_bytes)
{
    if (size_bytes > oracle_limit(run, face)) {
        counters->checks_by[LAW_LIMIT]++;
        return OUTCOME_OVER_LIMIT;
    }
    if (spy_expect_was_refused()) {
        return OUTCOME_SPY;
    }
    return world_refusals() != run->refusals_before ? OUTCOME_NO_PAGES : OUTCOME_NO_ROOM;
}

static CHECK void check_must_resize(struct run *run, uint32_t slot, size_t size_bytes)
{
    const struct subject *subject = run->plan.subject;
    size_t old_bytes = model_real_bytes(&model.slots[slot]);
    if (subject->must_resize != NULL) {
        LAW_AT(run, REASON, !subject->must_resize(old_bytes, size_bytes),
               place_byte(slot, 0, "refused"),
               "NULL for %s bytes, which fit where b%u of %zu bytes is, and the world refused "
               "nothing",
               place_size(size_bytes), slot, old_bytes);
    }
}

static CHECK void check_room(struct run *run, uint32_t slot, size_t size_bytes)
{
    const struct held *held = &model.slots[slot];
    if (run->plan.subject->policies.has_double_room) { // Its pages it has, if the world refuses.
        LAW_AT(run, REASON, size_bytes > held->room_bytes, place_byte(slot, 0, "refused"),
               "NULL for %s bytes, where b%u has %zu and room for %zu", place_size(size_bytes),
               slot, held->size_bytes, held->room_bytes);
    }
}

bool oracle_must_grant(const struct run *run, size_t size_bytes)
{
    size_t bytes = model.since_empty_bytes > SIZE_MAX - size_bytes
                       ? SIZE_MAX
                       : model.since_empty_bytes + size_bytes;
    return subject_must_grant(run->plan.subject, run->arena_bytes, bytes,
                              model.since_empty_blocks + 1);
}

const char *oracle_arena(const struct run *run, char text[ORACLE_ARENA_BYTES])
{
    text[0] = '\0';
    if (!run->plan.subject->policies.ignores_world) {
        (void)snprintf(text, ORACLE_ARENA_BYTES, " in an arena of %zu bytes%s", run->arena_bytes,
                       run->is_substitute ? ", as no heap fits in the one that was wanted" : "");
    }
    return text;
}

static CHECK void check_must_grant(struct run *run, size_t size_bytes)
{
    char arena[ORACLE_ARENA_BYTES];
    LAW_AT(run, REASON, !oracle_must_grant(run, size_bytes), place_heap(),
           "NULL for %s bytes%s, where %zu have been asked for since it was empty, and the world "
           "refused nothing",
           place_size(size_bytes), oracle_arena(run, arena), model.since_empty_bytes);
}

enum outcome oracle_not_allocated(struct run *run, uint32_t slot, enum face face, size_t size_bytes)
{
    enum outcome outcome = reason_of(run, face, size_bytes);
    if (outcome == OUTCOME_NO_ROOM) {
        check_must_grant(run, spy_expect_real_bytes());
    }
    reach_refused(run, slot, size_bytes, outcome);
    return outcome;
}

static CHECK void check_size_left(struct run *run, uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    size_t size_bytes = call_size(run, FACE_HEAP, held->block);
    LAW_AT(run, REFUSED,
           run->plan.subject->policies.size_is_exact ? size_bytes == held->size_bytes
                                                     : size_bytes >= held->size_bytes,
           place_end(slot, size_bytes), "GetSize(b%u) is %s after a refusal, it was %zu", slot,
           place_size(size_bytes), held->size_bytes);
}

static CHECK void check_bytes_left(struct run *run, uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    size_t wrong = fill_find_wrong(held->block, held->size_bytes, held->fill, held->size_bytes);
    LAW_AT(run, REFUSED, wrong == SIZE_MAX, place_wrong(slot, wrong, held, held->size_bytes),
           "byte %zu of b%u has changed in a refused call", wrong, slot);
}

static CHECK void check_counts_left(struct run *run)
{
    const struct subject *subject = run->plan.subject;
    struct counts counts;
    if (subject->count != NULL && subject->count(&counts)) {
        LAW(run, REFUSED,
            counts.live_blocks == model.live_blocks && counts.live_bytes == model.live_bytes,
            "%zu blocks of %zu bytes are counted after a refusal, it was %zu of %zu",
            counts.live_blocks, counts.live_bytes, model.live_blocks, model.live_bytes);
    }
}

// Whether there is room elsewhere, a heap whose blocks stay in place need not ask.
enum outcome oracle_not_reallocated(struct run *run, uint32_t slot, enum face face,
                                    size_t size_bytes)
{
    enum outcome outcome = reason_of(run, face, size_bytes);
    if (outcome == OUTCOME_NO_ROOM || outcome == OUTCOME_NO_PAGES) {
        check_room(run, slot, size_bytes);
    }
    if (outcome == OUTCOME_NO_ROOM) {
        check_must_resize(run, slot, spy_expect_real_bytes());
    }
    if (outcome == OUTCOME_NO_ROOM && !run->plan.subject->policies.stays_in_place) {
        check_must_grant(run, spy_expect_real_bytes());
    }
    reach_refused(run, slot, size_bytes, outcome);
    check_size_left(run, slot);
    check_bytes_left(run, slot);
    check_counts_left(run);
    return outcome;
}
