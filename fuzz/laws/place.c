// Notes of the place that a law is broken at. Knows the model's slots, and nothing of how a place
// is drawn.

#include "laws/place.h"

#include <inttypes.h>
#include <stdio.h>

#include "laws/fill.h"
#include "world/world.h"

#define NAMES 4U
#define NAME_BYTES 64U
#define NEAR_BYTES 4096U // A size so near to SIZE_MAX is printed by its distance.

struct place place;

void place_clear(void)
{
    place = (struct place){0};
}

static void begin(uintptr_t mark, size_t mark_bytes, const char *says)
{
    place =
        (struct place){.kind = PLACE_AROUND, .mark = mark, .mark_bytes = mark_bytes, .says = says};
}

static void tell(uint32_t slot)
{
    place.slots[place.slot_count++] = slot;
}

static struct extent *add(const void *block, size_t size_bytes)
{
    struct extent *extent = &place.extents[place.extent_count++];
    *extent = (struct extent){.begin = (uintptr_t)block, .size_bytes = size_bytes};
    return extent;
}

static void add_slot(uint32_t slot, const void *block, size_t size_bytes)
{
    struct extent *extent = add(block, size_bytes);
    (void)snprintf(extent->label, sizeof extent->label, "b%u: %zu byte%s", slot, size_bytes,
                   size_bytes == 1 ? "" : "s");
}

static void add_former(uint32_t slot, const char *what, const void *block, size_t size_bytes)
{
    struct extent *extent = add(block, size_bytes);
    (void)snprintf(extent->label, sizeof extent->label, "b%u, %s: %zu", slot, what, size_bytes);
}

void place_byte(uint32_t slot, size_t offset, const char *says)
{
    const struct held *held = &model.slots[slot];
    begin((uintptr_t)held->block + offset, 1, says);
    add_slot(slot, held->block, held->size_bytes);
    tell(slot);
}

void place_end(uint32_t slot, size_t answer)
{
    bool is_known = answer != SIZE_MAX;
    place_byte(slot, is_known ? answer : 0,
               is_known ? "its end, says GetSize" : "unknown to GetSize");
}

const char *place_size(size_t size_bytes)
{
    static char sizes[NAMES][24];
    static unsigned next;
    char *text = sizes[next++ % NAMES];
    if (size_bytes == SIZE_MAX) {
        return "SIZE_MAX";
    }
    bool is_near_most = SIZE_MAX - size_bytes < NEAR_BYTES;
    (void)snprintf(text, sizeof sizes[0], is_near_most ? "SIZE_MAX-%zu" : "%zu",
                   is_near_most ? SIZE_MAX - size_bytes : size_bytes);
    return text;
}

void place_wrong(uint32_t slot, size_t offset, const struct held *written, size_t kept_bytes)
{
    const struct held *held = &model.slots[slot];
    place_byte(slot, offset, "the first wrong byte");
    if (written->block != held->block) {
        add_former(slot, "before", written->block, written->size_bytes);
    }
    place.has_bytes = true;
    place.offset = offset;
    size_t end = fill_written_end(written->size_bytes, offset);
    place.end = end < kept_bytes ? end : kept_bytes;
    place.fill = written->fill;
}

void place_overlap(uint32_t slot, const void *block, size_t size_bytes, uint32_t other)
{
    const struct held *held = &model.slots[other];
    uintptr_t from = (uintptr_t)block;
    uintptr_t other_from = (uintptr_t)held->block;
    uintptr_t to = from + (size_bytes == 0 ? 1 : size_bytes);
    uintptr_t other_to = other_from + (held->size_bytes == 0 ? 1 : held->size_bytes);
    uintptr_t both_from = from > other_from ? from : other_from;
    begin(both_from, (to < other_to ? to : other_to) - both_from, "in both");
    add_slot(other, held->block, held->size_bytes);
    add_slot(slot, block, size_bytes);
    tell(other);
    tell(slot);
}

void place_granted(uint32_t slot, const void *block, size_t size_bytes, const char *says)
{
    begin((uintptr_t)block, 1, says);
    add_slot(slot, block, size_bytes);
    tell(slot);
}

void place_gone(uint32_t slot, const void *block, size_t size_bytes, const char *says)
{
    begin((uintptr_t)block, 1, says);
    add_former(slot, "freed", block, size_bytes);
}

void place_address(const void *address, const char *says)
{
    begin((uintptr_t)address, 1, says);
}

void place_heap(void)
{
    place = (struct place){.kind = PLACE_HEAP};
}

// The live block that an address lies in, or else ends at; SLOTS iff it is neither.
static uint32_t slot_around(uintptr_t address)
{
    uint32_t found = SLOTS;
    for (size_t i = 0; i < model.live_blocks; i++) {
        uint32_t slot = model_live_slot(i);
        uintptr_t block = (uintptr_t)model.slots[slot].block;
        if (address >= block && address - block <= model.slots[slot].size_bytes) {
            found = slot; // The last one: where one ends the next may begin.
        }
    }
    return found;
}

static bool is_in_world(uintptr_t address)
{
    uintptr_t start = (uintptr_t)world_start();
    return start != 0 && address >= start && address - start < world_most_bytes();
}

bool place_is_known(const void *address)
{
    uintptr_t at = (uintptr_t)address;
    return is_in_world(at) || slot_around(at) != SLOTS;
}

const char *place_name(uintptr_t address)
{
    static char names[NAMES][NAME_BYTES];
    static unsigned next;
    char *name = names[next++ % NAMES];
    uintptr_t start = (uintptr_t)world_start();
    if (address == 0) {
        return "NULL";
    }
    bool is_ours = is_in_world(address);
    int length = snprintf(name, NAME_BYTES, "%s0x%" PRIxPTR, is_ours ? "heap+" : "",
                          is_ours ? address - start : address);
    uint32_t slot = slot_around(address);
    if (slot != SLOTS) {
        size_t offset = address - (uintptr_t)model.slots[slot].block;
        if (offset == 0) {
            (void)snprintf(name + length, NAME_BYTES - (size_t)length, ", where b%u begins", slot);
        } else {
            (void)snprintf(name + length, NAME_BYTES - (size_t)length, ", byte %zu of b%u", offset,
                           slot);
        }
    }
    return name;
}
