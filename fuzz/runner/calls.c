// Ops to calls. One call all the way: the face's function is called, the oracle compares and tells
// the model, and the answer is kept for the report. Does not know programs: what comes before and
// after an op is run.c's.

#include "runner/run_parts.h"

#include "com/spy.h"
#include "com/spy_expect.h"
#include "laws/misuse.h"
#include "laws/model.h"
#include "laws/oracle.h"
#include "laws/reach.h"
#include "world/world.h"

static enum face face_of(enum verb verb)
{
    switch (verb) {
    case VERB_TASK_ALLOCATE:
    case VERB_TASK_FREE:
    case VERB_TASK_REALLOCATE:
        return FACE_TASK;
    case VERB_IMALLOC_ALLOCATE:
    case VERB_IMALLOC_FREE:
    case VERB_IMALLOC_REALLOCATE:
    case VERB_IMALLOC_SIZE:
        return FACE_IMALLOC;
    default:
        return FACE_HEAP;
    }
}

// Over its limit CComHeap asks nobody, so no spy hears of it (spec S3.4-9).
static bool hear(const struct run *run, enum face face, enum spy_call call, const void *block,
                 size_t size_bytes)
{
    bool is_own = (face == FACE_HEAP || run->malloc == NULL) &&
                  size_bytes > run->plan.subject->policies.limit_bytes;
    return !is_own && spy_expect_begin(call, block, size_bytes);
}

static uintptr_t end_heard(const struct run *run, bool is_heard, uintptr_t answer)
{
    if (is_heard) {
        spy_expect_end(run, answer);
    }
    return answer;
}

void *call_allocate(struct run *run, enum face face, size_t size_bytes)
{
    bool is_heard = hear(run, face, SPY_CALL_ALLOC, NULL, size_bytes);
    void *block;
    run->refusals_before = world_refusals();
    if (face == FACE_HEAP || run->malloc == NULL) {
        block = IAtlMemMgr_Allocate(run->heap, size_bytes);
    } else {
        block = face == FACE_TASK ? run->plan.subject->com->task_alloc(size_bytes)
                                  : IMalloc_Alloc(run->malloc, size_bytes);
    }
    (void)end_heard(run, is_heard, (uintptr_t)block);
    return block;
}

// Names the call that a spy hears for a reallocation (spec S3.4-3).
static enum spy_call spy_expect_of(const void *block, size_t size_bytes)
{
    return block == NULL ? SPY_CALL_ALLOC : size_bytes == 0 ? SPY_CALL_FREE : SPY_CALL_REALLOC;
}

void *call_reallocate(struct run *run, enum face face, void *block, size_t size_bytes)
{
    bool is_heard = hear(run, face, spy_expect_of(block, size_bytes), block, size_bytes);
    void *moved;
    run->refusals_before = world_refusals();
    if (face == FACE_HEAP || run->malloc == NULL) {
        moved = IAtlMemMgr_Reallocate(run->heap, block, size_bytes);
    } else {
        moved = face == FACE_TASK ? run->plan.subject->com->task_realloc(block, size_bytes)
                                  : IMalloc_Realloc(run->malloc, block, size_bytes);
    }
    (void)end_heard(run, is_heard, (uintptr_t)moved);
    return moved;
}

void call_free(struct run *run, enum face face, void *block)
{
    bool is_heard = block != NULL && spy_expect_begin(SPY_CALL_FREE, block, 0);
    if (face == FACE_HEAP || run->malloc == NULL) {
        IAtlMemMgr_Free(run->heap, block);
    } else if (face == FACE_TASK) {
        run->plan.subject->com->task_free(block);
    } else {
        IMalloc_Free(run->malloc, block);
    }
    (void)end_heard(run, is_heard, 0);
}

size_t call_size(const struct run *run, enum face face, void *block)
{
    bool is_heard = block != NULL && spy_expect_begin(SPY_CALL_SIZE, block, 0);
    size_t size_bytes = face == FACE_IMALLOC && run->malloc != NULL
                            ? IMalloc_GetSize(run->malloc, block)
                            : IAtlMemMgr_GetSize(run->heap, block);
    return end_heard(run, is_heard, size_bytes);
}

int call_owns(const struct run *run, const void *address)
{
    bool is_heard = address != NULL && spy_expect_begin(SPY_CALL_OWNS, address, 0);
    return (int)end_heard(run, is_heard, (uintptr_t)run->plan.subject->owns(address));
}

// Only IMalloc's way is one that a spy hears.
static void call_minimize(const struct run *run)
{
    if (spy_expect_begin(SPY_CALL_MINIMIZE, NULL, 0)) {
        IMalloc_HeapMinimize(run->malloc);
        spy_expect_end(run, 0);
    } else {
        run->plan.subject->minimize();
    }
}

static void run_free(struct run *run, uint32_t slot, enum face face)
{
    if (!model.slots[slot].is_live) {
        call_free(run, face, NULL);
        run_count(run, OUTCOME_DONE);
        return;
    }
    oracle_bytes(run, slot);
    call_free(run, face, model.slots[slot].block);
    run_count(run, oracle_freed(run, slot));
}

void run_give_up(struct run *run, uint32_t slot)
{
    if (model.slots[slot].is_live) {
        oracle_bytes(run, slot);
        call_free(run, face_of(run->verb), model.slots[slot].block);
        (void)oracle_freed(run, slot);
    }
}

static void run_allocate(struct run *run, uint32_t slot, enum face face, size_t size_bytes)
{
    if (model.slots[slot].is_live) {
        run_free(run, slot, face);
    }
    void *block = call_allocate(run, face, size_bytes);
    run_answer(run, (struct answer){.kind = ANSWER_POINTER,
                                    .value = (uintptr_t)block,
                                    .size_bytes = size_bytes});
    run_count(run, oracle_allocated(run, slot, face, block, size_bytes));
}

static void run_reallocate(struct run *run, uint32_t slot, enum face face, size_t size_bytes)
{
    bool is_live = model.slots[slot].is_live;
    if (is_live) {
        oracle_bytes(run, slot);
    }
    void *block = call_reallocate(run, face, is_live ? model.slots[slot].block : NULL, size_bytes);
    run_answer(run, (struct answer){.kind = ANSWER_POINTER,
                                    .value = (uintptr_t)block,
                                    .size_bytes = size_bytes});
    run_count(run, is_live ? oracle_reallocated(run, slot, face, block, size_bytes)
                           : oracle_allocated(run, slot, face, block, size_bytes));
}

static void run_size(struct run *run, uint32_t slot, enum face face)
{
    void *block = model.slots[slot].is_live ? model.slots[slot].block : NULL;
    size_t size_bytes = call_size(run, face, block);
    run_answer(run, (struct answer){.kind = ANSWER_SIZE, .value = size_bytes});
    run_count(run, oracle_sized(run, slot, face, size_bytes));
}

static void run_owns(struct run *run, uint32_t slot, size_t size_bytes, uintptr_t address)
{
    if (run->plan.subject->owns == NULL) {
        return; // The law is off, and said to be.
    }
    bool is_other = run_is_elsewhere(run, slot, size_bytes);
    int owned = call_owns(run, (const void *)address);
    run_answer(run, (struct answer){.kind = ANSWER_NUMBER,
                                    .value = (uintptr_t)owned,
                                    .is_elsewhere = is_other});
    run_count(run, oracle_owned(run, (const void *)address, owned));
}

static void run_misuse(struct run *run, uint32_t slot, size_t size_bytes)
{
    uintptr_t address = misuse_address(run, slot, size_bytes);
    enum stray stray = misuse_is_on(run) ? misuse_find(run, address) : STRAYS;
    bool is_other = run_is_elsewhere(run, slot, size_bytes);
    if (misuse_is_on(run) && run->verb == VERB_SCRIBBLE && model.slots[slot].block != NULL) {
        size_t extent = misuse_extent(run, slot, address, size_bytes == 0 ? 1 : size_bytes);
        run_answer(run, (struct answer){.kind = ANSWER_WRITTEN,
                                        .value = address,
                                        .size_bytes = extent,
                                        .is_elsewhere = is_other});
        run_count(run, misuse_scribble(run, address, extent, size_bytes % MISUSE_PATTERNS));
    } else if (stray != STRAYS && run->verb != VERB_SCRIBBLE) {
        run_answer(run, (struct answer){.kind = ANSWER_STRAY,
                                        .value = address,
                                        .size_bytes = stray,
                                        .is_elsewhere = is_other});
        run_count(run, misuse_pointer(run, address, stray));
    } else if (run->plan.subject->owns != NULL) {
        run_owns(run, slot, size_bytes, address);
    } else {
        run_size(run, slot, FACE_HEAP);
    }
}

static void run_minimize(struct run *run)
{
    if (run->plan.subject->minimize != NULL) {
        call_minimize(run);
        run_count(run, oracle_minimized(run));
    }
    model_minimize(); // Also for the other one of a pair.
    reach_minimized();
}

static void run_get_malloc(struct run *run, DWORD context)
{
    if (run->malloc == NULL) {
        return;
    }
    IMalloc *malloc = (IMalloc *)(void *)&run->heap; // Anything but NULL.
    HRESULT result = run->plan.subject->com->get_malloc(context, &malloc);
    run_answer(run, (struct answer){.kind = ANSWER_NUMBER, .value = (uintptr_t)result});
    run_count(run, oracle_got_malloc(run, context, result, malloc));
}

static void run_query(struct run *run, unsigned which)
{
    static const IID unknown = {0x12345678, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}};
    const IID *const interfaces[] = {&IID_IUnknown, &IID_IMalloc, &unknown};
    if (run->malloc == NULL) {
        return;
    }
    void *object = run;
    HRESULT result = IMalloc_QueryInterface(run->malloc, interfaces[which], &object);
    run_answer(run, (struct answer){.kind = ANSWER_NUMBER, .value = (uintptr_t)result});
    run_count(run, oracle_queried(run, which, result, object, run));
}

static void run_spy(struct run *run, uint32_t number)
{
    if (!run->plan.spies || run->malloc == NULL || !subject_has_spies(run->plan.subject)) {
        return;
    }
    HRESULT result = run->verb == VERB_SPY ? spy_register(run, number) : spy_revoke(run);
    run_answer(run, (struct answer){.kind = ANSWER_NUMBER, .value = (uintptr_t)result});
    run_count(run, OUTCOME_DONE);
}

bool run_call(struct run *run, uint32_t slot, size_t size_bytes)
{
    enum face face = face_of(run->verb);
    switch (run->verb) {
    case VERB_ALLOCATE:
    case VERB_TASK_ALLOCATE:
    case VERB_IMALLOC_ALLOCATE:
        run_allocate(run, slot, face, size_bytes);
        return true;
    case VERB_FREE:
    case VERB_TASK_FREE:
    case VERB_IMALLOC_FREE:
        run_free(run, slot, face);
        return true;
    case VERB_REALLOCATE:
    case VERB_TASK_REALLOCATE:
    case VERB_IMALLOC_REALLOCATE:
        run_reallocate(run, slot, face, size_bytes);
        return true;
    case VERB_SIZE:
    case VERB_IMALLOC_SIZE:
        run_size(run, slot, face);
        return true;
    case VERB_OWNS:
        run_owns(run, slot, size_bytes, (uintptr_t)model.slots[slot].block + size_bytes);
        return true;
    case VERB_OWNS_ADDRESS:
        run_owns(run, slot, size_bytes, size_bytes);
        return true;
    case VERB_MINIMIZE:
        run_minimize(run);
        return true;
    case VERB_GET_MALLOC:
        run_get_malloc(run, (DWORD)size_bytes);
        return true;
    case VERB_QUERY:
        run_query(run, slot % 3);
        return true;
    case VERB_BAD_FREE:
    case VERB_BAD_REALLOCATE:
    case VERB_BAD_ADDRESS:
    case VERB_SCRIBBLE:
        run_misuse(run, slot, size_bytes);
        return true;
    case VERB_SPY:
    case VERB_REVOKE:
        run_spy(run, slot);
        return true;
    default:
        return false;
    }
}
