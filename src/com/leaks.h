// The blocks that a leak spy knows: each has a record, which is in two lists at once.
#ifndef COMHEAP_COM_LEAKS_H
#define COMHEAP_COM_LEAKS_H

#include <comheap/leakspy.h>

#include <stdbool.h>
#include <stddef.h>

struct ch_heap;

struct ch_leak_record {
    struct ch_leak leak;
    struct ch_leak_record *newer, *older;
    struct ch_leak_record *next; ///< In its chain.
};

struct ch_leaks {
    struct ch_heap *heap; ///< The records are in there, and the chains; the spy is, too.
    struct ch_leak_counts counts;
    struct ch_leak_record **chains;
    unsigned chains_log2;
    struct ch_leak_record *newest, *oldest;
};

/// Begins without a block. Returns false iff the heap has no memory for it.
bool ch_leaks_open(struct ch_leaks *leaks, struct ch_heap *heap);

/// Returns the record of a block, NULL iff it has none.
struct ch_leak_record *ch_leaks_find(const struct ch_leaks *leaks, const void *block);

/// Notes that a block began, has another place and size, or ended.
void ch_leaks_add(struct ch_leaks *leaks, const void *block, size_t size_bytes);
void ch_leaks_move(struct ch_leaks *leaks, struct ch_leak_record *record, const void *block,
                   size_t size_bytes);
void ch_leaks_end(struct ch_leaks *leaks, struct ch_leak_record *record);

#endif
