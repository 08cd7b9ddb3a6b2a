// Checks the heap as a whole against laws: each live block in turn, its counts, pages and
// invariants. Nothing may stay when everything is freed. The results of calls are not checked here.

#include "laws/oracle.h"

#include "language/size.h"
#include "laws/model.h"
#include "laws/oracle_parts.h"
#include "laws/place.h"
#include "world/world.h"

static CHECK void check_pages(const struct heap *heap)
{
    if (!subject_takes_pages(heap->subject)) {
        return;
    }
    LAW_AT(PAGES, world_breach() == NULL, place_address(world_breach_at(), "from here on"),
           "%s: %s", world_breach(), place_name((uintptr_t)world_breach_at()));
}

bool oracle_count(const struct heap *heap, struct heapfuzz_counts *counts)
{
    if (heap->subject->port.count == NULL) {
        return false;
    }
    *counts = (struct heapfuzz_counts){SIZE_MAX, SIZE_MAX, SIZE_MAX};
    heap->subject->port.count(counts);
    return true;
}

bool oracle_counts_agree(const struct heapfuzz_counts *counts)
{
    return (counts->live_blocks == SIZE_MAX || counts->live_blocks == model.live_blocks) &&
           (counts->live_bytes == SIZE_MAX || counts->live_bytes == model.live_bytes);
}

void oracle_every_block(struct heap *heap)
{
    for (size_t i = 0; i < model.live_blocks; i++) {
        uint32_t slot = model_live_slot(i);
        oracle_check_size(heap, slot, heap_size(heap, FACE_HEAP, model.slots[slot].block));
        oracle_bytes(slot);
    }
}

void oracle_sizes(struct heap *heap)
{
    for (size_t i = 0; i < model.live_blocks; i++) {
        uint32_t slot = model_live_slot(i);
        oracle_check_size(heap, slot, heap_size(heap, FACE_HEAP, model.slots[slot].block));
    }
}

// Returns the sum of the alignments of live blocks.
static size_t aligned_bytes(void)
{
    size_t sum_bytes = 0;
    for (size_t i = 0; i < model.live_blocks; i++) {
        sum_bytes += model.slots[model_live_slot(i)].alignment_bytes;
    }
    return sum_bytes;
}

size_t oracle_most_committed(const struct heap *heap)
{
    const struct subject *subject = heap->subject;
    if (subject->promises.most_committed == NULL) {
        return SIZE_MAX;
    }
    struct heapfuzz_load load = {
        .arena_bytes = heap->arena_bytes,
        .fresh_bytes = heap->fresh_committed_bytes,
        .live_blocks = model.live_blocks,
        .waiting_blocks = model_is_as_new(model.stays_used) ? 0 : model.since_empty_blocks,
        .live_bytes = size_sum(model.live_bytes, aligned_bytes()),
        .peak_live_bytes = size_sum(model.peak_live_bytes, model.aligned_bytes),
        .peak_grown_bytes = size_sum(model.peak_grown_bytes, model.aligned_bytes),
    };
    return subject->promises.most_committed(&load);
}

// Returns the bytes of pages that the heap holds. The system's own count, where there is one, is
// larger if the heap gave pages back in a way that the system does not see.
static size_t held_bytes(const struct heap *heap)
{
    size_t (*count_charged)(void) = heap->subject->parts.charged_bytes;
    size_t charged_bytes = count_charged == NULL ? SIZE_MAX : count_charged();
    return charged_bytes == SIZE_MAX ? world_committed_bytes() : charged_bytes;
}

static CHECK void check_footprint(struct heap *heap)
{
    if (heap->subject->promises.most_committed == NULL) {
        return;
    }
    size_t most_bytes = oracle_most_committed(heap);
    size_t bytes = held_bytes(heap);
    LAW_AT(FOOTPRINT, bytes <= most_bytes, place_heap(),
           "the heap holds %zu bytes of pages for %zu blocks of %zu bytes, %zu at the peak; it may "
           "hold %zu",
           bytes, model.live_blocks, model.live_bytes, model.peak_live_bytes, most_bytes);
}

enum outcome oracle_minimized(struct heap *heap)
{
    check_footprint(heap);
    return OUTCOME_DONE;
}

static CHECK void check_live_counts(const struct heapfuzz_counts *counts)
{
    LAW(COUNTS, oracle_counts_agree(counts),
        "the heap counts %s blocks of %s bytes, %zu of %zu are live",
        place_size(counts->live_blocks), place_size(counts->live_bytes), model.live_blocks,
        model.live_bytes);
}

static CHECK void check_committed_count(const struct heapfuzz_counts *counts)
{
    LAW(COUNTS,
        counts->committed_bytes == SIZE_MAX || counts->committed_bytes == world_committed_bytes(),
        "%zu bytes are counted as committed, the world has given %zu", counts->committed_bytes,
        world_committed_bytes());
}

static CHECK void check_invariants(struct heap *heap)
{
    const struct subject *subject = heap->subject;
    if (subject->port.check != NULL) {
        const void *where = NULL;
        heap_own_call(heap, "check", HEAP_NO_NUMBER);
        const char *broken = subject->port.check(&where);
        heap_own_call_done(heap);
        LAW_AT(INVARIANT, broken == NULL, place_address(where, "wrong here"),
               "it does not hold that %s: see %s", broken, place_name((uintptr_t)where));
    }
}

// The kind of op is part of a crash's stack: there is one of these functions for each kind, and its
// name is the third frame.
#define LOOKS_AFTER(kind)                                                                          \
    static CHECK void between_##kind(struct heap *heap)                                            \
    {                                                                                              \
        oracle_check_faultless(heap);                                                              \
        check_pages(heap);                                                                         \
        if (model.live_blocks > 0) {                                                               \
            uint32_t slot = model_live_slot(heap->rolling++ % model.live_blocks);                  \
            oracle_check_size(heap, slot, heap_size(heap, FACE_HEAP, model.slots[slot].block));    \
            oracle_bytes(slot);                                                                    \
        }                                                                                          \
    }                                                                                              \
    static CHECK void walk_##kind(struct heap *heap)                                               \
    {                                                                                              \
        struct heapfuzz_counts counts;                                                             \
        if (oracle_count(heap, &counts)) {                                                         \
            check_live_counts(&counts);                                                            \
            check_committed_count(&counts);                                                        \
        }                                                                                          \
        check_invariants(heap);                                                                    \
    }
LOOKS_AFTER(allocate)
LOOKS_AFTER(reallocate)
LOOKS_AFTER(free)
LOOKS_AFTER(other)
LOOKS_AFTER(end)
#undef LOOKS_AFTER

void oracle_between(struct heap *heap, enum moment moment)
{
    static void (*const looks[])(struct heap *) = {between_allocate, between_reallocate,
                                                   between_free, between_other, between_end};
    looks[moment](heap);
}

void oracle_walk(struct heap *heap, enum moment moment)
{
    static void (*const walks[])(struct heap *) = {walk_allocate, walk_reallocate, walk_free,
                                                   walk_other, walk_end};
    walks[moment](heap);
}

// Returns whether the heap grants a block of this size, which it gives back.
static bool grants(struct heap *heap, size_t size_bytes)
{
    heap_own_call(heap, "Allocate of the largest block, bytes: ", size_bytes);
    void *block = heap->subject->port.allocate(size_bytes);
    heap_own_call_done(heap);
    if (block != NULL) {
        heap_own_call(heap, "Free of the largest block, bytes: ", size_bytes);
        heap->subject->port.free(block);
        heap_own_call_done(heap);
    }
    return block != NULL;
}

size_t oracle_measure(struct heap *heap)
{
    size_t granted = 0;
    size_t refused = heap->arena_bytes + 1;
    while (refused - granted > 1) {
        size_t middle = granted + (refused - granted) / 2;
        if (grants(heap, subject_allowed_bytes(heap->subject, middle))) {
            granted = middle;
        } else {
            refused = middle;
        }
    }
    return subject_allowed_bytes(heap->subject, granted);
}

size_t oracle_largest(const struct heap *heap)
{
    const struct subject *subject = heap->subject;
    return subject->promises.largest == NULL ? heap->largest_bytes
                                             : subject->promises.largest(heap->arena_bytes);
}

// Runs before any minimizing: the heap itself has to make the room.
static CHECK void check_capacity(struct heap *heap)
{
    size_t size_bytes = oracle_largest(heap);
    if (size_bytes != 0) {
        char arena[ORACLE_ARENA_BYTES];
        LAW_AT(CAPACITY, grants(heap, size_bytes), place_heap(),
               "NULL for %zu bytes%s, where nothing is live, and the world refused nothing",
               size_bytes, oracle_arena(heap, arena));
    }
}

static CHECK void check_nothing_live(struct heap *heap)
{
    struct heapfuzz_counts counts;
    if (oracle_count(heap, &counts)) {
        LAW(EMPTY, oracle_counts_agree(&counts),
            "%s blocks of %s bytes are live after everything is freed",
            place_size(counts.live_blocks), place_size(counts.live_bytes));
    }
}

static CHECK void check_pages_back(struct heap *heap)
{
    size_t bytes = held_bytes(heap);
    LAW_AT(EMPTY, bytes <= heap->fresh_committed_bytes, place_heap(),
           "%zu bytes stay committed after everything is freed, %zu in a fresh heap", bytes,
           heap->fresh_committed_bytes);
}

void oracle_empty(struct heap *heap, enum moment moment)
{
    check_nothing_live(heap);
    if (model_is_as_new(false)) { // Other lanes may hold pages until minimizing or a lack of room.
        check_footprint(heap);
    }
    check_capacity(heap);
    check_pages(heap);
    if (heap->subject->port.minimize != NULL) {
        heap_own_call(heap, "minimize", HEAP_NO_NUMBER);
        heap->subject->port.minimize();
        heap_own_call_done(heap);
        check_pages_back(heap);
    }
    oracle_walk(heap, moment);
}
