// The model's slots, and the live blocks in the order of their addresses: an array in which the
// neighbours of a place are found by halving, so that an overlap, enclosing or enclosed, can't hide.

#include "harness/model.h"

#include <string.h>

struct model model;

struct extent {
    uintptr_t begin, end;
    uint32_t slot;
};

static struct extent extents[SLOTS];

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
    model.since_empty_bytes = 0;
    model.since_empty_blocks = 0;
    model.next_seed = 0;
}

// The index of the first extent that begins at or after an address.
static size_t place_of(uintptr_t begin)
{
    size_t low = 0;
    size_t high = model.live_blocks;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (extents[middle].begin < begin) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct extent extent_of(uint32_t slot, const void *block, size_t size_bytes)
{
    uintptr_t begin = (uintptr_t)block;
    size_t taken_bytes = size_bytes == 0 ? 1 : size_bytes;
    uintptr_t end = taken_bytes > UINTPTR_MAX - begin ? UINTPTR_MAX : begin + taken_bytes;
    return (struct extent){begin, end, slot};
}

static size_t plus(size_t a, size_t b)
{
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

static uint32_t insert(struct extent extent)
{
    size_t place = place_of(extent.begin);
    if (place > 0 && extents[place - 1].end > extent.begin) {
        return extents[place - 1].slot;
    }
    if (place < model.live_blocks && extents[place].begin < extent.end) {
        return extents[place].slot;
    }
    memmove(&extents[place + 1], &extents[place],
            (model.live_blocks - place) * sizeof extents[0]);
    extents[place] = extent;
    model.live_blocks++;
    return SLOTS;
}

uint32_t model_begin(uint32_t slot, void *block, size_t size_bytes)
{
    uint32_t overlapped = insert(extent_of(slot, block, size_bytes));
    if (overlapped != SLOTS) {
        return overlapped;
    }
    struct held *held = &model.slots[slot];
    if (!held->is_known) {
        known_slots[known_count++] = slot;
    }
    *held = (struct held){block, size_bytes, 0, true, true};
    model.live_bytes = plus(model.live_bytes, size_bytes);
    model.since_empty_bytes = plus(model.since_empty_bytes, size_bytes);
    model.since_empty_blocks++;
    return SLOTS;
}

void model_end(uint32_t slot)
{
    struct held *held = &model.slots[slot];
    size_t place = place_of((uintptr_t)held->block);
    model.live_blocks--;
    memmove(&extents[place], &extents[place + 1],
            (model.live_blocks - place) * sizeof extents[0]);
    held->is_live = false;
    model.live_bytes -= held->size_bytes;
    held->size_bytes = 0;
    if (model.live_blocks == 0) {
        model.since_empty_bytes = 0;
        model.since_empty_blocks = 0;
    }
}

uint32_t model_resize(uint32_t slot, size_t size_bytes)
{
    struct held *held = &model.slots[slot];
    struct extent extent = extent_of(slot, held->block, size_bytes);
    size_t place = place_of(extent.begin);
    if (place + 1 < model.live_blocks && extents[place + 1].begin < extent.end) {
        return extents[place + 1].slot;
    }
    extents[place] = extent;
    if (size_bytes > held->size_bytes) {
        size_t more = size_bytes - held->size_bytes;
        model.since_empty_bytes = plus(model.since_empty_bytes, more);
        model.since_empty_blocks++;
    }
    model.live_bytes = plus(model.live_bytes - held->size_bytes, size_bytes);
    held->size_bytes = size_bytes;
    return SLOTS;
}

uint32_t model_live_slot(size_t index)
{
    return extents[index].slot;
}

bool model_starts_at(const void *address)
{
    size_t place = place_of((uintptr_t)address);
    return place < model.live_blocks && extents[place].begin == (uintptr_t)address;
}

size_t model_size_of(const void *unused, uint32_t slot)
{
    (void)unused;
    return model.slots[slot].size_bytes;
}
