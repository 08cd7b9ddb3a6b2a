// Held blocks; see held.h. Their bytes are written and read by the harness's fill.

#include "held.h"

#include "crew.h"

#include "engine/class.h"
#include "laws/fill.h"

#include <stdlib.h>

static void fill(struct held *held, uint64_t serial)
{
    held->serial = serial;
    fill_write(held->block, held->size_bytes, fill_of(serial));
}

static void claim_size(struct ch_heap *heap, const struct held *held)
{
    size_t size_bytes = ch_heap_size_bytes(heap, held->block);
    CLAIM(size_bytes == held->size_bytes, "block %p was given %zu bytes, and has %zu",
          (void *)held->block, held->size_bytes, size_bytes);
    CLAIM(ch_heap_owns(heap, held->block), "live block %p is not owned", (void *)held->block);
    CLAIM((uintptr_t)held->block % CH_GRANULE_BYTES == 0, "block %p is not aligned",
          (void *)held->block);
    CLAIM(fill_find_poisoned(held->block, held->size_bytes) == NULL,
          "a byte of live block %p is poisoned", (void *)held->block);
}

static void claim_bytes(const struct held *held, size_t kept_bytes)
{
    size_t wrong =
        fill_find_wrong(held->block, held->size_bytes, fill_of(held->serial), kept_bytes);
    CLAIM(wrong == SIZE_MAX, "byte %zu of the first %zu of block %p, %zu bytes, has changed", wrong,
          kept_bytes, (void *)held->block, held->size_bytes);
}

bool held_allocate(struct ch_heap *heap, struct held *held, size_t size_bytes, uint64_t serial)
{
    held->block = ch_heap_alloc(heap, size_bytes);
    if (held->block == NULL) {
        return false;
    }
    held->size_bytes = size_bytes;
    claim_size(heap, held);
    fill(held, serial);
    return true;
}

void held_look(struct ch_heap *heap, const struct held *held)
{
    claim_size(heap, held);
    claim_bytes(held, held->size_bytes);
}

bool held_resize(struct ch_heap *heap, struct held *held, size_t size_bytes, uint64_t serial)
{
    held_look(heap, held);
    unsigned char *block = ch_heap_realloc(heap, held->block, size_bytes);
    if (block == NULL) {
        held_look(heap, held);
        return false;
    }
    // These bytes moved as part of a block of the old size.
    held->block = block;
    claim_bytes(held, size_bytes < held->size_bytes ? size_bytes : held->size_bytes);
    held->size_bytes = size_bytes;
    claim_size(heap, held);
    fill(held, serial);
    return true;
}

void held_free(struct ch_heap *heap, struct held *held)
{
    held_look(heap, held);
    ch_heap_free(heap, held->block);
    held->block = NULL;
}

static int by_address(const void *left, const void *right)
{
    uintptr_t a = (uintptr_t)((const struct held *)left)->block;
    uintptr_t b = (uintptr_t)((const struct held *)right)->block;
    return (a > b) - (a < b);
}

void held_claim_all(struct ch_heap *heap, struct held *held, size_t count)
{
    if (count > 0) {
        qsort(held, count, sizeof *held, by_address);
    }
    size_t live_blocks = 0;
    size_t live_bytes = 0;
    uintptr_t end = 0;
    for (size_t i = 0; i < count; i++) {
        if (held[i].block == NULL) {
            continue;
        }
        uintptr_t start = (uintptr_t)held[i].block;
        CLAIM(start >= end, "block %p is in the middle of the one before it",
              (void *)held[i].block);
        end = start + (held[i].size_bytes == 0 ? 1 : held[i].size_bytes);
        held_look(heap, &held[i]);
        live_blocks++;
        live_bytes += held[i].size_bytes;
    }
    struct ch_stats stats = ch_heap_stats(heap);
    CLAIM(stats.live_blocks == live_blocks, "%zu blocks are live, and the heap counts %zu",
          live_blocks, stats.live_blocks);
    CLAIM(stats.live_bytes == live_bytes, "%zu bytes are live, and the heap counts %zu", live_bytes,
          stats.live_bytes);
}

void held_claim_invariants(struct ch_heap *heap)
{
    struct ch_broken broken = ch_heap_check(heap);
    CLAIM(broken.invariant == CH_INVARIANTS, "an invariant does not hold at %p: %s", broken.where,
          ch_invariant_sentence(broken.invariant));
}

size_t held_any_size(uint64_t *random, size_t most_bytes)
{
    size_t kind = crew_below(random, 16);
    if (kind == 0) {
        return crew_below(random, most_bytes + 1);
    }
    if (kind < 4) {
        return crew_below(random, CH_SMALL_BYTES + 1);
    }
    if (kind < 8) { // The last size of a class, or the first of the next: also a large one.
        return ch_class_bytes((unsigned)crew_below(random, CH_CLASS_COUNT)) + crew_below(random, 2);
    }
    return crew_below(random, 512);
}

size_t held_largest(struct ch_heap *heap)
{
    size_t low = 0; // The heap grants this.
    size_t high = ch_heap_stats(heap).arena_bytes;
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        void *block = ch_heap_alloc(heap, middle);
        if (block == NULL) {
            high = middle - 1;
        } else {
            low = middle;
            ch_heap_free(heap, block);
        }
    }
    return low;
}
