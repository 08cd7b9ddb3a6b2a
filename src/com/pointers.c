// A set of pointers: a hash table with linear probing, in one block of the heap that its user
// gives.
//
//     | 0 | p | q | 0 | 0 | r | 0 | 0 |    q's home is p's slot: q is in the next free slot
//
// A removal closes the gap behind the pointer, so a search ends at the first free slot. At least
// one slot in four is free. The table doubles, and never shrinks.
//
// Each change holds the lock of the set. fork waits for that lock, so a child finds the set whole.
// The set never follows a pointer.

#include "com/pointers.h"

#include <comheap/heap.h>

#include <string.h>

#define FIRST_LOG2 10U

static size_t mask_of(const struct ch_pointers *set)
{
    return ((size_t)1 << set->slots_log2) - 1;
}

// Pointers of callers differ in their middle bits. The multiplication carries those to the top.
static size_t home_of(const struct ch_pointers *set, uintptr_t pointer)
{
    uint64_t mixed = (uint64_t)pointer * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(mixed >> (64 - set->slots_log2));
}

// Returns the slot that holds the pointer, or else the free slot where its search ends.
static size_t find(const struct ch_pointers *set, uintptr_t pointer)
{
    size_t slot = home_of(set, pointer);
    while (set->slots[slot] != 0 && set->slots[slot] != pointer) {
        slot = (slot + 1) & mask_of(set);
    }
    return slot;
}

static uintptr_t *new_slots(struct ch_heap *heap, unsigned slots_log2)
{
    size_t size_bytes = sizeof(uintptr_t) << slots_log2;
    uintptr_t *slots = ch_heap_alloc(heap, size_bytes);
    return slots != NULL ? memset(slots, 0, size_bytes) : NULL;
}

bool ch_pointers_open(struct ch_pointers *set, struct ch_heap *heap, struct ch_lock *lock)
{
    *set = (struct ch_pointers){.heap = heap, .lock = lock, .slots_log2 = FIRST_LOG2};
    set->slots = new_slots(heap, FIRST_LOG2);
    return set->slots != NULL;
}

static bool grow(struct ch_pointers *set)
{
    struct ch_pointers grown = *set;
    grown.slots_log2++;
    grown.slots = new_slots(set->heap, grown.slots_log2);
    if (grown.slots == NULL) {
        return false;
    }
    for (size_t slot = 0; slot <= mask_of(set); slot++) {
        uintptr_t pointer = set->slots[slot];
        if (pointer != 0) {
            grown.slots[find(&grown, pointer)] = pointer;
        }
    }
    ch_heap_free(set->heap, set->slots);
    *set = grown;
    return true;
}

bool ch_pointers_reserve(struct ch_pointers *set)
{
    size_t slots = mask_of(set) + 1;
    ch_lock_take(set->lock);
    bool has_place = set->count + set->reserved < slots - slots / 4 || grow(set);
    set->reserved += has_place;
    ch_lock_give(set->lock);
    return has_place;
}

void ch_pointers_settle(struct ch_pointers *set, const void *pointer)
{
    ch_lock_take(set->lock);
    set->reserved--;
    size_t slot = find(set, (uintptr_t)pointer);
    if (pointer != NULL && set->slots[slot] == 0) {
        set->slots[slot] = (uintptr_t)pointer;
        set->count++;
    }
    ch_lock_give(set->lock);
}

// A slot has come free. A later pointer moves into it, unless its home lies behind the free slot,
// since a search from its home would then miss it.
static void close_up(struct ch_pointers *set, size_t free_slot)
{
    size_t mask = mask_of(set);
    size_t slot = free_slot;
    for (;;) {
        slot = (slot + 1) & mask;
        uintptr_t pointer = set->slots[slot];
        if (pointer == 0) {
            break;
        }
        size_t home = home_of(set, pointer);
        if (((slot - home) & mask) >= ((slot - free_slot) & mask)) {
            set->slots[free_slot] = pointer;
            free_slot = slot;
        }
    }
    set->slots[free_slot] = 0;
}

void ch_pointers_remove(struct ch_pointers *set, const void *pointer)
{
    if (!ch_pointers_has(set, pointer)) {
        return;
    }
    ch_lock_take(set->lock);
    close_up(set, find(set, (uintptr_t)pointer));
    set->count--;
    ch_lock_give(set->lock);
}

bool ch_pointers_has(const struct ch_pointers *set, const void *pointer)
{
    return pointer != NULL && set->slots[find(set, (uintptr_t)pointer)] != 0;
}
