// Ops to calls. One call all the way: size_resolve turns the op's code into a number, the face's
// function is called, the oracle compares and tells the model, and the answer is kept for the
// report.

#include "harness/run.h"

#include <stdlib.h>
#include <string.h>

#include "harness/misuse.h"
#include "harness/model.h"
#include "harness/oracle.h"
#include "harness/pair.h"
#include "harness/reach.h"
#include "harness/size.h"
#include "harness/world.h"

// Ops between two walks of the heap's invariants.
#define WALK_OPS 1024U

// Sizes that are asked for an op: all of them where no more are live, else all of them the less
// often the more there are.
#define SIZES_AN_OP 2U

// A check may walk when there was a call for so many blocks since the last walk.
#define WALK_BLOCKS 64U

static const struct run *current;

const struct run *run_current(void)
{
    return current;
}

// What of an answer must be the same in a second run: a pointer's place in the world where the
// subject gives equal addresses, and otherwise whether there is one; a size only where it is exact.
static uint64_t visible_part(const struct run *run, const struct answer *made)
{
    const struct policies *policies = &run->plan.subject->policies;
    switch (made->kind) {
    case ANSWER_POINTER:
    case ANSWER_WRITTEN:
        return made->value == 0           ? 0
               : !policies->is_repeatable ? 1
                                          : made->value - (uintptr_t)world_start() + 2;
    case ANSWER_STRAY: // The address is the program's own, or follows from other answers.
        return made->size_bytes;
    case ANSWER_SIZE:
        return policies->size_is_exact ? made->value : 0;
    default:
        return made->value;
    }
}

static void answer(struct run *run, struct answer made)
{
    made.is_made = true;
    run->answers[run->op_index] = made;
    run->answer_sum = (run->answer_sum ^ visible_part(run, &made)) * 0x9e3779b97f4a7c15U;
    if (run->plan.on_answer != NULL) {
        run->plan.on_answer(run);
    }
}

static void count(struct run *run, enum outcome outcome)
{
    run->outcome = outcome;
    counters->calls++;
    counters->calls_by[run->verb][outcome]++;
}

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

static void *call_allocate(struct run *run, enum face face, size_t size_bytes)
{
    run->refusals_before = world_refusals();
    if (face == FACE_HEAP || run->malloc == NULL) {
        return IAtlMemMgr_Allocate(run->heap, size_bytes);
    }
    return face == FACE_TASK ? run->plan.subject->com->task_alloc(size_bytes)
                             : IMalloc_Alloc(run->malloc, size_bytes);
}

void *call_reallocate(struct run *run, enum face face, void *block, size_t size_bytes)
{
    run->refusals_before = world_refusals();
    if (face == FACE_HEAP || run->malloc == NULL) {
        return IAtlMemMgr_Reallocate(run->heap, block, size_bytes);
    }
    return face == FACE_TASK ? run->plan.subject->com->task_realloc(block, size_bytes)
                             : IMalloc_Realloc(run->malloc, block, size_bytes);
}

void call_free(struct run *run, enum face face, void *block)
{
    if (face == FACE_HEAP || run->malloc == NULL) {
        IAtlMemMgr_Free(run->heap, block);
    } else if (face == FACE_TASK) {
        run->plan.subject->com->task_free(block);
    } else {
        IMalloc_Free(run->malloc, block);
    }
}

static void run_free(struct run *run, uint32_t slot, enum face face)
{
    if (!model.slots[slot].is_live) {
        call_free(run, face, NULL);
        count(run, OUTCOME_DONE);
        return;
    }
    oracle_bytes(run, slot);
    call_free(run, face, model.slots[slot].block);
    count(run, oracle_freed(run, slot));
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
    answer(run, (struct answer){ANSWER_POINTER, true, (uintptr_t)block, size_bytes});
    count(run, oracle_allocated(run, slot, face, block, size_bytes));
}

static void run_reallocate(struct run *run, uint32_t slot, enum face face, size_t size_bytes)
{
    bool is_live = model.slots[slot].is_live;
    if (is_live) {
        oracle_bytes(run, slot);
    }
    void *block = call_reallocate(run, face, is_live ? model.slots[slot].block : NULL, size_bytes);
    answer(run, (struct answer){ANSWER_POINTER, true, (uintptr_t)block, size_bytes});
    count(run, is_live ? oracle_reallocated(run, slot, face, block, size_bytes)
                       : oracle_allocated(run, slot, face, block, size_bytes));
}

static void run_size(struct run *run, uint32_t slot, enum face face)
{
    void *block = model.slots[slot].is_live ? model.slots[slot].block : NULL;
    size_t size_bytes = face == FACE_IMALLOC && run->malloc != NULL
                            ? IMalloc_GetSize(run->malloc, block)
                            : IAtlMemMgr_GetSize(run->heap, block);
    answer(run, (struct answer){ANSWER_SIZE, true, size_bytes, 0});
    count(run, oracle_sized(run, slot, face, size_bytes));
}

static void run_owns(struct run *run, uintptr_t address)
{
    if (run->plan.subject->owns == NULL) {
        return; // The law is off, and said to be.
    }
    int owned = run->plan.subject->owns((const void *)address);
    answer(run, (struct answer){ANSWER_NUMBER, true, (uintptr_t)owned, 0});
    count(run, oracle_owned(run, (const void *)address, owned));
}

static void run_misuse(struct run *run, uint32_t slot, size_t size_bytes)
{
    uintptr_t address = misuse_address(run, slot, size_bytes);
    enum stray stray = misuse_is_on(run) ? misuse_find(run, address) : STRAYS;
    if (misuse_is_on(run) && run->verb == VERB_SCRIBBLE && model.slots[slot].block != NULL) {
        size_t extent = misuse_extent(run, slot, address, size_bytes == 0 ? 1 : size_bytes);
        answer(run, (struct answer){ANSWER_WRITTEN, true, address, extent});
        count(run, misuse_scribble(run, address, extent, size_bytes % MISUSE_PATTERNS));
    } else if (stray != STRAYS && run->verb != VERB_SCRIBBLE) {
        answer(run, (struct answer){ANSWER_STRAY, true, address, stray});
        count(run, misuse_pointer(run, address, stray));
    } else if (run->plan.subject->owns != NULL) {
        run_owns(run, address);
    } else {
        run_size(run, slot, FACE_HEAP);
    }
}

static void run_minimize(struct run *run)
{
    if (run->plan.subject->minimize != NULL) {
        run->plan.subject->minimize();
        count(run, oracle_minimized(run));
    }
}

static void run_get_malloc(struct run *run, DWORD context)
{
    if (run->malloc == NULL) {
        return;
    }
    IMalloc *malloc = (IMalloc *)(void *)&run->heap; // Anything but NULL.
    HRESULT result = run->plan.subject->com->get_malloc(context, &malloc);
    answer(run, (struct answer){ANSWER_NUMBER, true, (uintptr_t)result, 0});
    count(run, oracle_got_malloc(run, context, result, malloc));
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
    answer(run, (struct answer){ANSWER_NUMBER, true, (uintptr_t)result, 0});
    count(run, oracle_queried(run, which, result, object));
}

static void open_heap(struct run *run, size_t arena_bytes, size_t budget_pages)
{
    world_open(budget_pages);
    run->arena_bytes = arena_bytes;
    run->heap = run->plan.subject->open(arena_bytes);
    if (run->heap != NULL) {
        run->fresh_committed_bytes = world_committed_bytes();
        run->rolling = 0;
        reach_begin();
        if (run->plan.mixes_faces && run->plan.subject->com != NULL) {
            (void)run->plan.subject->com->get_malloc(1, &run->malloc);
        }
    }
}

static void begin_world(struct run *run, size_t arena_bytes, size_t budget_pages)
{
    open_heap(run, arena_bytes, budget_pages);
    if (run->heap == NULL) { // The budget is too small for even an empty heap.
        LAW(run, REASON, world_refusals() > 0, "no heap in an arena of %zu bytes", arena_bytes);
        world_close();
        open_heap(run, RUN_ARENA_BYTES, 0);
        LAW(run, REASON, run->heap != NULL, "no heap in a world that refuses nothing");
    }
}

// Whatever was refused, when the world has pages again nothing that was held is lost, and there is
// as much room as ever.
static void end_world(struct run *run)
{
    world_lift();
    while (model.live_blocks > 0) {
        uint32_t slot = model_live_slot(model.live_blocks - 1);
        oracle_bytes(run, slot);
        size_t size_bytes = IAtlMemMgr_GetSize(run->heap, model.slots[slot].block);
        (void)oracle_sized(run, slot, FACE_HEAP, size_bytes);
        call_free(run, FACE_HEAP, model.slots[slot].block);
        (void)oracle_freed(run, slot);
    }
    oracle_between(run);
    oracle_empty(run);
    run->plan.subject->close();
    model_clear();
    world_close();
}

static void run_world(struct run *run, size_t arena_bytes, uint32_t budget_pages)
{
    size_t most = world_most_bytes();
    arena_bytes = arena_bytes < WORLD_LEAST_BYTES ? WORLD_LEAST_BYTES : arena_bytes;
    end_world(run);
    begin_world(run, arena_bytes < most ? arena_bytes : most, budget_pages);
}

// The ops that are calls of the subject. Returns false iff the verb is none of them.
static bool run_call(struct run *run, uint32_t slot, size_t size_bytes)
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
        run_owns(run, (uintptr_t)model.slots[slot].block + size_bytes);
        return true;
    case VERB_OWNS_ADDRESS:
        run_owns(run, size_bytes);
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
    default:
        return false;
    }
}

// Until the next call a walk can find nothing new; and it takes as long as there are blocks, so
// that a program of little else would take seconds. Where a finding is looked at every op walks
// anyway.
static bool is_walk_due(const struct run *run)
{
    uint64_t calls = counters->calls - run->calls_walked;
    return run->calls_walked == UINT64_MAX || calls > model.live_blocks / WALK_BLOCKS;
}

// The ops that are not: they change the world, the bytes of a block or what comes next.
static void run_other(struct run *run, uint32_t slot, size_t size_bytes)
{
    bool is_live = model.slots[slot].is_live;
    if (run->verb == VERB_CHECK && is_live) {
        oracle_bytes(run, slot);
    }
    if (run->verb == VERB_CHECK && is_walk_due(run)) {
        oracle_walk(run);
        run->calls_walked = counters->calls;
    }
    if (run->verb == VERB_WRITE && is_live) {
        oracle_rewrite(run, slot);
    }
    if (run->verb == VERB_PATTERN && is_live) {
        oracle_write(run, slot, (struct fill){size_bytes, 0});
    }
    if (run->verb == VERB_REPEAT) {
        run->repeats = slot;
    }
    if (run->verb == VERB_WORLD) {
        run_world(run, size_bytes, slot);
    }
    if (run->verb == VERB_REFUSE) {
        world_refuse_after(slot);
    }
    counters->calls_by[run->verb][OUTCOME_DONE]++;
}

static bool may_repeat(struct run *run, size_t size_bytes)
{
    run->repeated_calls++;
    run->repeated_bytes += size_bytes < RUN_REPEATED_SIZE ? size_bytes : RUN_REPEATED_SIZE;
    return run->repeated_calls <= RUN_REPEATED_CALLS && run->repeated_bytes <= RUN_REPEATED_BYTES;
}

static void run_op(struct run *run, const struct op *op)
{
    uint32_t repeats = verb_operands(op->verb)[0] == 's' ? run->repeats : 0;
    run->repeats = 0;
    run->verb = op->verb;
    for (uint32_t i = 0; i <= repeats; i++) {
        uint32_t slot = (op->slot + i) % SLOTS;
        size_t size_bytes = size_resolve(op->size_code, slot, model_size_of, NULL);
        if (i > 0 && !may_repeat(run, size_bytes)) {
            break;
        }
        if (run->plan.before_step != NULL) {
            run->plan.before_step(run, slot);
        }
        if (!run_call(run, slot, size_bytes)) {
            run_other(run, slot, size_bytes);
        }
        if (run->plan.after_step != NULL) {
            run->plan.after_step(run, slot, size_bytes);
        }
        run->steps++;
        oracle_between(run);
    }
}

// After an op: every live block's size, for as many ops as the blocks are worth, and every so often
// the invariants. Where a finding is looked at, both after every op.
static void look_around(struct run *run)
{
    bool walks = run->plan.walks_always || run->op_index % WALK_OPS == WALK_OPS - 1;
    run->sizes_due += SIZES_AN_OP;
    if (walks || run->sizes_due >= model.live_blocks) {
        oracle_sizes(run);
        run->sizes_due = 0;
    }
    if (walks) {
        oracle_walk(run);
    }
    if (run->plan.walks_always) {
        oracle_every_block(run);
    }
}

// Room for an answer an op, and for those of the run before, both kept from run to run.
static struct {
    struct answer *now, *before;
    size_t capacity;
} answers;

static struct answer *answers_for(size_t ops)
{
    if (ops > answers.capacity) {
        free(answers.now);
        free(answers.before);
        answers.capacity = ops;
        answers.now = malloc(ops * sizeof *answers.now);
        answers.before = malloc(ops * sizeof *answers.before);
        if (answers.now == NULL || answers.before == NULL) {
            abort();
        }
    }
    memset(answers.now, 0, ops * sizeof *answers.now);
    return answers.now;
}

static struct answer *keep_answers(size_t ops)
{
    return memcpy(answers.before, answers.now, ops * sizeof *answers.now);
}

// The first op that was answered otherwise than in an equal run before; the number of ops: none
// was, as far as its last call goes.
static size_t first_other(const struct run *run, const struct answer *before)
{
    size_t i = 0;
    while (i < run->program->count &&
           visible_part(run, &run->answers[i]) == visible_part(run, &before[i])) {
        i++;
    }
    return i;
}

// A second run is held against the answers of the first, where there is one.
static uint64_t run_once(const struct plan *plan, const struct program *program,
                         const struct answer *before, uint64_t expected)
{
    struct run run = {
        .plan = *plan,
        .program = program,
        .answers = answers_for(program->count + 1),
        .calls_walked = UINT64_MAX,
    };
    current = &run;
    counters->programs++;
    begin_world(&run, RUN_ARENA_BYTES, 0);
    for (run.op_index = 0; run.op_index < program->count; run.op_index++) {
        if (plan->before_op != NULL) {
            plan->before_op(&run);
        }
        run_op(&run, &program->ops[run.op_index]);
        look_around(&run);
        if (plan->after_op != NULL) {
            plan->after_op(&run);
        }
    }
    end_world(&run);
    if (before != NULL) {
        size_t other = run.answer_sum == expected ? 0 : first_other(&run, before);
        oracle_same(&run, expected == run.answer_sum, other, &before[other]);
    }
    current = NULL;
    return run.answer_sum;
}

void run_program(const struct plan *plan, const struct program *program)
{
    if (plan->other != NULL) {
        pair_run(plan, program);
        return;
    }
    uint64_t sum = run_once(plan, program, NULL, 0);
    // Which programs run twice depends on what they answer, so that it is the same ones every time.
    if (plan->runs_twice || sum % RUN_TWICE_ONE_IN == 0) {
        struct plan again = *plan;
        struct counters counted = *counters;
        struct answer *before = keep_answers(program->count + 1);
        again.before_op = NULL;
        again.after_op = NULL;
        (void)run_once(&again, program, before, sum);
        *counters = counted; // It did nothing that was not counted before, but for the comparison.
        counters->checks_by[LAW_SAME]++;
    }
}
