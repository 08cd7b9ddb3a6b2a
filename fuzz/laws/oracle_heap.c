// The heap as a whole against laws: each live block in turn, what the heap counts, holds and keeps
// true of itself, and that nothing stays when everything is freed. What a call answered is not
// looked at here.

#include "laws/oracle.h"

#include <stdio.h>

#include "laws/model.h"
#include "laws/oracle_parts.h"
#include "laws/place.h"
#include "world/world.h"

static CHECK void check_pages(struct run *run)
{
    LAW_AT(run, PAGES, world_breach() == NULL, place_address(world_breach_at(), "from here on"),
           "%s: %s", world_breach(), place_name((uintptr_t)world_breach_at()));
}

void oracle_every_block(struct run *run)
{
    for (size_t i = 0; i < model.live_blocks; i++) {
        uint32_t slot = model_live_slot(i);
        oracle_check_size(run, slot, call_size(run, FACE_HEAP, model.slots[slot].block));
        oracle_bytes(run, slot);
    }
}

void oracle_sizes(struct run *run)
{
    for (size_t i = 0; i < model.live_blocks; i++) {
        uint32_t slot = model_live_slot(i);
        oracle_check_size(run, slot, call_size(run, FACE_HEAP, model.slots[slot].block));
    }
}

size_t oracle_most_committed(const struct run *run)
{
    const struct subject *subject = run->plan.subject;
    if (subject->most_committed == NULL) {
        return SIZE_MAX;
    }
    struct load load = {
        .arena_bytes = run->arena_bytes,
        .fresh_bytes = run->fresh_committed_bytes,
        .live_blocks = model.live_blocks,
        .live_bytes = model.live_bytes,
        .peak_live_bytes = model.peak_live_bytes,
        .peak_grown_bytes = model.peak_grown_bytes,
    };
    return subject->most_committed(&load);
}

static CHECK void check_footprint(struct run *run)
{
    if (run->plan.subject->most_committed == NULL) {
        return;
    }
    size_t most_bytes = oracle_most_committed(run);
    LAW_AT(run, FOOTPRINT, world_committed_bytes() <= most_bytes, place_heap(),
           "the heap holds %zu bytes of pages for %zu blocks of %zu bytes, %zu at the peak; it may "
           "hold %zu",
           world_committed_bytes(), model.live_blocks, model.live_bytes, model.peak_live_bytes,
           most_bytes);
}

enum outcome oracle_minimized(struct run *run)
{
    check_footprint(run);
    return OUTCOME_DONE;
}

static CHECK void check_live_counts(struct run *run, const struct counts *counts)
{
    LAW(run, COUNTS,
        counts->live_blocks == model.live_blocks && counts->live_bytes == model.live_bytes,
        "the heap counts %zu blocks of %zu bytes, %zu of %zu are live", counts->live_blocks,
        counts->live_bytes, model.live_blocks, model.live_bytes);
}

static CHECK void check_committed_count(struct run *run, const struct counts *counts)
{
    LAW(run, COUNTS, counts->committed_bytes == world_committed_bytes(),
        "%zu bytes are counted as committed, the world has given %zu", counts->committed_bytes,
        world_committed_bytes());
}

static CHECK void check_invariants(struct run *run)
{
    const struct subject *subject = run->plan.subject;
    if (subject->check != NULL) {
        const void *where = NULL;
        run_own_call(run, "check", RUN_NO_NUMBER);
        const char *broken = subject->check(&where);
        run_own_call_done(run);
        LAW_AT(run, INVARIANT, broken == NULL, place_address(where, "wrong here"),
               "it does not hold that %s: see %s", broken, place_name((uintptr_t)where));
    }
}

// After which kind of op something is seen is part of a crash's stack: there is one of these for
// each, and its name is the third frame.
#define LOOKS_AFTER(kind)                                                                          \
    static CHECK void between_##kind(struct run *run)                                              \
    {                                                                                              \
        oracle_check_faultless(run);                                                               \
        check_pages(run);                                                                          \
        if (model.live_blocks > 0) {                                                               \
            uint32_t slot = model_live_slot(run->rolling++ % model.live_blocks);                   \
            oracle_check_size(run, slot, call_size(run, FACE_HEAP, model.slots[slot].block));      \
            oracle_bytes(run, slot);                                                               \
        }                                                                                          \
    }                                                                                              \
    static CHECK void walk_##kind(struct run *run)                                                 \
    {                                                                                              \
        struct counts counts;                                                                      \
        if (run->plan.subject->count != NULL && run->plan.subject->count(&counts)) {               \
            check_live_counts(run, &counts);                                                       \
            check_committed_count(run, &counts);                                                   \
        }                                                                                          \
        check_invariants(run);                                                                     \
    }
LOOKS_AFTER(allocate)
LOOKS_AFTER(reallocate)
LOOKS_AFTER(free)
LOOKS_AFTER(other)
LOOKS_AFTER(end)
#undef LOOKS_AFTER

void oracle_between(struct run *run)
{
    if (run->op_index == run->program->count) {
        between_end(run);
    } else if (verb_allocates(run->verb)) {
        between_allocate(run);
    } else if (verb_reallocates(run->verb)) {
        between_reallocate(run);
    } else if (verb_frees(run->verb)) {
        between_free(run);
    } else {
        between_other(run);
    }
}

void oracle_walk(struct run *run)
{
    if (run->op_index == run->program->count) {
        walk_end(run);
    } else if (verb_allocates(run->verb)) {
        walk_allocate(run);
    } else if (verb_reallocates(run->verb)) {
        walk_reallocate(run);
    } else if (verb_frees(run->verb)) {
        walk_free(run);
    } else {
        walk_other(run);
    }
}

// Before anything is given back by hand: the heap itself has to make the room.
static CHECK void check_capacity(struct run *run)
{
    const struct subject *subject = run->plan.subject;
    size_t size_bytes = subject->largest == NULL ? 0 : subject->largest(run->arena_bytes);
    if (size_bytes == 0) {
        return;
    }
    char arena[ORACLE_ARENA_BYTES];
    run_own_call(run, "Allocate of the largest block, bytes: ", size_bytes);
    void *block = IAtlMemMgr_Allocate(run->heap, size_bytes);
    run_own_call_done(run);
    LAW_AT(run, CAPACITY, block != NULL, place_heap(),
           "NULL for %zu bytes%s, where nothing is live, and the world refused nothing", size_bytes,
           oracle_arena(run, arena));
    run_own_call(run, "Free of the largest block, bytes: ", size_bytes);
    IAtlMemMgr_Free(run->heap, block);
    run_own_call_done(run);
}

static CHECK void check_nothing_live(struct run *run)
{
    const struct subject *subject = run->plan.subject;
    struct counts counts;
    if (subject->count != NULL && subject->count(&counts)) {
        LAW(run, EMPTY, counts.live_blocks == 0 && counts.live_bytes == 0,
            "%zu blocks of %zu bytes are live after everything is freed", counts.live_blocks,
            counts.live_bytes);
    }
}

static CHECK void check_pages_back(struct run *run)
{
    LAW_AT(run, EMPTY, world_committed_bytes() <= run->fresh_committed_bytes, place_heap(),
           "%zu bytes stay committed after everything is freed, %zu in a fresh heap",
           world_committed_bytes(), run->fresh_committed_bytes);
}

void oracle_empty(struct run *run)
{
    check_nothing_live(run);
    if (model_is_as_new()) { // Other lanes may hold what only minimizing or want of room gets back.
        check_footprint(run);
    }
    check_capacity(run);
    check_pages(run);
    if (run->plan.subject->minimize != NULL) {
        run_own_call(run, "minimize", RUN_NO_NUMBER);
        run->plan.subject->minimize();
        run_own_call_done(run);
        check_pages_back(run);
    }
    oracle_walk(run);
}

static CHECK void check_repeated(struct run *run, size_t other)
{
    LAW(run, SAME, other != run->program->count,
        "a second run differs from the first in a call that a repeat makes");
}

// As the report has it.
static const char *answer_text(const struct answer *answer, char text[24])
{
    if (answer->kind == ANSWER_SIZE) {
        return place_size(answer->value);
    }
    if (answer->kind == ANSWER_NUMBER) {
        int number = (int)answer->value;
        (void)snprintf(text, 24, number < -1 ? "0x%08x" : "%d", (unsigned)number);
        return text;
    }
    return answer->kind == ANSWER_NONE ? "nothing" : place_name(answer->value);
}

static CHECK void check_op(struct run *run, size_t other, const struct answer *before)
{
    char texts[2][24];
    run->op_index = other;
    LAW(run, SAME, false,
        "op %zu answered %s the first time, and %s when the same program ran again on a new heap",
        other + 1, answer_text(&before[other], texts[0]),
        answer_text(&run->answers[other], texts[1]));
}

void oracle_same(struct run *run, size_t other, const struct answer *before)
{
    check_repeated(run, other);
    if (other < run->program->count) {
        check_op(run, other, before);
    }
}
