// Records the place of a broken law. Knows the model's slots, and not how a place is printed.

#include "laws/place.h"

#include <inttypes.h>
#include <stdio.h>

#include "laws/fill.h"
#include "world/world.h"

#define NAMES 8U // Two for each text that stays valid.
#define NAME_BYTES 64U
#define NEAR_BYTES 4096U // Sizes this near to SIZE_MAX are printed by their distance.

struct place place;

void place_clear(void)
{
    place = (struct place){0};
}

static void begin(uintptr_t mark, const char *says)
{
    place = (struct place){.kind = PLACE_AROUND, .mark = mark, .says = says};
}

static void add(uint32_t slot, const void *block, size_t size_bytes, const char *was)
{
    place.extents[place.extent_count++] = (struct extent){slot, (uintptr_t)block, size_bytes, was};
}

void place_byte(uint32_t slot, size_t offset, const char *says)
{
    const struct held *held = &model.slots[slot];
    begin((uintptr_t)held->block + offset, says);
    add(slot, held->block, held->size_bytes, NULL);
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
    place_byte(slot, offset, "first wrong byte");
    if (written->block != held->block) {
        add(slot, written->block, written->size_bytes, "before");
    }
    place.has_bytes = true;
    size_t end = fill_written_end(written->size_bytes, offset);
    place.end = end < kept_bytes ? end : kept_bytes;
    place.fill = written->fill;
}

void place_overlap(uint32_t slot, const void *block, size_t size_bytes, uint32_t other)
{
    static char says[48];
    const struct held *held = &model.slots[other];
    uintptr_t from = (uintptr_t)block;
    uintptr_t other_from = (uintptr_t)held->block;
    uintptr_t to = from + (size_bytes == 0 ? 1 : size_bytes);
    uintptr_t other_to = other_from + (held->size_bytes == 0 ? 1 : held->size_bytes);
    size_t both = (to < other_to ? to : other_to) - (from > other_from ? from : other_from);
    (void)snprintf(says, sizeof says, "overlaps b%u by %zu byte%s", other, both,
                   both == 1 ? "" : "s");
    begin(from, says);
    add(slot, block, size_bytes, NULL);
    add(other, held->block, held->size_bytes, NULL);
}

void place_granted(uint32_t slot, const void *block, size_t size_bytes, const char *says)
{
    begin((uintptr_t)block, says);
    add(slot, block, size_bytes, NULL);
}

void place_gone(uint32_t slot, const void *block, size_t size_bytes, const char *says)
{
    begin((uintptr_t)block, says);
    add(slot, block, size_bytes, "freed");
}

void place_address(const void *address, const char *says)
{
    begin((uintptr_t)address, says);
}

void place_heap(void)
{
    place = (struct place){.kind = PLACE_HEAP};
}

// Returns the slot of the live block that an address lies in, or else ends at; SLOTS iff there is
// none.
static uint32_t slot_around(uintptr_t address)
{
    uint32_t found = SLOTS;
    for (size_t i = 0; i < model.live_blocks; i++) {
        uint32_t slot = model_live_slot(i);
        uintptr_t block = (uintptr_t)model.slots[slot].block;
        if (address >= block && address - block <= model.slots[slot].size_bytes) {
            found = slot; // The last one wins: where one ends the next may begin.
        }
    }
    return found;
}

// Returns whether an address is in the world, whose places are the same in every run. A range has
// the rest of the world on both sides.
static bool is_in_world(uintptr_t address)
{
    uintptr_t first = (uintptr_t)world_first();
    return first != 0 && address >= first && address - first < world_most_bytes();
}

bool place_is_known(const void *address)
{
    uintptr_t at = (uintptr_t)address;
    return is_in_world(at) || slot_around(at) != SLOTS;
}

static char *next_name(void)
{
    static char names[NAMES][NAME_BYTES];
    static unsigned next;
    return names[next++ % NAMES];
}

const char *place_pointer(uintptr_t address)
{
    char *name = next_name();
    bool is_ours = is_in_world(address);
    if (address == 0) {
        return "NULL";
    }
    uintptr_t start = (uintptr_t)world_start();
    bool is_before = is_ours && address < start;
    (void)snprintf(name, NAME_BYTES, "%s0x%" PRIxPTR,
                   !is_ours    ? ""
                   : is_before ? "heap-"
                               : "heap+",
                   !is_ours    ? address
                   : is_before ? start - address
                               : address - start);
    return name;
}

const char *place_name(uintptr_t address)
{
    uint32_t slot = slot_around(address);
    const char *pointer = place_pointer(address);
    char *name = next_name();
    if (address == 0 || slot == SLOTS) {
        return pointer;
    }
    size_t offset = address - (uintptr_t)model.slots[slot].block;
    if (offset == 0) {
        (void)snprintf(name, NAME_BYTES, "%s, where b%u begins", pointer, slot);
    } else {
        (void)snprintf(name, NAME_BYTES, "%s, byte %zu of b%u", pointer, offset, slot);
    }
    return name;
}
