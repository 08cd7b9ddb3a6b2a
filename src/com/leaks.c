// The records of a leak spy's blocks. It owns the two lists that each record is in:
//
//     newest -> #9 <-> #6 <-> #2 <- oldest      in the order of their numbers
//     chain of a hash: #6 -> #2                 records whose pointers have that hash
//
// There are at least as many chains as records. The file takes no lock, and never follows a block.

#include "com/leaks.h"

#include <comheap/heap.h>

#include <stdint.h>
#include <string.h>

#define FIRST_LOG2 10U

static struct ch_leak_record **chain_of(const struct ch_leaks *leaks, const void *block)
{
    uint64_t mixed = (uint64_t)(uintptr_t)block * UINT64_C(0x9E3779B97F4A7C15);
    return &leaks->chains[mixed >> (64 - leaks->chains_log2)];
}

struct ch_leak_record *ch_leaks_find(const struct ch_leaks *leaks, const void *block)
{
    struct ch_leak_record *record = *chain_of(leaks, block);
    while (record != NULL && record->leak.block != block) {
        record = record->next;
    }
    return record;
}

static void link_to_chain(struct ch_leaks *leaks, struct ch_leak_record *record)
{
    struct ch_leak_record **chain = chain_of(leaks, record->leak.block);
    record->next = *chain;
    *chain = record;
}

static void unlink_from_chain(struct ch_leaks *leaks, struct ch_leak_record *record)
{
    struct ch_leak_record **at = chain_of(leaks, record->leak.block);
    while (*at != record) {
        at = &(*at)->next;
    }
    *at = record->next;
}

static struct ch_leak_record **new_chains(struct ch_heap *heap, unsigned chains_log2)
{
    size_t size_bytes = sizeof(struct ch_leak_record *) << chains_log2;
    struct ch_leak_record **chains = ch_heap_alloc(heap, size_bytes);
    return chains != NULL ? memset(chains, 0, size_bytes) : NULL;
}

// Without memory for more chains the chains get longer, which costs only time.
static void keep_chains_short(struct ch_leaks *leaks)
{
    if (leaks->counts.live_blocks >> leaks->chains_log2 == 0) {
        return;
    }
    struct ch_leak_record **chains = new_chains(leaks->heap, leaks->chains_log2 + 1);
    if (chains == NULL) {
        return;
    }
    ch_heap_free(leaks->heap, leaks->chains);
    leaks->chains = chains;
    leaks->chains_log2++;
    for (struct ch_leak_record *record = leaks->oldest; record != NULL; record = record->newer) {
        link_to_chain(leaks, record);
    }
}

void ch_leaks_add(struct ch_leaks *leaks, const void *block, size_t size_bytes)
{
    leaks->counts.allocations++;
    struct ch_leak_record *record = ch_heap_alloc(leaks->heap, sizeof(*record));
    if (record == NULL) {
        leaks->counts.lost++;
        return;
    }
    *record = (struct ch_leak_record){.leak = {block, size_bytes, leaks->counts.allocations}};
    record->older = leaks->newest;
    *(leaks->newest != NULL ? &leaks->newest->newer : &leaks->oldest) = record;
    leaks->newest = record;
    leaks->counts.live_blocks++;
    leaks->counts.live_bytes += size_bytes;
    link_to_chain(leaks, record);
    keep_chains_short(leaks);
}

void ch_leaks_move(struct ch_leaks *leaks, struct ch_leak_record *record, const void *block,
                   size_t size_bytes)
{
    unlink_from_chain(leaks, record);
    leaks->counts.live_bytes += size_bytes - record->leak.size_bytes;
    record->leak.block = block;
    record->leak.size_bytes = size_bytes;
    link_to_chain(leaks, record);
}

void ch_leaks_end(struct ch_leaks *leaks, struct ch_leak_record *record)
{
    unlink_from_chain(leaks, record);
    *(record->newer != NULL ? &record->newer->older : &leaks->newest) = record->older;
    *(record->older != NULL ? &record->older->newer : &leaks->oldest) = record->newer;
    leaks->counts.live_blocks--;
    leaks->counts.live_bytes -= record->leak.size_bytes;
    ch_heap_free(leaks->heap, record);
}

bool ch_leaks_open(struct ch_leaks *leaks, struct ch_heap *heap)
{
    *leaks = (struct ch_leaks){.heap = heap, .chains_log2 = FIRST_LOG2};
    leaks->chains = new_chains(heap, FIRST_LOG2);
    return leaks->chains != NULL;
}
