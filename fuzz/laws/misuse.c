// Misuses a heap, and checks the result. The expected result comes from the model alone, never from
// the heap. Knows neither the next op nor the sentences of faults, which the subject has.

#include "laws/misuse.h"

#include <string.h>

#include "laws/fill.h"
#include "laws/finding.h"
#include "laws/model.h"
#include "laws/oracle.h"
#include "laws/oracle_parts.h"
#include "laws/place.h"
#include "world/asan.h"
#include "world/os.h"
#include "world/world.h"

// A walk is due when the misuses since the last one exceed the live blocks divided by this.
#define WALK_BLOCKS 64U

// Misuses of a program, at most, that have a process of their own. It takes a millisecond or more.
#define MOST_APART 8U

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

// Stores where blocks can lie. Returns false iff that is unknown.
static bool find_pages(const struct heap *heap, uintptr_t *begin, uintptr_t *end)
{
    const struct subject *subject = heap->subject;
    void (*pages)(uintptr_t *, uintptr_t *) = subject_survives_misuse(subject)
                                                  ? subject->port.faults->pages
                                                  : subject_misuses(subject)->pages;
    if (pages != NULL) {
        pages(begin, end);
        return true;
    }
    *begin = (uintptr_t)world_start();
    *end = *begin + heap->arena_bytes;
    return !subject_ignores_world(subject);
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
    uintptr_t begin;
    uintptr_t end;
    if (!find_pages(heap, &begin, &end)) {
        return model_was_freed_at(address) ? HEAPFUZZ_STRAY_STALE : HEAPFUZZ_STRAYS;
    }
    return address >= begin && address < end ? HEAPFUZZ_STRAY_STALE : HEAPFUZZ_STRAY_FOREIGN;
}

enum heapfuzz_effect misuse_effect(const struct heap *heap, enum heapfuzz_misuse misuse,
                                   uintptr_t address, enum heapfuzz_stray stray)
{
    const struct heapfuzz_misuses *misuses = subject_misuses(heap->subject);
    const struct heapfuzz_effects *effects =
        misuse == HEAPFUZZ_MISUSE_FREE ? &misuses->free : &misuses->reallocate;
    if (misuse == HEAPFUZZ_MISUSE_REALLOCATE && heap->subject->port.reallocate == NULL) {
        return HEAPFUZZ_UNDEFINED;
    }
    switch (stray) {
    case HEAPFUZZ_STRAY_FOREIGN:
        return effects->foreign;
    case HEAPFUZZ_STRAY_INTERIOR:
        return effects->interior;
    case HEAPFUZZ_STRAY_STALE: // A search only where it makes a difference.
        return effects->freed != effects->stale && model_was_freed_at(address) ? effects->freed
                                                                               : effects->stale;
    default:
        return HEAPFUZZ_UNDEFINED;
    }
}

bool misuse_is_promised(const struct heap *heap, struct op op, uintptr_t address,
                        enum heapfuzz_stray stray)
{
    bool frees = op.verb == VERB_BAD_FREE || op.verb == VERB_BAD_ADDRESS;
    bool reallocates = op.verb == VERB_BAD_REALLOCATE || op.verb == VERB_BAD_ADDRESS;
    return (frees &&
            misuse_effect(heap, HEAPFUZZ_MISUSE_FREE, address, stray) != HEAPFUZZ_UNDEFINED) ||
           (reallocates &&
            misuse_effect(heap, HEAPFUZZ_MISUSE_REALLOCATE, address, stray) != HEAPFUZZ_UNDEFINED);
}

const char *misuse_name(enum heapfuzz_stray stray)
{
    static const char *const names[] = {"not live", "inside a block", "foreign",
                                        "of a kind that is not known"};
    return names[stray];
}

// A call with a stray pointer, and the effect that it should have.
struct misuse {
    const char *call;
    enum face face;
    enum heapfuzz_misuse kind;
    uintptr_t address;
    enum heapfuzz_stray stray;
    size_t size_bytes; // For a reallocation.
    enum heapfuzz_effect effect;
};

static const char nothing[] = "nothing";
static const char any_fault[] = "a fault";

static const char *expected_fault(const struct heap *heap, const struct misuse *misuse)
{
    const struct heapfuzz_faults *faults = heap->subject->port.faults;
    return misuse->effect == HEAPFUZZ_IGNORED       ? nothing
           : subject_survives_misuse(heap->subject) ? faults->expected(misuse->kind, misuse->stray)
                                                    : any_fault;
}

// Checks one call with a stray pointer: it raised exactly the expected fault, about that pointer,
// or none where none is expected.
static CHECK void check_fault(struct heap *heap, const struct misuse *misuse, const char *expected)
{
    const void *where = NULL;
    if (heap->subject->port.fault == NULL) {
        return;
    }
    const char *fault = heap->subject->port.fault(&where);
    bool is_any = expected == any_fault && fault != NULL;
    fault = fault == NULL ? nothing : fault;
    LAW(MISUSE, is_any || strcmp(fault, expected) == 0, "%s raises: %s; expected: %s", misuse->call,
        fault, expected);
    LAW(MISUSE, where == NULL || (uintptr_t)where == misuse->address,
        "%s raises a fault about %s, expected one about %s", misuse->call,
        place_name((uintptr_t)where), place_name(misuse->address));
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

static CHECK void check_not_granted(const struct misuse *misuse, const void *block)
{
    LAW(MISUSE, block == NULL, "%s to %s bytes is %s, expected NULL", misuse->call,
        place_size(misuse->size_bytes), place_name((uintptr_t)block));
}

// A call that should end the process is made in another one.
struct last_call {
    struct heap *heap;
    const struct misuse *misuse;
    bool reallocates;
};

static void make_last_call(const void *context)
{
    const struct last_call *last = context;
    finding_ends(FINDING_EXITS_BY_LAW); // An error of a sanitizer is no abort.
    finding_silence();
    void *address = (void *)last->misuse->address;
    if (last->reallocates) {
        (void)heap_reallocate(last->heap, last->misuse->face, address, last->misuse->size_bytes);
    } else {
        heap_free(last->heap, last->misuse->face, address);
    }
}

static CHECK void check_aborts(struct heap *heap, const struct misuse *misuse, bool reallocates)
{
    if (heap->misuses_apart++ < MOST_APART) {
        const struct last_call last = {heap, misuse, reallocates};
        LAW(MISUSE, os_aborts(make_last_call, &last), "%s does not end the process by abort",
            misuse->call);
    }
}

static bool ends_process(const struct heap *heap, const struct misuse *misuse)
{
    return misuse->effect == HEAPFUZZ_CAUGHT && heap->subject->port.fault == NULL;
}

static CHECK void free_stray(struct heap *heap, struct misuse *misuse)
{
    misuse->effect = misuse_effect(heap, HEAPFUZZ_MISUSE_FREE, misuse->address, misuse->stray);
    misuse->kind = HEAPFUZZ_MISUSE_FREE;
    for (unsigned face = 0; face < heap_faces(heap) && misuse->effect != HEAPFUZZ_UNDEFINED;
         face++) {
        misuse->face = (enum face)face;
        misuse->call = heap_free_name(heap, misuse->face);
        if (ends_process(heap, misuse)) {
            check_aborts(heap, misuse, false);
        } else {
            heap_free(heap, misuse->face, (void *)misuse->address);
            check_fault(heap, misuse, expected_fault(heap, misuse));
            check_counts(heap, misuse->call);
        }
    }
}

// Returns whether a size is requested of a stray pointer. A size of 0 makes the call a free where
// the heap says so. Above the limit CComHeap does not look at the block (spec R9), which no other
// heap has promised.
static bool may_request(const struct subject *subject, size_t size_bytes)
{
    const struct heapfuzz_policies *policies = &subject->port.policies;
    return subject_survives_misuse(subject) ||
           (size_bytes == 0 ? policies->reallocate_to_zero == HEAPFUZZ_TO_ZERO_FREES
                            : size_bytes <= policies->limit_bytes);
}

static CHECK void reallocate_to(struct heap *heap, struct misuse *misuse)
{
    bool is_over =
        misuse->face == FACE_HEAP && misuse->size_bytes > heap->subject->port.policies.limit_bytes;
    misuse->kind = misuse->size_bytes == 0 ? HEAPFUZZ_MISUSE_FREE : HEAPFUZZ_MISUSE_REALLOCATE;
    misuse->effect = misuse_effect(heap, misuse->kind, misuse->address, misuse->stray);
    misuse->call = heap_reallocate_name(heap, misuse->face);
    if (misuse->effect == HEAPFUZZ_UNDEFINED || !may_request(heap->subject, misuse->size_bytes)) {
        return;
    }
    if (ends_process(heap, misuse)) {
        check_aborts(heap, misuse, true);
        return;
    }
    void *block = heap_reallocate(heap, misuse->face, (void *)misuse->address, misuse->size_bytes);
    check_not_granted(misuse, block);
    check_fault(heap, misuse, is_over ? nothing : expected_fault(heap, misuse));
    check_counts(heap, misuse->call);
}

static void reallocate_stray(struct heap *heap, struct misuse *misuse)
{
    size_t limit_bytes = heap->subject->port.policies.limit_bytes;
    const size_t sizes[] = {0, 1, (size_t)64 * 1024, limit_bytes < SIZE_MAX ? limit_bytes + 1 : 0};
    for (unsigned face = 0; face < heap_faces(heap); face++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            misuse->face = (enum face)face;
            misuse->size_bytes = sizes[i];
            reallocate_to(heap, misuse);
        }
    }
}

static CHECK void size_stray(struct heap *heap, uintptr_t address)
{
    if (!subject_survives_misuse(heap->subject)) {
        return; // It has not promised any size.
    }
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
    const struct subject *subject = heap->subject;
    if (subject->port.size != NULL) {
        size_t size_bytes = subject->port.size(held->block);
        LAW(MISUSE, subject_size_agrees(subject, size_bytes, held->size_bytes),
            "GetSize(b%u) is %s after it, it was %zu%s", slot, place_size(size_bytes),
            held->size_bytes, subject_is_exact(subject) ? "" : ", or as close as it states");
    }
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
    struct misuse misuse = {.address = address, .stray = stray};
    size_t committed_bytes = world_committed_bytes();
    if (op.verb == VERB_BAD_FREE || op.verb == VERB_BAD_ADDRESS) {
        free_stray(heap, &misuse);
    }
    if (op.verb == VERB_BAD_REALLOCATE || op.verb == VERB_BAD_ADDRESS) {
        reallocate_stray(heap, &misuse);
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
    const struct heapfuzz_misuses *misuses = subject_misuses(heap->subject);
    bool is_range = subject_takes_range(heap->subject);
    uintptr_t pages_begin;
    uintptr_t pages_end;
    most = most < MISUSE_SCRIBBLED_BYTES ? most : MISUSE_SCRIBBLED_BYTES;
    if (!misuses->survives_writes) {
        bool is_promised = misuses->survives_freed_writes && model_is_freed(slot);
        return !is_promised ? 0 : most < held->last_bytes ? most : held->last_bytes;
    }
    if (!find_pages(heap, &pages_begin, &pages_end) || address < pages_begin) {
        return 0;
    }
    uintptr_t last_end = held->is_live ? address : (uintptr_t)held->block + held->last_bytes;
    uintptr_t at = address;
    uintptr_t end = address + most < pages_end ? address + most : pages_end;
    while (at < end && (at < last_end || is_range || world_is_committed((const void *)at))) {
        at = (at / WORLD_PAGE_BYTES + 1) * WORLD_PAGE_BYTES;
    }
    end = at < end ? at : end;
    return end < address ? 0 : end - address;
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

void misuse_write(uintptr_t address, size_t size_bytes, uint64_t pattern)
{
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
}

enum outcome misuse_scribble(struct heap *heap, uintptr_t address, size_t size_bytes,
                             unsigned which)
{
    misuse_write(address, size_bytes, pattern_of(address, which));
    check_heap(heap, address);
    return OUTCOME_DONE;
}
