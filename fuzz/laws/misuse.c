// Misuses a heap, and checks the result. The expected result comes from the model alone, never from
// the heap. Knows neither the next op nor the sentences of faults, which the subject has.

#include "laws/misuse.h"

#include <string.h>

#include "laws/fill.h"
#include "laws/model.h"
#include "laws/oracle.h"
#include "laws/oracle_parts.h"
#include "laws/place.h"
#include "world/asan.h"
#include "world/world.h"

// A walk is due when the misuses since the last one exceed the live blocks divided by this.
#define WALK_BLOCKS 64U

uintptr_t misuse_address(struct op op, uint32_t slot, size_t size_bytes)
{
    const struct held *held = &model.slots[slot];
    uintptr_t start = (uintptr_t)(held->block != NULL ? held->block : world_start());
    switch (op.verb) {
    case VERB_BAD_ADDRESS:
        return size_bytes;
    case VERB_SCRIBBLE:
        return start + held->size_bytes; // Size 0 for a block that is not live.
    default:
        return start + size_bytes;
    }
}

static bool is_in_pages(const struct heap *heap, uintptr_t address)
{
    uintptr_t begin;
    uintptr_t end;
    heap->subject->port.faults->pages(&begin, &end);
    return address >= begin && address < end;
}

enum heapfuzz_stray misuse_find(const struct heap *heap, uintptr_t address)
{
    uint32_t slot = model_next(address);
    if (address == 0) {
        return HEAPFUZZ_STRAYS;
    }
    if (slot != SLOTS && (uintptr_t)model.slots[slot].block <= address) {
        return (uintptr_t)model.slots[slot].block == address ? HEAPFUZZ_STRAYS
                                                             : HEAPFUZZ_STRAY_INTERIOR;
    }
    return is_in_pages(heap, address) ? HEAPFUZZ_STRAY_STALE : HEAPFUZZ_STRAY_FOREIGN;
}

const char *misuse_name(enum heapfuzz_stray stray)
{
    static const char *const names[] = {"not live", "inside a block", "foreign", "no stray"};
    return names[stray];
}

// Checks one call with a stray pointer: it raised exactly the expected fault, about that pointer,
// or none where none is expected.
static CHECK void check_fault(struct heap *heap, const char *call, uintptr_t address,
                              const char *expected)
{
    const void *where = NULL;
    const char *fault = heap->subject->port.fault(&where);
    fault = fault == NULL ? "nothing" : fault;
    LAW(MISUSE, strcmp(fault, expected) == 0, "%s raises: %s; expected: %s", call, fault, expected);
    LAW(MISUSE, where == NULL || (uintptr_t)where == address,
        "%s raises a fault about %s, expected one about %s", call, place_name((uintptr_t)where),
        place_name(address));
}

// Checks that the heap's counts are unchanged.
static CHECK void check_counts(struct heap *heap, const char *call)
{
    struct heapfuzz_counts counts;
    if (oracle_count(heap, &counts)) {
        LAW(MISUSE, oracle_counts_agree(&counts),
            "after %s %s blocks of %s bytes are counted, it was %zu of %zu", call,
            place_size(counts.live_blocks), place_size(counts.live_bytes), model.live_blocks,
            model.live_bytes);
    }
}

static CHECK void free_stray(struct heap *heap, uintptr_t address, enum heapfuzz_stray stray)
{
    const char *expected = heap->subject->port.faults->expected(HEAPFUZZ_MISUSE_FREE, stray);
    for (unsigned face = 0; face < heap_faces(heap); face++) {
        heap_free(heap, (enum face)face, (void *)address);
        check_fault(heap, heap_free_name(heap, (enum face)face), address, expected);
        check_counts(heap, heap_free_name(heap, (enum face)face));
    }
}

static CHECK void check_not_granted(const char *call, size_t size_bytes, const void *block)
{
    LAW(MISUSE, block == NULL, "%s to %s bytes is %s, expected NULL", call, place_size(size_bytes),
        place_name((uintptr_t)block));
}

// Reallocates a stray pointer. A size of 0 makes the call a free (spec R3); above the limit the
// heap does not look at the block (spec R9).
static CHECK void reallocate_stray(struct heap *heap, uintptr_t address, enum heapfuzz_stray stray)
{
    const struct subject *subject = heap->subject;
    size_t limit_bytes = subject->port.policies.limit_bytes;
    const size_t sizes[] = {0, 1, (size_t)64 * 1024, limit_bytes < SIZE_MAX ? limit_bytes + 1 : 0};
    for (unsigned face = 0; face < heap_faces(heap); face++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            enum heapfuzz_misuse misuse =
                sizes[i] == 0 ? HEAPFUZZ_MISUSE_FREE : HEAPFUZZ_MISUSE_REALLOCATE;
            bool is_over = face == FACE_HEAP && sizes[i] > limit_bytes;
            const char *expected =
                is_over ? "nothing" : subject->port.faults->expected(misuse, stray);
            const char *call = heap_reallocate_name(heap, (enum face)face);
            void *block = heap_reallocate(heap, (enum face)face, (void *)address, sizes[i]);
            check_not_granted(call, sizes[i], block);
            check_fault(heap, call, address, expected);
            check_counts(heap, call);
        }
    }
}

static CHECK void size_stray(struct heap *heap, uintptr_t address)
{
    size_t expected = heap->subject->port.faults->stray_size_bytes;
    for (unsigned face = 0; face < heap_faces(heap); face++) {
        const char *call = heap_size_name(heap, (enum face)face);
        if (call != NULL) {
            size_t size_bytes = heap_size(heap, (enum face)face, (void *)address);
            LAW(MISUSE, size_bytes == expected, "%s is %s, expected %s", call,
                place_size(size_bytes), place_size(expected));
        }
    }
}

static CHECK void check_block(struct heap *heap, uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    size_t size_bytes = heap->subject->port.size(held->block);
    bool is_exact = subject_is_exact(heap->subject);
    LAW(MISUSE, is_exact ? size_bytes == held->size_bytes : size_bytes >= held->size_bytes,
        "GetSize(b%u) is %s after it, it was %zu%s", slot, place_size(size_bytes), held->size_bytes,
        is_exact ? "" : " or more");
    size_t wrong = fill_find_wrong(held->block, held->size_bytes, held->fill, held->size_bytes);
    LAW(MISUSE, wrong == SIZE_MAX, "byte %zu of b%u has changed after it", wrong, slot);
}

// Checks that the block at the address, or the next one behind it, is unchanged. Now and then
// checks all blocks and the heap's invariants: at every misuse that would be slow with many live
// blocks.
static void check_heap(struct heap *heap, uintptr_t address)
{
    uint32_t next = model_next(address);
    if (next != SLOTS) {
        check_block(heap, next);
    }
    if (++heap->misuses_unwalked > model.live_blocks / WALK_BLOCKS) {
        heap->misuses_unwalked = 0;
        for (size_t i = 0; i < model.live_blocks; i++) {
            check_block(heap, model_live_slot(i));
        }
        oracle_walk(heap, MOMENT_OTHER);
    }
}

static CHECK void check_pages(size_t committed_bytes)
{
    LAW(MISUSE, world_committed_bytes() == committed_bytes,
        "the heap holds %zu bytes of the world after it, it was %zu", world_committed_bytes(),
        committed_bytes);
}

enum outcome misuse_pointer(struct heap *heap, struct op op, uintptr_t address,
                            enum heapfuzz_stray stray)
{
    size_t committed_bytes = world_committed_bytes();
    if (op.verb == VERB_BAD_FREE || op.verb == VERB_BAD_ADDRESS) {
        free_stray(heap, address, stray);
    }
    if (op.verb == VERB_BAD_REALLOCATE || op.verb == VERB_BAD_ADDRESS) {
        reallocate_stray(heap, address, stray);
    }
    check_pages(committed_bytes);
    size_stray(heap, address);
    if (heap->subject->port.owns != NULL) {
        (void)oracle_owned(heap, (void *)address, heap->subject->port.owns((void *)address));
    }
    check_heap(heap, address);
    return OUTCOME_DONE;
}

size_t misuse_extent(const struct heap *heap, uint32_t slot, uintptr_t address, size_t most)
{
    const struct held *held = &model.slots[slot];
    uintptr_t last_end = held->is_live ? address : (uintptr_t)held->block + held->last_bytes;
    uintptr_t at = address;
    uintptr_t end = address + (most < MISUSE_SCRIBBLED_BYTES ? most : MISUSE_SCRIBBLED_BYTES);
    while (at < end && is_in_pages(heap, at) &&
           (at < last_end || world_is_committed((const void *)at))) {
        at = (at / WORLD_PAGE_BYTES + 1) * WORLD_PAGE_BYTES;
    }
    return (at < end ? at : end) - address;
}

// Writes a pattern as a caller's wild pointer would, to poisoned bytes too: so it is
// uninstrumented. It is no loop that a compiler turns into memset, which is instrumented.
UNINSTRUMENTED static void write_bytes(unsigned char *start, size_t size_bytes, uint64_t pattern)
{
    for (size_t at = 0; at < size_bytes; at++) {
        start[at] = (unsigned char)(pattern >> ((uintptr_t)(start + at) % 8 * 8));
    }
}

// Returns a pattern that a heap might take for its own data: zeros, ones, a pointer to the place
// itself, or anything else.
static uint64_t pattern_of(uintptr_t address, unsigned which)
{
    const uint64_t patterns[MISUSE_PATTERNS] = {0x9e3779b97f4a7c15U, 0, UINT64_MAX,
                                                address / 8 * 8};
    return patterns[which];
}

enum outcome misuse_scribble(struct heap *heap, uintptr_t address, size_t size_bytes,
                             unsigned which)
{
    uint64_t pattern = pattern_of(address, which);
    uintptr_t end = address + size_bytes;
    for (uintptr_t at = address; at < end;) {
        uint32_t next = model_next(at);
        uintptr_t begin = next == SLOTS ? end : (uintptr_t)model.slots[next].block;
        if (begin > at) {
            begin = begin < end ? begin : end;
            write_bytes((unsigned char *)at, begin - at, pattern);
            at = begin;
        } else { // Skips a live block's bytes.
            size_t taken = model.slots[next].size_bytes;
            at = begin + (taken == 0 ? 1 : taken);
        }
    }
    check_heap(heap, address);
    return OUTCOME_DONE;
}
