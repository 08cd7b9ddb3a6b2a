// The set of spied pointers: a hash table with linear probing, in one block of a heap of its own,
// so that what a spy costs is nowhere in the heap that it looks at.
//
//     | 0 | p | q | 0 | 0 | r | 0 | 0 |    q belongs where p is: it stands in the next free slot
//
// A pointer that goes is closed up behind, so a search ends at the first free slot. Of four slots
// one at least is free. The table doubles, and never shrinks: it lives as long as its spy.
//
// Doesn't lock, and does not follow a pointer.

#include "com/spied.h"

#include <comheap/heap.h>

#include <string.h>

#define FIRST_LOG2 10U

// Half of the arena at most is the largest table, beside the one that it grew out of.
#define ARENA_BYTES ((size_t)(SIZE_MAX > UINT32_MAX ? 0x40000000 : 0x4000000))

static size_t mask_of(const struct ch_spied *spied)
{
    return ((size_t)1 << spied->slots_log2) - 1;
}

// Callers' pointers differ in their middle bits; the multiplication carries these to the top.
static size_t home_of(const struct ch_spied *spied, uintptr_t pointer)
{
    uint64_t mixed = (uint64_t)pointer * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(mixed >> (64 - spied->slots_log2));
}

// Returns the slot that the pointer is in, or else the free one in which its search ends.
static size_t find(const struct ch_spied *spied, uintptr_t pointer)
{
    size_t slot = home_of(spied, pointer);
    while (spied->slots[slot] != 0 && spied->slots[slot] != pointer) {
        slot = (slot + 1) & mask_of(spied);
    }
    return slot;
}

static uintptr_t *new_slots(struct ch_heap *heap, unsigned slots_log2)
{
    size_t size_bytes = sizeof(uintptr_t) << slots_log2;
    uintptr_t *slots = ch_heap_alloc(heap, size_bytes);
    return slots != NULL ? memset(slots, 0, size_bytes) : NULL;
}

bool ch_spied_open(struct ch_spied *spied)
{
    *spied = (struct ch_spied){.slots_log2 = FIRST_LOG2};
    spied->heap = ch_heap_create(&(struct ch_config){.arena_bytes = ARENA_BYTES});
    if (spied->heap == NULL) {
        return false;
    }
    spied->slots = new_slots(spied->heap, FIRST_LOG2);
    if (spied->slots == NULL) {
        ch_spied_close(spied);
        return false;
    }
    return true;
}

void ch_spied_close(struct ch_spied *spied)
{
    ch_heap_destroy(spied->heap);
    *spied = (struct ch_spied){0};
}

static bool grow(struct ch_spied *spied)
{
    struct ch_spied grown = *spied;
    grown.slots_log2++;
    grown.slots = new_slots(spied->heap, grown.slots_log2);
    if (grown.slots == NULL) {
        return false;
    }
    for (size_t slot = 0; slot <= mask_of(spied); slot++) {
        uintptr_t pointer = spied->slots[slot];
        if (pointer != 0) {
            grown.slots[find(&grown, pointer)] = pointer;
        }
    }
    ch_heap_free(spied->heap, spied->slots);
    *spied = grown;
    return true;
}

bool ch_spied_reserve(struct ch_spied *spied)
{
    size_t slots = mask_of(spied) + 1;
    if (spied->count + spied->reserved >= slots - slots / 4 && !grow(spied)) {
        return false;
    }
    spied->reserved++;
    return true;
}

void ch_spied_settle(struct ch_spied *spied, const void *pointer)
{
    spied->reserved--;
    if (pointer == NULL) {
        return;
    }
    size_t slot = find(spied, (uintptr_t)pointer);
    if (spied->slots[slot] == 0) {
        spied->slots[slot] = (uintptr_t)pointer;
        spied->count++;
    }
}

// What stands behind a slot that has come free may only stay where a search for it still finds it:
// unless its home lies behind that slot, it moves there.
static void close_up(struct ch_spied *spied, size_t free_slot)
{
    size_t mask = mask_of(spied);
    size_t slot = free_slot;
    for (;;) {
        slot = (slot + 1) & mask;
        uintptr_t pointer = spied->slots[slot];
        if (pointer == 0) {
            break;
        }
        size_t home = home_of(spied, pointer);
        if (((slot - home) & mask) >= ((slot - free_slot) & mask)) {
            spied->slots[free_slot] = pointer;
            free_slot = slot;
        }
    }
    spied->slots[free_slot] = 0;
}

void ch_spied_remove(struct ch_spied *spied, const void *pointer)
{
    size_t slot = find(spied, (uintptr_t)pointer);
    if (pointer != NULL && spied->slots[slot] != 0) {
        close_up(spied, slot);
        spied->count--;
    }
}

bool ch_spied_has(const struct ch_spied *spied, const void *pointer)
{
    return pointer != NULL && spied->slots[find(spied, (uintptr_t)pointer)] != 0;
}
