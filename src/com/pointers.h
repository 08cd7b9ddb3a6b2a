// A set of pointers. It never follows them. One thread at a time may use the set. Another thread
// may fork meanwhile: the child finds the set whole.
#ifndef COMHEAP_COM_POINTERS_H
#define COMHEAP_COM_POINTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pages/threads.h"

struct ch_heap;

struct ch_pointers {
    struct ch_heap *heap; ///< Holds the table. The set ends with it.
    struct ch_lock *lock; ///< Held for each change, not for look-ups.
    uintptr_t *slots;     ///< Each holds a pointer, or 0.
    unsigned slots_log2;
    size_t count;    ///< Pointers in the set.
    size_t reserved; ///< Places reserved for pointers to come.
};

/// Makes an empty set. Takes no lock. Returns false iff the heap has no memory for it.
bool ch_pointers_open(struct ch_pointers *set, struct ch_heap *heap, struct ch_lock *lock);

/// Reserves a place for one more pointer. Returns false iff there is no memory for it.
bool ch_pointers_reserve(struct ch_pointers *set);

/// Adds a pointer in a reserved place. Frees the place if the pointer is NULL or in the set
/// already.
void ch_pointers_settle(struct ch_pointers *set, const void *pointer);

/// Removes a pointer from the set, if it is there.
void ch_pointers_remove(struct ch_pointers *set, const void *pointer);

/// Returns whether a pointer is in the set. Takes no lock.
bool ch_pointers_has(const struct ch_pointers *set, const void *pointer);

#endif
