// A set of pointers, whatever they point to. One thread at a time may use it; where another may be
// forking meanwhile, the set is whole in the child.
#ifndef COMHEAP_COM_POINTERS_H
#define COMHEAP_COM_POINTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pages/threads.h"

struct ch_heap;

struct ch_pointers {
    struct ch_heap *heap; ///< Has the table. The set ends with it.
    struct ch_lock *lock; ///< Is taken for each change, but not to look.
    uintptr_t *slots;     ///< Each a pointer, or 0.
    unsigned slots_log2;
    size_t count;    ///< Pointers in the set.
    size_t reserved; ///< Places that are kept for those that are yet to come.
};

/// Begins without a pointer. Takes no lock. Returns false iff the heap has no memory for it.
bool ch_pointers_open(struct ch_pointers *set, struct ch_heap *heap, struct ch_lock *lock);

/// Keeps a place for one more pointer. Returns false iff there is no memory for it.
bool ch_pointers_reserve(struct ch_pointers *set);

/// Gives a place that was kept to a pointer, or, if it is NULL or in the set already, to nobody.
void ch_pointers_settle(struct ch_pointers *set, const void *pointer);

/// Takes a pointer out of the set, if it is in there.
void ch_pointers_remove(struct ch_pointers *set, const void *pointer);

bool ch_pointers_has(const struct ch_pointers *set, const void *pointer);

#endif
