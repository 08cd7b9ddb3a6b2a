// The live blocks of a leak spy. Each block has a record, and each record is in two lists.
#ifndef COMHEAP_COM_LEAKS_H
#define COMHEAP_COM_LEAKS_H

#include <comheap/leakspy.h>

#include <stdbool.h>
#include <stddef.h>

struct ch_heap;

struct ch_leak_record {
    struct ch_leak leak;
    struct ch_leak_record *newer, *older;
    struct ch_leak_record *next; ///< The next record in its chain.
};

struct ch_leaks {
    struct ch_heap *heap; ///< Holds the records, the chains and the spy.
    struct ch_leak_counts counts;
    struct ch_leak_record **chains;
    unsigned chains_log2;
    struct ch_leak_record *newest, *oldest;
};

/// Makes an empty set of records. Returns false iff the heap has no memory for it.
bool ch_leaks_open(struct ch_leaks *leaks, struct ch_heap *heap);

/// Returns the record of a block, or NULL iff it has none.
struct ch_leak_record *ch_leaks_find(const struct ch_leaks *leaks, const void *block);

/// Record that a block was allocated, has another address and size, or ended.
void ch_leaks_add(struct ch_leaks *leaks, const void *block, size_t size_bytes);
void ch_leaks_move(struct ch_leaks *leaks, struct ch_leak_record *record, const void *block,
                   size_t size_bytes);
void ch_leaks_end(struct ch_leaks *leaks, struct ch_leak_record *record);

#endif
