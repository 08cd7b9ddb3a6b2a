// The set of spied pointers: those that callers hold, whatever the blocks behind them are.
#ifndef COMHEAP_COM_SPIED_H
#define COMHEAP_COM_SPIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ch_heap;

/// A set that is all zeros is closed.
struct ch_spied {
    struct ch_heap *heap; ///< Of its own, for nothing but the table.
    uintptr_t *slots;     ///< Each a pointer, or 0.
    unsigned slots_log2;
    size_t count;    ///< Pointers in the set.
    size_t reserved; ///< Places that are kept for those that are yet to come.
};

/// Opens an empty set. Returns false iff there is no memory for it, and then it is closed.
bool ch_spied_open(struct ch_spied *spied);

/// Closes the set, and forgets every pointer of it.
void ch_spied_close(struct ch_spied *spied);

/// Keeps a place for one more pointer. Returns false iff there is no memory for it.
bool ch_spied_reserve(struct ch_spied *spied);

/// Gives a place that was kept to a pointer, or, if it is NULL or in the set already, to nobody.
void ch_spied_settle(struct ch_spied *spied, const void *pointer);

/// Takes a pointer out of the set, if it is in there.
void ch_spied_remove(struct ch_spied *spied, const void *pointer);

bool ch_spied_has(const struct ch_spied *spied, const void *pointer);

#endif
