// The heap of the process, the rare ways of taking a block from it, and the check of a size that a
// caller claims.
//
// The first call makes the heap, and that call may be the dynamic loader's. Making it never calls
// malloc, so no thread can find its own heap half made. Nor can a fork: a process allocates before
// it has a second thread. The heap lives until the process ends, since exit handlers may still free
// blocks.
#include "malloc/blocks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pages/print.h"

// A call may open the thread's cache. So it is looked for as long as it is not found.

RARE static void *take_first(size_t size_bytes)
{
    struct ch_heap *heap = ch_blocks_get_heap();
    if (size_bytes > SIZE_BYTES_MOST || heap == NULL) {
        return NULL;
    }
    void *block = ch_heap_alloc(heap, ch_blocks_size_bytes(size_bytes));
    ch_process_find_cache();
    return block;
}

void *ch_blocks_take_late(size_t size_bytes)
{
    if (ch_process_cache == &ch_cache_closed || size_bytes > SIZE_BYTES_MOST) {
        return take_first(size_bytes);
    }
    return ch_heap_alloc_late(ch_blocks_heap(), ch_blocks_size_bytes(size_bytes));
}

RARE static void give_first(void *block)
{
    struct ch_heap *heap = ch_blocks_get_heap();
    if (heap != NULL) {
        ch_heap_free(heap, block);
        ch_process_find_cache();
    }
}

void ch_blocks_give_late(void *block)
{
    if (ch_process_cache == &ch_cache_closed) {
        give_first(block);
    } else {
        ch_heap_free_late(ch_blocks_heap(), block);
    }
}

void *ch_blocks_take_aligned(size_t alignment_bytes, size_t size_bytes)
{
    struct ch_heap *heap = ch_blocks_get_heap();
    if (size_bytes > SIZE_BYTES_MOST || alignment_bytes > SIZE_BYTES_MOST || heap == NULL) {
        return NULL;
    }
    return alignment_bytes <= CH_GRANULE_BYTES
               ? ch_heap_alloc(heap, ch_blocks_size_bytes(size_bytes))
               : ch_heap_alloc_aligned(heap, size_bytes, alignment_bytes);
}

// Returns the size of a block that ch_blocks_take_aligned gave for that request; SIZE_MAX, which no
// block has, for a request that it refuses.
static size_t aligned_size_bytes(size_t alignment_bytes, size_t size_bytes)
{
    if (size_bytes > SIZE_BYTES_MOST || alignment_bytes > SIZE_BYTES_MOST) {
        return SIZE_MAX;
    }
    if (alignment_bytes <= CH_GRANULE_BYTES) {
        return ch_blocks_size_bytes(size_bytes);
    }
    size_t least_bytes = size_bytes == 0 ? 1 : size_bytes;
    return (least_bytes + alignment_bytes - 1) & ~(alignment_bytes - 1);
}

// Ends the process with a sentence: the block is not as its caller claims. For a block that is not
// live, raises the fault that fits the pointer.
static void give_unlike(void *block, const char *claim, bool is_aligned)
{
    struct ch_heap *heap = ch_blocks_get_heap();
    size_t size_bytes = ch_heap_size_bytes(heap, block);
    if (size_bytes == SIZE_MAX) {
        ch_heap_free(heap, block);
        return;
    }
    char truth[40] = "is not aligned so";
    if (is_aligned) {
        (void)snprintf(truth, sizeof truth, "has %zu", size_bytes);
    }
    char line[256];
    int length =
        snprintf(line, sizeof line, "comheap: free of %s, but the block %s: 0x%" PRIxPTR "\n",
                 claim, truth, (uintptr_t)block);
    ch_print_error(line, (size_t)length);
    abort();
}

RARE void ch_blocks_give_wrong(void *block, size_t size_bytes)
{
    char claim[40];
    (void)snprintf(claim, sizeof claim, "%zu bytes", size_bytes);
    give_unlike(block, claim, true);
}

RARE static void give_wrong_aligned(void *block, size_t alignment_bytes, size_t size_bytes,
                                    bool is_aligned)
{
    char claim[80];
    (void)snprintf(claim, sizeof claim, "%zu bytes aligned to %zu", size_bytes, alignment_bytes);
    give_unlike(block, claim, is_aligned);
}

void ch_blocks_give_aligned_sized(void *block, size_t alignment_bytes, size_t size_bytes)
{
    struct ch_heap *heap = ch_blocks_get_heap();
    if (block == NULL || heap == NULL) {
        return;
    }
    bool is_aligned =
        ch_blocks_is_power_of_two(alignment_bytes) && (uintptr_t)block % alignment_bytes == 0;
    if (!is_aligned ||
        ch_heap_size_bytes(heap, block) != aligned_size_bytes(alignment_bytes, size_bytes)) {
        give_wrong_aligned(block, alignment_bytes, size_bytes, is_aligned);
        return;
    }
    ch_heap_free(heap, block);
}
