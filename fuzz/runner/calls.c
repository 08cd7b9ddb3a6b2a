// Turns ops into calls, one call all the way. It calls the face's function, the oracle checks the
// result and updates the model, and the answer is kept for the report. Knows no programs: runner.c
// handles everything before and after an op.

#include "runner/calls.h"

#include "laws/misuse.h"
#include "laws/model.h"
#include "laws/oracle.h"
#include "laws/over_read.h"
#include "laws/reach.h"
#include "runner/answers.h"

static uintptr_t owned_address(const struct run *run, uint32_t slot, size_t size_bytes)
{
    uintptr_t block = (uintptr_t)model.slots[slot].block;
    return run->verb == VERB_OWNS ? block + size_bytes : size_bytes;
}

static bool is_misused(const struct run *run)
{
    return run->plan.misuses && subject_promises_misuse(run->heap.subject);
}

static void run_free(struct run *run, uint32_t slot, enum face face)
{
    if (!model.slots[slot].is_live) {
        if (run->heap.subject->port.policies.free_takes_null != HEAPFUZZ_NO) {
            heap_free(&run->heap, face, NULL);
        }
        run_count(run, OUTCOME_DONE);
        return;
    }
    oracle_bytes(slot);
    heap_free(&run->heap, face, model.slots[slot].block);
    run_count(run, oracle_freed(&run->heap, slot));
}

void run_give_up(struct run *run, uint32_t slot)
{
    if (model.slots[slot].is_live) {
        oracle_bytes(slot);
        heap_free(&run->heap, verb_face(run->verb), model.slots[slot].block);
        (void)oracle_freed(&run->heap, slot);
    }
}

// Returns whether the subject has a call, and so has the one beside it.
#define BOTH_HAVE(run, call)                                                                       \
    ((run)->heap.subject->port.call != NULL &&                                                     \
     ((run)->plan.beside == NULL || (run)->plan.beside->port.call != NULL))

size_t run_allowed_bytes(const struct run *run, size_t size_bytes)
{
    size_bytes = subject_allowed_bytes(run->heap.subject, size_bytes);
    return run->plan.beside == NULL ? size_bytes
                                    : subject_allowed_bytes(run->plan.beside, size_bytes);
}

// The most zeros that a request is for: a heap has to write them, and the machine has to have them.
// So when a program has requested as much as ZEROS_BYTES, each request is for ZEROS_FEW_BYTES.
#define ZEROS_MOST_BYTES ((size_t)64 * 1024 * 1024)
#define ZEROS_BYTES (4 * ZEROS_MOST_BYTES)
#define ZEROS_FEW_BYTES ((size_t)64 * 1024)

// Requests zeros as a count of equal parts, which the slot chooses. Above PTRDIFF_MAX the sum of
// the parts overflows, and the size becomes SIZE_MAX.
static void *request_zeros(struct run *run, uint32_t slot, size_t *size_bytes)
{
    size_t most_bytes = run->zeroed_bytes < ZEROS_BYTES ? ZEROS_MOST_BYTES : ZEROS_FEW_BYTES;
    if (*size_bytes > most_bytes && *size_bytes <= PTRDIFF_MAX) {
        *size_bytes = run_allowed_bytes(run, most_bytes);
    }
    run->zeroed_bytes += *size_bytes <= PTRDIFF_MAX ? *size_bytes : 0;
    static const size_t parts[] = {1, 2, 3, 8, 16, 24, 100, 4096};
    size_t part_bytes = parts[slot % (sizeof parts / sizeof parts[0])];
    size_t count = *size_bytes / part_bytes;
    if (*size_bytes > PTRDIFF_MAX) {
        count = *size_bytes;
        part_bytes = part_bytes == 1 ? 2 : part_bytes;
        *size_bytes = SIZE_MAX;
    } else if (*size_bytes % part_bytes != 0) {
        count = *size_bytes;
        part_bytes = 1;
    }
    return heap_allocate_zeroed(&run->heap, count, part_bytes);
}

// Makes the call of a verb that allocates: the heap's own call for zeros or an alignment, if it has
// one.
static void *request(struct run *run, uint32_t slot, enum face face, size_t *size_bytes)
{
    if (run->verb == VERB_ALLOCATE_ZEROED && BOTH_HAVE(run, allocate_zeroed)) {
        return request_zeros(run, slot, size_bytes);
    }
    if (run->verb == VERB_ALLOCATE && run->alignment_bytes != 0 &&
        BOTH_HAVE(run, allocate_aligned)) {
        return heap_allocate_aligned(&run->heap, run->alignment_bytes, *size_bytes);
    }
    return heap_allocate(&run->heap, face, *size_bytes);
}

static void run_allocate(struct run *run, uint32_t slot, enum face face, size_t size_bytes)
{
    if (model.slots[slot].is_live) {
        run_free(run, slot, face);
    }
    void *block = request(run, slot, face, &size_bytes);
    run_answer(run, (struct answer){.kind = ANSWER_POINTER,
                                    .value = (uintptr_t)block,
                                    .size_bytes = size_bytes});
    run_count(run, oracle_allocated(&run->heap, slot, face, block, size_bytes));
}

// Makes the call of a verb that resizes a block, or NULL. An alignment may be for a block, too.
static void *resize(struct run *run, enum face face, void *block, size_t size_bytes)
{
    if (run->verb == VERB_REALLOCATE && block != NULL && run->alignment_bytes != 0 &&
        BOTH_HAVE(run, allocate_aligned) && BOTH_HAVE(run, reallocate_aligned)) {
        return heap_reallocate_aligned(&run->heap, block, run->alignment_bytes, size_bytes);
    }
    return heap_reallocate(&run->heap, face, block, size_bytes);
}

bool run_reallocates(const struct run *run)
{
    const struct subject *beside = run->plan.beside;
    return verb_reallocates(run->verb) && run->heap.subject->port.reallocate != NULL &&
           (beside == NULL || beside->port.reallocate != NULL);
}

static bool takes_null(const struct run *run)
{
    return run->heap.subject->port.policies.reallocate_takes_null != HEAPFUZZ_NO;
}

static void run_reallocate(struct run *run, uint32_t slot, enum face face, size_t size_bytes)
{
    bool is_live = model.slots[slot].is_live;
    if (!run_reallocates(run) || (!is_live && !takes_null(run))) {
        run_allocate(run, slot, face, size_bytes);
        return;
    }
    if (is_live) {
        oracle_bytes(slot);
        over_read_note(&run->heap, slot, size_bytes);
    }
    void *block = resize(run, face, is_live ? model.slots[slot].block : NULL, size_bytes);
    run_answer(run, (struct answer){.kind = ANSWER_POINTER,
                                    .value = (uintptr_t)block,
                                    .size_bytes = size_bytes});
    run_count(run, is_live ? oracle_reallocated(&run->heap, slot, face, block, size_bytes)
                           : oracle_allocated(&run->heap, slot, face, block, size_bytes));
}

static void run_size(struct run *run, uint32_t slot, enum face face)
{
    const struct heapfuzz_port *port = &run->heap.subject->port;
    void *block = model.slots[slot].is_live ? model.slots[slot].block : NULL;
    bool may_ask = block != NULL || port->policies.size_takes_null == HEAPFUZZ_YES;
    if (port->size == NULL || !may_ask) {
        return; // The law is off, and the run prints that.
    }
    size_t size_bytes = heap_size(&run->heap, face, block);
    run_answer(run, (struct answer){.kind = ANSWER_SIZE, .value = size_bytes});
    run_count(run, oracle_sized(&run->heap, slot, face, size_bytes));
}

static void run_owns(struct run *run, uint32_t slot, size_t size_bytes, uintptr_t address)
{
    if (run->heap.subject->port.owns == NULL) {
        return; // The law is off, and the run prints that.
    }
    bool is_other = run_is_elsewhere(run, slot, size_bytes);
    int owned = heap_owns(&run->heap, (const void *)address);
    run_answer(run, (struct answer){.kind = ANSWER_NUMBER,
                                    .value = (uintptr_t)owned,
                                    .is_elsewhere = is_other});
    run_count(run, oracle_owned(&run->heap, (const void *)address, owned));
}

static struct op op_of(const struct run *run)
{
    return run->program->ops[run->op_index];
}

static void run_misuse(struct run *run, uint32_t slot, size_t size_bytes)
{
    uintptr_t address = misuse_address(op_of(run), slot, size_bytes);
    enum heapfuzz_stray stray =
        is_misused(run) ? misuse_find(&run->heap, address) : HEAPFUZZ_STRAYS;
    bool is_other = run_is_elsewhere(run, slot, size_bytes);
    size_t extent = is_misused(run) && run->verb == VERB_SCRIBBLE && model.slots[slot].block != NULL
                        ? misuse_extent(&run->heap, slot, address, size_bytes == 0 ? 1 : size_bytes)
                        : SIZE_MAX;
    if (extent != SIZE_MAX) {
        run_answer(run, (struct answer){.kind = ANSWER_WRITTEN,
                                        .value = address,
                                        .size_bytes = extent,
                                        .is_elsewhere = is_other});
        run_count(run, misuse_scribble(&run->heap, address, extent, size_bytes % MISUSE_PATTERNS));
    } else if (run->verb != VERB_SCRIBBLE &&
               misuse_is_promised(&run->heap, op_of(run), address, stray)) {
        run_answer(run, (struct answer){.kind = ANSWER_STRAY,
                                        .value = address,
                                        .size_bytes = stray,
                                        .is_elsewhere = is_other});
        run_count(run, misuse_pointer(&run->heap, op_of(run), address, stray));
    } else if (run->heap.subject->port.owns != NULL) {
        run_owns(run, slot, size_bytes, address);
    } else {
        run_size(run, slot, FACE_HEAP);
    }
}

static void run_minimize(struct run *run)
{
    if (run->heap.subject->port.minimize != NULL) {
        heap_minimize(&run->heap);
    }
    model_minimize(); // Also for a subject without minimize: it may be one of a pair.
    if (run->heap.subject->port.minimize != NULL) {
        run_count(run, oracle_minimized(&run->heap));
    }
    reach_minimized();
}

// An extension's verbs do nothing where there is no extension.
static void run_extension(struct run *run, size_t size_bytes)
{
    const struct extension *extension = run->heap.extension;
    int answer;
    if (extension != NULL && extension->call(&run->heap, op_of(run), size_bytes, &answer)) {
        run_answer(run, (struct answer){.kind = ANSWER_NUMBER, .value = (uintptr_t)answer});
        extension->judge(&run->heap, op_of(run), size_bytes);
        run_count(run, OUTCOME_DONE);
    }
}

bool run_call(struct run *run, uint32_t slot, size_t size_bytes)
{
    enum face face = verb_face(run->verb);
    switch (verb_action(run->verb)) {
    case ACTION_ALLOCATE:
        run_allocate(run, slot, face, size_bytes);
        return true;
    case ACTION_FREE:
        run_free(run, slot, face);
        return true;
    case ACTION_REALLOCATE:
        run_reallocate(run, slot, face, size_bytes);
        return true;
    case ACTION_SIZE:
        run_size(run, slot, face);
        return true;
    case ACTION_OWNS:
        run_owns(run, slot, size_bytes, owned_address(run, slot, size_bytes));
        return true;
    case ACTION_MINIMIZE:
        run_minimize(run);
        return true;
    case ACTION_MISUSE:
        (run->plan.misuse != NULL ? run->plan.misuse : run_misuse)(run, slot, size_bytes);
        return true;
    case ACTION_EXTENSION:
        run_extension(run, size_bytes);
        return true;
    case ACTION_OTHER:
        break;
    }
    return false;
}
