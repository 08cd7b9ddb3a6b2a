// Keeps the model's slots, and the live ones in the order of their blocks' addresses. They are in a
// sorted array, and a binary search finds the neighbours of a place. So no overlap can hide,
// whichever block encloses the other.

#include "laws/model.h"

#include "language/size.h"
#include "world/asan.h"

// The alignment of a block of task memory (spec A12).
#define ALIGNMENT_BYTES (2 * sizeof(void *))

struct model model;

static uint32_t live_slots[SLOTS];

static uint32_t known_slots[SLOTS];
static size_t known_count;

void model_clear(void)
{
    for (size_t i = 0; i < known_count; i++) {
        model.slots[known_slots[i]] = (struct held){0};
    }
    known_count = 0;
    model.live_blocks = 0;
    model.live_bytes = 0;
    model.peak_live_bytes = 0;
    model.grown_bytes = 0;
    model.peak_grown_bytes = 0;
    model.aligned_bytes = 0;
    model.wrapped_blocks = 0;
    model.fills = 0;
    model_minimize();
}

bool model_is_as_new(bool stays_used)
{
    return model.live_blocks == 0 && !model.is_mixed && !(stays_used && model.is_used);
}

static void forget_grants(void)
{
    if (model_is_as_new(model.stays_used)) {
        model.since_empty_bytes = 0;
        model.since_empty_blocks = 0;
    }
}

void model_enter(enum lane lane)
{
    model.is_mixed = model.is_mixed || (model.is_used && lane != model.lane);
    model.lane = lane;
}

void model_minimize(void)
{
    model.requests++;
    if (model.live_blocks == 0) {
        model.is_used = false;
        model.is_mixed = false;
        forget_grants();
    }
}

static uintptr_t begin_of(uint32_t slot)
{
    return (uintptr_t)model.slots[slot].block;
}

static uintptr_t front_of(uint32_t slot)
{
    return begin_of(slot) - model.slots[slot].front_bytes;
}

// Returns the end of a block. A block of 0 bytes takes one byte here: its address is its own.
static uintptr_t end_of(uintptr_t begin, size_t size_bytes)
{
    size_t taken_bytes = size_bytes == 0 ? 1 : size_bytes;
    return taken_bytes > UINTPTR_MAX - begin ? UINTPTR_MAX : begin + taken_bytes;
}

size_t model_end_bytes(const struct held *held)
{
    return size_sum(held->size_bytes, held->tail_bytes + held->spare_bytes);
}

static uintptr_t end_of_slot(uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    return end_of(begin_of(slot), size_sum(model_end_bytes(held), held->slack_bytes));
}

size_t model_real_bytes(const struct held *held)
{
    return size_sum(held->front_bytes, model_end_bytes(held));
}

size_t model_spare_bytes(size_t size_bytes, size_t asked_bytes)
{
    return size_bytes == 0 && asked_bytes > 0 && asked_bytes % ALIGNMENT_BYTES == 0;
}

// Returns the number of live blocks that begin below an address. The last result is tried first:
// most calls are about the same block as the call before.
static size_t place_of(uintptr_t begin)
{
    static size_t last;
    size_t low = 0;
    size_t high = model.live_blocks;
    if (last < high && begin_of(live_slots[last]) == begin) {
        return last;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (begin_of(live_slots[middle]) < begin) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    last = low;
    return low;
}

// Returns the slot of a live block that the range overlaps; SLOTS iff none does.
static uint32_t overlapped_by(size_t place, uintptr_t begin, uintptr_t end)
{
    if (place > 0) {
        uint32_t before = live_slots[place - 1];
        if (end_of_slot(before) > begin) {
            return before;
        }
    }
    bool meets_next = place < model.live_blocks && front_of(live_slots[place]) < end;
    return meets_next ? live_slots[place] : SLOTS;
}

// Moves live slots from one place to another. Does not call memmove: AddressSanitizer's first looks
// at the shadow of the whole range, which takes longer.
UNINSTRUMENTED NO_LIBRARY_CALLS static void shift(size_t from, size_t to, size_t count)
{
    if (from > to) {
        for (size_t i = 0; i < count; i++) {
            live_slots[to + i] = live_slots[from + i];
        }
    } else {
        for (size_t i = count; i > 0; i--) {
            live_slots[to + i - 1] = live_slots[from + i - 1];
        }
    }
}

static void set_live_bytes(size_t live_bytes)
{
    model.live_bytes = live_bytes;
    if (live_bytes > model.peak_live_bytes) {
        model.peak_live_bytes = live_bytes;
    }
}

// Sets the largest size that the block has had.
static void set_grown_bytes(struct held *held, size_t size_bytes)
{
    model.grown_bytes = size_sum(model.grown_bytes - held->grown_bytes, size_bytes);
    held->grown_bytes = size_bytes;
    if (model.grown_bytes > model.peak_grown_bytes) {
        model.peak_grown_bytes = model.grown_bytes;
    }
}

static void insert(size_t place, uint32_t slot)
{
    shift(place, place + 1, model.live_blocks - place);
    live_slots[place] = slot;
    model.live_blocks++;
}

void model_refuse(void)
{
    model.requests++;
}

void model_pass(size_t size_bytes)
{
    size_t live_bytes = model.live_bytes;
    set_live_bytes(size_sum(live_bytes, size_bytes));
    model.live_bytes = live_bytes;
    model.since_empty_bytes = size_sum(model.since_empty_bytes, size_bytes);
    model.since_empty_blocks++;
    model.is_used = true;
    model.requests++;
}

uint32_t model_begin(uint32_t slot, void *block, size_t size_bytes)
{
    uintptr_t begin = (uintptr_t)block;
    size_t place = place_of(begin);
    uintptr_t end = end_of(begin, size_sum(size_bytes, model.tail_bytes));
    uint32_t overlapped = overlapped_by(place, begin - model.front_bytes, end);
    if (overlapped != SLOTS) {
        return overlapped;
    }
    struct held *held = &model.slots[slot];
    if (!held->is_known) {
        known_slots[known_count++] = slot;
    }
    *held = (struct held){
        .block = block,
        .size_bytes = size_bytes,
        .lane = model.lane,
        .front_bytes = model.front_bytes,
        .tail_bytes = model.tail_bytes,
        .spare_bytes = model_spare_bytes(size_bytes, model.front_bytes + model.tail_bytes),
        .is_wrapped = model.is_wrapped,
        .is_live = true,
        .is_known = true,
    };
    model.is_used = true;
    model.requests++;
    insert(place, slot);
    model.wrapped_blocks += held->is_wrapped;
    set_live_bytes(size_sum(model.live_bytes, model_real_bytes(held)));
    set_grown_bytes(held, model_real_bytes(held));
    held->room_bytes = model_real_bytes(held);
    model.since_empty_bytes = size_sum(model.since_empty_bytes, model_real_bytes(held));
    model.since_empty_blocks++;
    return SLOTS;
}

static void end_block(uint32_t slot)
{
    struct held *held = &model.slots[slot];
    size_t place = place_of((uintptr_t)held->block);
    model.live_blocks--;
    shift(place + 1, place, model.live_blocks - place);
    held->is_live = false;
    model.live_bytes -= model_real_bytes(held);
    set_grown_bytes(held, 0);
    model.wrapped_blocks -= held->is_wrapped;
    held->last_bytes = held->size_bytes;
    held->ended_at = model.requests;
    held->size_bytes = 0;
}

void model_end(uint32_t slot)
{
    end_block(slot);
    forget_grants();
}

uint32_t model_move(uint32_t slot, void *block, size_t size_bytes)
{
    end_block(slot);
    return model_begin(slot, block, size_bytes);
}

// A block that is reallocated through a wrapper is wrapped from then on. The wrapper's bytes in
// front can't change while the block stays in place.
uint32_t model_resize(uint32_t slot, size_t size_bytes)
{
    struct held *held = &model.slots[slot];
    uintptr_t begin = (uintptr_t)held->block;
    size_t place = place_of(begin) + 1;
    size_t former_bytes = model_real_bytes(held);
    uintptr_t end = end_of(begin, size_sum(size_bytes, model.tail_bytes));
    if (place < model.live_blocks && front_of(live_slots[place]) < end) {
        return live_slots[place];
    }
    model.requests++;
    model.wrapped_blocks += model.is_wrapped && !held->is_wrapped;
    held->is_wrapped = model.is_wrapped;
    held->tail_bytes = model.tail_bytes;
    held->spare_bytes = 0; // A reallocated block has at least one byte.
    held->slack_bytes = 0;
    held->size_bytes = size_bytes;
    size_t real_bytes = model_real_bytes(held);
    if (real_bytes > former_bytes) {
        model.since_empty_bytes = size_sum(model.since_empty_bytes, real_bytes - former_bytes);
        model.since_empty_blocks++;
    }
    set_live_bytes(size_sum(model.live_bytes - former_bytes, real_bytes));
    if (real_bytes > held->grown_bytes) {
        set_grown_bytes(held, real_bytes);
    }
    size_t kept_bytes = size_sum(real_bytes, real_bytes);
    if (real_bytes > held->room_bytes) {
        held->room_bytes = real_bytes;
    } else if (real_bytes < former_bytes && kept_bytes < held->room_bytes) {
        held->room_bytes = kept_bytes;
    }
    return SLOTS;
}

void model_give_room(uint32_t slot, size_t room_bytes)
{
    model.slots[slot].room_bytes = room_bytes;
}

uint32_t model_give_slack(uint32_t slot, size_t slack_bytes)
{
    struct held *held = &model.slots[slot];
    size_t place = place_of((uintptr_t)held->block) + 1;
    uintptr_t end = end_of(begin_of(slot), size_sum(model_end_bytes(held), slack_bytes));
    if (place < model.live_blocks && front_of(live_slots[place]) < end) {
        return live_slots[place];
    }
    held->slack_bytes = slack_bytes;
    return SLOTS;
}

bool model_has(uint32_t slot, const void *address)
{
    uintptr_t begin = begin_of(slot);
    return (uintptr_t)address >= begin &&
           (uintptr_t)address < end_of(begin, model_end_bytes(&model.slots[slot]));
}

uint32_t model_live_slot(size_t index)
{
    return live_slots[index];
}

bool model_is_freed(uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    return held->block != NULL && !held->is_live && held->ended_at == model.requests;
}

bool model_was_freed_at(uintptr_t address)
{
    for (size_t i = 0; i < known_count; i++) {
        if (begin_of(known_slots[i]) == address && model_is_freed(known_slots[i])) {
            return true;
        }
    }
    return false;
}

bool model_starts_at(const void *address)
{
    size_t place = place_of((uintptr_t)address);
    return place < model.live_blocks && begin_of(live_slots[place]) == (uintptr_t)address;
}

const struct held *model_at(const void *address)
{
    size_t place = place_of((uintptr_t)address);
    bool is_there = model_starts_at(address);
    return is_there ? &model.slots[live_slots[place]] : NULL;
}

bool model_owns(const void *address)
{
    size_t place = place_of((uintptr_t)address);
    bool is_front = place < model.live_blocks && front_of(live_slots[place]) == (uintptr_t)address;
    return is_front || model_starts_at(address);
}

struct neighbours model_neighbours(const void *address)
{
    size_t place = place_of((uintptr_t)address);
    size_t after = place + model_starts_at(address);
    return (struct neighbours){
        .previous = place > 0 ? &model.slots[live_slots[place - 1]] : NULL,
        .next = after < model.live_blocks ? &model.slots[live_slots[after]] : NULL,
    };
}

uint32_t model_next(uintptr_t address)
{
    size_t place = place_of(address);
    uint32_t before = place > 0 ? live_slots[place - 1] : SLOTS;
    if (before != SLOTS && end_of_slot(before) > address) {
        return before;
    }
    return place < model.live_blocks ? live_slots[place] : SLOTS;
}

bool model_holds(const void *address)
{
    uint32_t slot = model_next((uintptr_t)address);
    return slot != SLOTS && begin_of(slot) <= (uintptr_t)address;
}

size_t model_size_of(const void *unused, uint32_t slot)
{
    (void)unused;
    return model.slots[slot].size_bytes;
}
