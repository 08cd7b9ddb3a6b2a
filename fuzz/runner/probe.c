// Tries the edges of a port: sizes, 0 bytes, NULL, limits, memory that comes back, equal calls.
// Each try runs in a child, so a crash costs one answer. Judges no law.

#include "runner/probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "laws/finding.h"
#include "laws/heap.h"
#include "laws/oracle.h"
#include "laws/place.h"
#include "runner/runner.h"
#include "runner/trial.h"
#include "world/os.h"
#include "world/world.h"

// A try takes milliseconds. An engine stops the whole probe after a few seconds.
#define TRY_SECONDS 1U

// The exit status of a child whose heap could not be opened. No law, signal or sanitizer has it.
#define REFUSED_STATUS 3

#define BLOCKS 200U

// Memory that must come back is filled with at most this many blocks.
#define FILLED_BLOCKS 20000U

static struct probed *found; // Shared with the children.

static struct heap heap;

static const struct heapfuzz_port *port;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (found->notes < PROBE_NOTES) {
        (void)vsnprintf(found->note[found->notes++], PROBE_NOTE_BYTES, format, arguments);
    }
    va_end(arguments);
}

static size_t arena_bytes(void)
{
    return subject_takes_range(heap.subject) ? port->policies.range_usual_bytes : RUN_ARENA_BYTES;
}

static bool open_heap(uint32_t start)
{
    world_open(0);
    return heap_open(&heap, arena_bytes(), subject_takes_range(heap.subject) ? start : 0);
}

static void close_heap(void)
{
    heap_close(&heap);
    world_close();
}

static size_t size_of(unsigned index)
{
    return index < 100 ? index + 1 : index % 25 == 0 ? index * 20 : (index - 99) * 7;
}

// Sizes and alignment.

static struct {
    uintptr_t addresses; // All of them in one word.
    bool is_less, is_more;
    size_t short_bytes, short_answer;
} seen;

static void look_at(const void *block, size_t size_bytes)
{
    seen.addresses |= (uintptr_t)block;
    if (port->size != NULL) {
        size_t answer = port->size((void *)(uintptr_t)block);
        seen.is_more = seen.is_more || answer > size_bytes;
        if (answer < size_bytes && !seen.is_less) {
            seen.is_less = true;
            seen.short_bytes = size_bytes;
            seen.short_answer = answer;
        }
    }
}

static void keep_alignment(void)
{
    size_t alignment_bytes = seen.addresses & (0 - seen.addresses);
    size_t most_bytes = 2 * sizeof(void *);
    alignment_bytes = alignment_bytes < most_bytes ? alignment_bytes : most_bytes;
    found->policies.alignment_bytes = alignment_bytes;
    if (alignment_bytes < sizeof(void *)) {
        note("blocks start at multiples of %zu: C's malloc aligns for any object", alignment_bytes);
    }
}

static void keep_size_relation(void)
{
    found->policies.size = seen.is_less && seen.is_more ? HEAPFUZZ_SIZE_IS_NONE
                           : seen.is_less               ? HEAPFUZZ_SIZE_IS_AT_MOST
                           : seen.is_more               ? HEAPFUZZ_SIZE_IS_AT_LEAST
                                                        : HEAPFUZZ_SIZE_IS_EXACT;
    if (seen.is_less) {
        note("size of a block of %zu bytes is %zu: fewer than were requested", seen.short_bytes,
             seen.short_answer);
    }
}

static void try_sizes(const void *unused)
{
    (void)unused;
    size_t granted = 0;
    for (uint32_t at = 0; at < 4; at++) {
        void *blocks[BLOCKS] = {NULL};
        if (!open_heap(at)) {
            continue;
        }
        for (unsigned i = 0; i < BLOCKS; i++) {
            blocks[i] = port->allocate(size_of(i));
            if (blocks[i] != NULL) {
                granted++;
                look_at(blocks[i], size_of(i));
            }
        }
        for (unsigned i = 0; i < BLOCKS; i++) {
            if (blocks[i] != NULL) {
                port->free(blocks[i]);
            }
        }
        close_heap();
    }
    if (granted == 0) {
        note("it grants no block of 1 to %zu bytes", size_of(BLOCKS - 1));
        return;
    }
    keep_alignment();
    if (port->size != NULL) {
        keep_size_relation();
    }
}

// 0 bytes, and NULL.

static void try_zero(const void *unused)
{
    (void)unused;
    if (!open_heap(0)) {
        return;
    }
    void *one = port->allocate(0);
    void *other = port->allocate(0);
    found->policies.zero = one == NULL && other == NULL   ? HEAPFUZZ_ZERO_IS_NULL
                           : one != NULL && other != NULL ? HEAPFUZZ_ZERO_IS_BLOCK
                                                          : HEAPFUZZ_ZERO_IS_EITHER;
    if (one != NULL && one == other) {
        note("two live blocks of 0 bytes have one address");
    }
    if (one != NULL && port->size != NULL && found->policies.size == HEAPFUZZ_SIZE_IS_EXACT) {
        found->policies.zero_size_bytes = port->size(one);
    }
}

static void try_free_of_null(const void *unused)
{
    (void)unused;
    if (open_heap(0)) {
        found->policies.free_takes_null = HEAPFUZZ_NO; // If it crashes.
        port->free(NULL);
        found->policies.free_takes_null = HEAPFUZZ_YES;
    }
}

static void try_reallocate_of_null(const void *unused)
{
    (void)unused;
    if (!open_heap(0)) {
        return;
    }
    found->policies.reallocate_takes_null = HEAPFUZZ_NO;
    if (port->reallocate(NULL, 40) != NULL) {
        found->policies.reallocate_takes_null = HEAPFUZZ_YES;
    } else {
        note("reallocate(NULL, 40) is NULL: C's realloc allocates");
    }
}

static void try_size_of_null(const void *unused)
{
    (void)unused;
    if (open_heap(0)) {
        found->policies.size_takes_null = HEAPFUZZ_NO;
        found->policies.null_size_bytes = port->size(NULL);
        found->policies.size_takes_null = HEAPFUZZ_YES;
    }
}

static void try_reallocate_to_zero(const void *unused)
{
    (void)unused;
    void *block = open_heap(0) ? port->allocate(64) : NULL;
    if (block == NULL) {
        return;
    }
    bool is_null = port->reallocate(block, 0) == NULL;
    found->policies.reallocate_to_zero =
        is_null ? HEAPFUZZ_TO_ZERO_FREES : HEAPFUZZ_TO_ZERO_SHRINKS;
    for (size_t i = 0; is_null && subject_takes_range(heap.subject) && i < arena_bytes() / 64;
         i++) {
        block = port->allocate(64);
        if (block == NULL) {
            note("reallocate to 0 returns NULL, but the block's memory does not come back");
            return;
        }
        (void)port->reallocate(block, 0);
    }
}

// Sizes that no heap has.

static void try_limits(const void *unused)
{
    (void)unused;
    const size_t sizes[] = {SIZE_MAX,         SIZE_MAX - 1,  SIZE_MAX - 7,
                            SIZE_MAX - 8,     SIZE_MAX - 15, SIZE_MAX - 16,
                            SIZE_MAX - 31,    SIZE_MAX - 63, (size_t)PTRDIFF_MAX + 1,
                            SIZE_MAX / 2 + 17};
    bool is_wrapped = false;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && open_heap(0); i++) {
        bool is_avoided = subject_allowed_bytes(heap.subject, sizes[i]) != sizes[i];
        if (!is_wrapped && !is_avoided && port->allocate(sizes[i]) != NULL) {
            is_wrapped = true;
            note("it grants %s bytes, which no memory has: the size wraps", place_size(sizes[i]));
        }
        close_heap();
    }
    if (subject_ignores_world(heap.subject) && !is_wrapped) {
        found->policies.limit_bytes = PTRDIFF_MAX;
    }
}

// Memory that comes back.

// Returns the size of a block that fills the heap: mostly small, now and then of any class.
static size_t filling_bytes(size_t index)
{
    return 1 + index * 29 % 200 * (index % 8 == 0 ? 20 : 1);
}

static bool is_granted_again(size_t largest_bytes)
{
    void **blocks = calloc(FILLED_BLOCKS, sizeof *blocks);
    size_t count = 0;
    while (blocks != NULL && count < FILLED_BLOCKS &&
           (blocks[count] = port->allocate(filling_bytes(count))) != NULL) {
        count++;
    }
    for (size_t step = 0; step < 2; step++) {
        for (size_t i = step; i < count; i += 2) {
            port->free(blocks[i]);
        }
    }
    free(blocks);
    return port->allocate(largest_bytes) != NULL;
}

static void try_capacity(const void *unused)
{
    (void)unused;
    if (!open_heap(0)) {
        return;
    }
    size_t largest_bytes = oracle_measure(&heap);
    close_heap();
    if (largest_bytes == 0 || !open_heap(0)) {
        return;
    }
    bool is_again = is_granted_again(largest_bytes);
    found->policies.capacity_returns = is_again ? HEAPFUZZ_YES : HEAPFUZZ_NO;
    if (!is_again) {
        note("a fresh heap grants %zu bytes, but not after blocks were allocated and all freed",
             largest_bytes);
    }
}

// Equal calls.

#define CALLS 1500U

struct calls {
    uintptr_t answers[2][CALLS];
};

static void make_calls(uintptr_t answers[CALLS])
{
    void *blocks[CALLS] = {NULL};
    bool is_open = open_heap(0);
    for (unsigned i = 0; i < CALLS && is_open; i++) {
        if (i % 3 == 2) {
            port->free(blocks[i - 1]);
            blocks[i - 1] = NULL;
        }
        blocks[i] = port->allocate(size_of(BLOCKS - 1 - i * 3 % BLOCKS)); // The first is large.
        bool is_offset = blocks[i] != NULL && !subject_ignores_world(heap.subject);
        answers[i] =
            is_offset ? (uintptr_t)blocks[i] - (uintptr_t)world_start() + 2 : blocks[i] != NULL;
        if (blocks[i] != NULL && port->size != NULL) { // A block of another size is another answer.
            answers[i] = answers[i] * 31 + port->size(blocks[i]);
        }
    }
    for (unsigned i = 0; i < CALLS && is_open; i++) {
        if (blocks[i] != NULL) {
            port->free(blocks[i]);
        }
    }
    if (is_open) {
        close_heap();
    }
}

static void try_equal_calls(const void *shared)
{
    struct calls *calls = *(struct calls *const *)shared;
    make_calls(calls->answers[0]);
    make_calls(calls->answers[1]);
}

static bool is_same(const uintptr_t one[CALLS], const uintptr_t other[CALLS])
{
    return memcmp(one, other, CALLS * sizeof one[0]) == 0;
}

// State that outlives a heap shows where the second heap of a process differs from the first, and
// the first ones of two processes are alike.
static void compare_equal_calls(struct calls *calls)
{
    static struct calls before;
    if (trial_call(try_equal_calls, &calls, false) != TRIAL_CLEAN) {
        return;
    }
    before = *calls;
    if (trial_call(try_equal_calls, &calls, false) != TRIAL_CLEAN) {
        return;
    }
    bool is_steady = is_same(before.answers[0], calls->answers[0]);
    bool is_equal = is_same(calls->answers[0], calls->answers[1]);
    found->policies.addresses_repeat =
        is_steady && !subject_ignores_world(heap.subject) ? HEAPFUZZ_YES : HEAPFUZZ_NO;
    if (is_steady && !is_equal) {
        found->policies.needs_process = true;
        note("the second heap of a process answers otherwise than the first: state outlives it");
    }
}

// Runs a try. Where C does not allow a crash, it is noted.
static void run(const char *name, void (*act)(const void *unused))
{
    trial_verdict verdict = trial_call(act, NULL, false);
    if (name == NULL) {
        return;
    }
    if (verdict == TRIAL_TIMEOUT) {
        note("%s does not end", name);
    } else if (verdict != TRIAL_CLEAN) {
        note("%s crashes", name);
    }
}

bool probe_is_wanted(const struct subject *subject)
{
    const struct heapfuzz_policies *stated = &subject->stated;
    bool resizes = subject->port.reallocate != NULL;
    bool can_return = subject_takes_range(subject) || subject->port.reset != NULL;
    return !subject->is_ours &&
           (stated->alignment_bytes == 0 || stated->zero == HEAPFUZZ_ZERO_UNSTATED ||
            (subject->port.size != NULL && stated->size == HEAPFUZZ_SIZE_UNSTATED) ||
            stated->free_takes_null == HEAPFUZZ_UNSTATED ||
            (resizes && stated->reallocate_to_zero == HEAPFUZZ_TO_ZERO_UNSTATED) ||
            (resizes && stated->reallocate_takes_null == HEAPFUZZ_UNSTATED) ||
            (can_return && stated->capacity_returns == HEAPFUZZ_UNSTATED) ||
            (subject_takes_range(subject) && stated->addresses_repeat == HEAPFUZZ_UNSTATED));
}

// Stated policies stay.
static void merge(const struct heapfuzz_policies *stated, struct heapfuzz_policies *seen_ones)
{
#define KEEP(member)                                                                               \
    if (stated->member != 0) {                                                                     \
        seen_ones->member = stated->member;                                                        \
    }
    KEEP(alignment_bytes)
    KEEP(limit_bytes)
    KEEP(zero)
    KEEP(reallocate_to_zero)
    KEEP(size)
    KEEP(free_takes_null)
    KEEP(reallocate_takes_null)
    KEEP(size_takes_null)
    KEEP(stays_in_place)
    KEEP(capacity_returns)
    KEEP(addresses_repeat)
    KEEP(needs_process)
    KEEP(is_threadsafe)
    if (stated->zero != HEAPFUZZ_ZERO_UNSTATED) {
        seen_ones->zero_size_bytes = stated->zero_size_bytes;
    }
    if (stated->size_takes_null != HEAPFUZZ_UNSTATED) {
        seen_ones->null_size_bytes = stated->null_size_bytes;
    }
#undef KEEP
}

static void try_open(const void *unused)
{
    (void)unused;
    if (!open_heap(0)) {
        finding_note(REFUSED_STATUS);
        _Exit(REFUSED_STATUS);
    }
}

// Ends the process where no heap can be opened: the port has to state its ranges.
static void refuse_closed(const struct subject *subject)
{
    if (subject_takes_range(subject) && trial_call(try_open, NULL, false) == REFUSED_STATUS) {
        fprintf(stderr,
                "heapfuzz: %s: open refuses a range of %zu bytes at a multiple of %zu; state "
                "range_usual_bytes, range_least_bytes or range_alignment_bytes\n",
                subject->name, arena_bytes(), port->policies.range_alignment_bytes);
        exit(2);
    }
}

static void try_all(const struct subject *subject)
{
    run("allocating and freeing blocks of 1 to 4000 bytes", try_sizes);
    run("allocate(0)", try_zero);
    run("free(NULL)", try_free_of_null);
    run("allocating SIZE_MAX bytes", try_limits);
    if (port->reallocate != NULL) {
        run("reallocate(NULL, 40)", try_reallocate_of_null);
        run("reallocate(block, 0)", try_reallocate_to_zero);
    }
    if (port->size != NULL) {
        run(NULL, try_size_of_null); // No standard says what it is.
    }
    if (subject_takes_range(subject) || (subject_ignores_world(subject) && port->reset != NULL)) {
        run("filling a heap and freeing every block", try_capacity);
    }
    struct calls *calls = os_share(sizeof *calls);
    if (calls != NULL) {
        compare_equal_calls(calls);
        os_share_end(calls, sizeof *calls);
    }
}

void probe_run(struct subject *subject, struct probed *probed)
{
    found = os_share(sizeof *found);
    if (found == NULL) {
        fprintf(stderr, "heapfuzz: no memory to probe %s\n", subject->name);
        exit(2);
    }
    found->policies = subject->stated;
    heap = (struct heap){.subject = subject};
    port = &subject->port;
    trial_may_take(TRY_SECONDS);
    refuse_closed(subject);
    try_all(subject);
    trial_may_take(TRIAL_SECONDS);
    merge(&subject->stated, &found->policies);
    *probed = *found;
    os_share_end(found, sizeof *found);
    subject->port.policies = probed->policies;
    subject_settle(subject);
}
