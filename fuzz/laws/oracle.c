// Checks results against laws, call by call. The model has the expected result, the subject the
// actual one. Where they differ, a law's own function reports, and the run ends. oracle_heap.c
// checks the heap as a whole.

#include "laws/oracle.h"

#include "language/size.h"
#include "laws/fill.h"
#include "laws/model.h"
#include "laws/oracle_parts.h"
#include "laws/over_read.h"
#include "laws/place.h"
#include "laws/reach.h"
#include "world/world.h"

CHECK void oracle_check_size(struct heap *heap, uint32_t slot, size_t answer)
{
    const struct subject *subject = heap->subject;
    size_t expected = model.slots[slot].size_bytes;
    if (subject->port.policies.size == HEAPFUZZ_SIZE_IS_NONE) {
        return;
    }
    const char *side = subject_is_exact(subject)                                 ? ""
                       : subject->port.policies.size == HEAPFUZZ_SIZE_IS_AT_MOST ? " or less"
                                                                                 : " or more";
    LAW_AT(EXACT_SIZE, subject_size_agrees(subject, answer, expected), place_end(slot, answer),
           "GetSize(b%u) is %s, expected %zu%s", slot, place_size(answer), expected, side);
    oracle_check_taken(heap, slot, answer);
}

CHECK void oracle_check_faultless(struct heap *heap)
{
    if (heap->subject->port.fault != NULL) {
        const void *where = NULL;
        const char *fault = heap->subject->port.fault(&where);
        LAW_AT(FAULTLESS, fault == NULL, place_address(where, "blamed"),
               "no rule is broken, but the heap raised a fault about %s: %s",
               place_name((uintptr_t)where), fault);
    }
}

static CHECK void check_bytes_kept(uint32_t slot, const struct held *before, size_t kept_bytes)
{
    const void *block = model.slots[slot].block;
    size_t wrong = fill_find_wrong(block, before->size_bytes, before->fill, kept_bytes);
    LAW_AT(PREFIX, wrong == SIZE_MAX, place_wrong(slot, wrong, before, kept_bytes),
           "byte %zu of b%u is 0x%02x, expected 0x%02x, which it was before Reallocate", wrong,
           slot, ((const unsigned char *)block)[wrong], fill_byte(before->fill, wrong));
}

// Returns the alignment that a block needs: the heap's own, or a larger one that was requested.
static size_t alignment_of(const struct heap *heap)
{
    size_t alignment_bytes = heap->subject->port.policies.alignment_bytes;
    size_t requested_bytes = heap->request.alignment_bytes;
    return requested_bytes > alignment_bytes ? requested_bytes : alignment_bytes;
}

static CHECK void check_zeroed(const struct heap *heap, uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    if (heap->request.is_zeroed) {
        const struct fill zeros = {0, 0};
        size_t wrong = fill_find_wrong(held->block, held->size_bytes, zeros, held->size_bytes);
        LAW_AT(ZEROED, wrong == SIZE_MAX, place_byte(slot, wrong, "not 0"),
               "byte %zu of b%u, which was requested as zeros, is 0x%02x", wrong, slot,
               ((const unsigned char *)held->block)[wrong]);
    }
}

static CHECK void check_no_overflow(const struct heap *heap, uint32_t slot, const void *block)
{
    if (heap->request.is_zeroed) {
        LAW_AT(ZEROED, heap->request.asked_bytes < SIZE_MAX,
               place_granted(slot, block, 0, "granted"),
               "a count of parts is granted whose sum is above SIZE_MAX");
    }
}

// Returns how many bytes past a block's end are checked: up to a page, and never the next block.
static size_t hidden_past_end(const struct held *held)
{
    const struct held *next = model_neighbours(held->block).next;
    uintptr_t end = (uintptr_t)held->block + model_end_bytes(held);
    uintptr_t begin = next == NULL ? UINTPTR_MAX : (uintptr_t)next->block - next->front_bytes;
    return begin - end < WORLD_PAGE_BYTES ? begin - end : WORLD_PAGE_BYTES;
}

static CHECK void check_past_end(struct heap *heap, uint32_t slot)
{
    if (!heap->subject->promises.hides_slack || !fill_sees_poison()) {
        return;
    }
    const struct held *held = &model.slots[slot];
    size_t end_bytes = model_end_bytes(held);
    const unsigned char *end = (const unsigned char *)held->block + end_bytes;
    size_t most = hidden_past_end(held);
    LAW_AT(PAST_END, most == 0 || fill_is_poisoned(end),
           place_byte(slot, end_bytes, "can be touched"),
           "byte %zu of b%u, the first past its end, can be touched", end_bytes, slot);
    // The rest of its last granule belongs to no other block, nor do the bytes beyond.
    size_t more = -end_bytes % heap->subject->port.policies.alignment_bytes;
    size_t places[] = {more < most ? more : most, most};
    for (unsigned i = 0; i < 2; i++) {
        size_t at = end_bytes + places[i] - 1;
        LAW_AT(PAST_END, places[i] == 0 || fill_is_poisoned(end + places[i] - 1),
               place_byte(slot, at, "can be touched"),
               "byte %zu of b%u, past its end, can be touched", at, slot);
    }
}

// Returns whether a block starts behind another one's end, in its slack.
static bool is_in_slack(uint32_t overlapped, const void *block)
{
    const struct held *held = &model.slots[overlapped];
    return held->slack_bytes > 0 && block > held->block && !model_has(overlapped, block);
}

// Checks the extent of a block that was just granted or resized.
static CHECK void check_disjoint(uint32_t slot, const void *block, size_t size_bytes,
                                 uint32_t overlapped)
{
    if (overlapped != SLOTS && is_in_slack(overlapped, block)) {
        LAW_AT(SLACK, false, place_overlap(slot, block, size_bytes, overlapped),
               "b%u lies in bytes that GetSize gives to b%u, which is live", slot, overlapped);
    }
    LAW_AT(DISJOINT, overlapped == SLOTS, place_overlap(slot, block, size_bytes, overlapped),
           "b%u of %zu bytes overlaps b%u, which is live", slot, size_bytes, overlapped);
}

static unsigned char *slack_of(const struct held *held)
{
    return (unsigned char *)held->block + model_end_bytes(held);
}

static CHECK void write_slack(uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    if (fill_sees_poison()) {
        const void *poisoned =
            fill_find_poisoned(held->block, model_end_bytes(held) + held->slack_bytes);
        size_t offset = (size_t)((const char *)poisoned - (const char *)held->block);
        LAW_AT(SLACK, poisoned == NULL, place_byte(slot, offset, "poisoned"),
               "byte %zu of b%u is poisoned, and its owner may use %zu", offset, slot,
               held->size_bytes + held->slack_bytes);
    }
    fill_write(slack_of(held), held->slack_bytes, held->fill);
}

static CHECK void check_slack_kept(uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    const unsigned char *slack = slack_of(held);
    size_t wrong = fill_find_wrong(slack, held->slack_bytes, held->fill, held->slack_bytes);
    LAW_AT(SLACK, wrong == SIZE_MAX, place_byte(slot, held->size_bytes + wrong, "changed"),
           "byte %zu of b%u is 0x%02x, expected 0x%02x, which its owner wrote into its slack",
           held->size_bytes + wrong, slot, slack[wrong], fill_byte(held->fill, wrong));
}

CHECK void oracle_write(uint32_t slot, struct fill fill)
{
    struct held *held = &model.slots[slot];
    held->fill = fill;
    if (fill_sees_poison()) {
        const void *poisoned = fill_find_poisoned(held->block, held->size_bytes);
        size_t offset = (size_t)((const char *)poisoned - (const char *)held->block);
        LAW_AT(WRITABLE, poisoned == NULL, place_byte(slot, offset, "poisoned"),
               "byte %zu of b%u, of %zu bytes, is poisoned: its owner can't write it", offset, slot,
               held->size_bytes);
    }
    fill_write(held->block, held->size_bytes, fill);
    if (held->slack_bytes > 0) {
        write_slack(slot);
    }
}

static void note_most(void)
{
    if (model.live_blocks > counters->most_live_blocks) {
        counters->most_live_blocks = model.live_blocks;
    }
    if (model.live_bytes > counters->most_live_bytes) {
        counters->most_live_bytes = model.live_bytes;
    }
    if (world_committed_bytes() > counters->most_committed_bytes) {
        counters->most_committed_bytes = world_committed_bytes();
    }
}

// Checks that a block lies in its heap's memory, before anything touches it.
static CHECK void check_inside(struct heap *heap, uint32_t slot, const void *block,
                               size_t size_bytes)
{
    if (!subject_ignores_world(heap->subject)) {
        LAW_AT(INSIDE, world_holds(block, size_bytes),
               place_granted(slot, block, size_bytes, "not inside"),
               "b%u of %s bytes is at %s, and its heap has %zu bytes", slot, place_size(size_bytes),
               place_name((uintptr_t)block), heap->arena_bytes);
    }
}

CHECK void oracle_surroundings(const struct heap *heap)
{
    if (!subject_takes_range(heap->subject)) {
        return;
    }
    const void *changed = world_trespass();
    LAW_AT(INSIDE, changed == NULL, place_address(changed, "written"),
           "the byte at %s is not in the heap's range, and was written",
           place_name((uintptr_t)changed));
}

static CHECK void check_granted(struct heap *heap, uint32_t slot, enum face face, const void *block,
                                size_t size_bytes)
{
    LAW_AT(LIMIT, size_bytes <= heap_limit_bytes(heap->subject, heap->extension, face),
           place_granted(slot, block, size_bytes, "granted"),
           "%s bytes granted, above the limit of %s", place_size(size_bytes),
           place_size(heap_limit_bytes(heap->subject, heap->extension, face)));
    LAW_AT(ALIGNED, (uintptr_t)block % alignment_of(heap) == 0,
           place_granted(slot, block, size_bytes, "not aligned"),
           "b%u is at %s, which is no multiple of %zu", slot, place_name((uintptr_t)block),
           alignment_of(heap));
}

static CHECK void check_zero_block(struct heap *heap, uint32_t slot, const void *block)
{
    if (heap->subject->port.policies.zero == HEAPFUZZ_ZERO_IS_NULL) {
        LAW_AT(ZERO, block == NULL, place_granted(slot, block, 0, "granted"),
               "0 bytes give a block, and the heap states NULL");
    }
}

// Returns the size of the block that was just granted.
static size_t held_bytes(const struct heap *heap)
{
    size_t size_bytes = heap->request.held_bytes;
    return size_bytes != 0 ? size_bytes : heap->subject->port.policies.zero_size_bytes;
}

enum outcome oracle_allocated(struct heap *heap, uint32_t slot, enum face face, void *block,
                              size_t size_bytes)
{
    oracle_check_faultless(heap);
    if (size_bytes == 0 && heap->request.held_bytes == 0) {
        check_zero_block(heap, slot, block);
    }
    if (block == NULL) {
        bool may_be =
            size_bytes == 0 && heap->subject->port.policies.zero != HEAPFUZZ_ZERO_IS_BLOCK;
        return may_be ? OUTCOME_DONE : oracle_not_allocated(heap, slot, face, size_bytes);
    }
    check_no_overflow(heap, slot, block);
    check_granted(heap, slot, face, block, size_bytes);
    size_bytes = held_bytes(heap);
    check_inside(heap, slot, block, size_bytes);
    bool has_room = heap->subject->promises.has_double_room &&
                    world_refusals() == heap->refusals_before &&
                    oracle_must_grant(heap, size_bytes);
    check_disjoint(slot, block, size_bytes, model_begin(slot, block, size_bytes));
    if (has_room) {
        model_give_room(slot, 2 * size_bytes);
    }
    size_t answer = heap_size(heap, FACE_HEAP, block);
    oracle_take(heap, slot, answer);
    oracle_check_size(heap, slot, answer);
    check_past_end(heap, slot);
    check_zeroed(heap, slot);
    oracle_write(slot, fill_of(++model.fills));
    reach_granted(heap, slot);
    note_most();
    return OUTCOME_GRANTED;
}

// Checks the remains of a block that is no longer live.
static CHECK void check_gone(struct heap *heap, uint32_t slot, const struct held *was)
{
    const struct subject *subject = heap->subject;
    const void *block = was->block;
    size_t size_bytes = was->size_bytes;
    bool is_reused = model_owns(block);
    if (subject->port.owns != NULL && !is_reused) {
        int answer = heap_owns(heap, block);
        bool may_be_anybodys = answer == 1 && subject->promises.shares_heap;
        LAW_AT(MEMBER, answer == 0 || may_be_anybodys,
               place_gone(slot, block, size_bytes, "freed, DidAlloc says live"),
               "DidAlloc of the former b%u is %d, expected 0", slot, answer);
    }
    // A block that has shrunk in place may still have had the pages of a large one.
    size_t freed_bytes =
        subject->promises.has_double_room ? was->grown_bytes : model_real_bytes(was);
    freed_bytes = size_sum(freed_bytes, was->alignment_bytes); // It may be larger for that.
    bool is_hidden = freed_bytes <= subject->promises.hides_freed_bytes;
    if (fill_sees_poison() && size_bytes > 0 && is_hidden && !is_reused) {
        const unsigned char *bytes = block;
        LAW_AT(FREED, fill_is_poisoned(bytes) && fill_is_poisoned(bytes + size_bytes - 1),
               place_gone(slot, block, size_bytes, "can be touched"),
               "the former b%u, %zu bytes, can still be touched", slot, size_bytes);
    }
}

static CHECK void check_zero(uint32_t slot, const void *block)
{
    LAW_AT(ZERO, block == NULL, place_byte(slot, 0, "still there"),
           "Reallocate(b%u, 0) is not NULL", slot);
}

// Returns whether a reallocation to 0 has freed the block.
static bool is_freed_by_zero(struct heap *heap, uint32_t slot, const void *block)
{
    enum heapfuzz_to_zero to_zero = heap->subject->port.policies.reallocate_to_zero;
    if (to_zero == HEAPFUZZ_TO_ZERO_FREES) {
        check_zero(slot, block);
    }
    return block == NULL && to_zero != HEAPFUZZ_TO_ZERO_SHRINKS;
}

static CHECK void check_in_place(struct heap *heap, uint32_t slot, const void *block)
{
    if (subject_stays_in_place(heap->subject) && oracle_may_stay(heap, model.slots[slot].block)) {
        LAW_AT(IN_PLACE, block == model.slots[slot].block,
               place_granted(slot, block, model.slots[slot].size_bytes, "moved here"),
               "Reallocate moved b%u to %s", slot, place_name((uintptr_t)block));
    }
}

enum outcome oracle_reallocated(struct heap *heap, uint32_t slot, enum face face, void *block,
                                size_t size_bytes)
{
    struct held before = model.slots[slot];
    oracle_check_faultless(heap);
    if (size_bytes == 0 && is_freed_by_zero(heap, slot, block)) {
        return oracle_freed(heap, slot);
    }
    if (block == NULL) {
        return oracle_not_reallocated(heap, slot, face, size_bytes);
    }
    check_granted(heap, slot, face, block, size_bytes);
    size_bytes = held_bytes(heap);
    check_inside(heap, slot, block, size_bytes);
    check_in_place(heap, slot, block);
    uint32_t overlapped = block == before.block ? model_resize(slot, size_bytes)
                                                : model_move(slot, block, size_bytes);
    check_disjoint(slot, block, size_bytes, overlapped);
    size_t answer = heap_size(heap, FACE_HEAP, block);
    oracle_take(heap, slot, answer);
    oracle_check_size(heap, slot, answer);
    check_past_end(heap, slot);
    if (block != before.block) {
        over_read_check(slot);
    }
    check_bytes_kept(slot, &before,
                     size_bytes < before.size_bytes ? size_bytes : before.size_bytes);
    oracle_write(slot, fill_of(++model.fills));
    if (block != before.block) {
        check_gone(heap, slot, &before);
    }
    reach_reallocated(heap, slot, &before);
    note_most();
    return block == before.block ? OUTCOME_IN_PLACE : OUTCOME_MOVED;
}

enum outcome oracle_freed(struct heap *heap, uint32_t slot)
{
    struct held was = model.slots[slot];
    oracle_check_faultless(heap);
    model_end(slot);
    reach_freed(was.block, was.size_bytes, was.lane);
    check_gone(heap, slot, &was);
    return OUTCOME_DONE;
}

static CHECK void check_null_size(size_t answer, size_t expected)
{
    LAW(NULL_SIZE, answer == expected, "GetSize(NULL) is %s, expected %s", place_size(answer),
        place_size(expected));
}

enum outcome oracle_sized(struct heap *heap, uint32_t slot, enum face face, size_t size_bytes)
{
    const struct heapfuzz_policies *policies = &heap->subject->port.policies;
    if (model.slots[slot].is_live) {
        oracle_check_size(heap, slot, size_bytes);
    } else if (policies->size_takes_null == HEAPFUZZ_YES) {
        size_t expected = heap_null_size_bytes(heap->subject, heap->extension, face);
        check_null_size(size_bytes, expected);
    }
    return OUTCOME_DONE;
}

// Denying a block and claiming an address are two different faults.
static CHECK void check_denied(const void *address, int answer)
{
    LAW_AT(MEMBER, answer == 1, place_address(address, "asked about"),
           "DidAlloc(%s) is %d, expected 1", place_name((uintptr_t)address), answer);
}

static CHECK void check_claimed(const void *address, int answer, int expected)
{
    LAW_AT(MEMBER, answer == expected, place_address(address, "asked about"),
           "DidAlloc(%s) is %d, expected %d", place_name((uintptr_t)address), answer, expected);
}

enum outcome oracle_owned(struct heap *heap, const void *address, int answer)
{
    int expected = address == NULL ? -1 : model_owns(address);
    bool may_be_anybodys = heap->subject->promises.shares_heap && !model_holds(address);
    if (address != NULL && answer == 1 && may_be_anybodys) {
        expected = 1;
    }
    if (expected == 1) {
        check_denied(address, answer);
    } else {
        check_claimed(address, answer, expected);
    }
    return OUTCOME_DONE;
}

CHECK void oracle_bytes(uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    size_t wrong = fill_find_wrong(held->block, held->size_bytes, held->fill, held->size_bytes);
    LAW_AT(BYTES, wrong == SIZE_MAX, place_wrong(slot, wrong, held, held->size_bytes),
           "byte %zu of b%u is 0x%02x, expected 0x%02x, which its owner wrote", wrong, slot,
           ((const unsigned char *)held->block)[wrong], fill_byte(held->fill, wrong));
    if (held->slack_bytes > 0) {
        check_slack_kept(slot);
    }
}
