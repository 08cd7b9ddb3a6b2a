// Runs a program from its first op to its last law: worlds, repeats, and the checks between ops.
// Runs some programs a second time, to compare. size_resolve turns an op's code into a number;
// calls.c chooses the call.

#include "runner/runner.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "language/size.h"
#include "laws/model.h"
#include "laws/oracle.h"
#include "laws/reach.h"
#include "runner/answers.h"
#include "runner/calls.h"
#include "world/world.h"

// The number of ops between two walks of the heap's invariants.
#define WALK_OPS 1024U

// Sizes checked for each op. All live blocks are checked when enough ops have passed: after every
// op for this many blocks, less often for more.
#define SIZES_AN_OP 2U

// A check op walks when the calls since the last walk exceed the live blocks divided by this.
#define WALK_BLOCKS 64U

static const struct run *current;

const struct run *run_current(void)
{
    return current;
}

// Enters a lane. A subject without lanes ignores it. The model still changes lanes, so that a pair
// agrees.
static void enter_lane(struct run *run, enum lane lane)
{
    const struct subject *subject = run->heap.subject;
    if (!subject_has_lanes(subject) || subject->port.select_cache(lane)) {
        model_enter(lane);
        reach_entered();
    }
}

// Measures the largest block on a heap of its own. The usual range of a subject is measured once.
static size_t measure(struct run *run, size_t arena_bytes, uint32_t place)
{
    static const struct subject *subject;
    static size_t usual_bytes;
    const struct heapfuzz_policies *policies = &run->heap.subject->port.policies;
    bool is_usual = subject_ignores_world(run->heap.subject) ||
                    (arena_bytes == policies->range_usual_bytes && place == 0);
    if (!subject_can_be_measured(run->heap.subject)) {
        return 0;
    }
    if (is_usual && run->heap.subject == subject) {
        return usual_bytes;
    }
    size_t largest_bytes = 0;
    if (heap_open(&run->heap, arena_bytes, place)) {
        largest_bytes = oracle_measure(&run->heap);
        heap_close(&run->heap);
    }
    if (is_usual) {
        subject = run->heap.subject;
        usual_bytes = largest_bytes;
    }
    return largest_bytes;
}

// Opens a world. Its number limits the pages, or is the place of a range.
static bool open_heap(struct run *run, size_t arena_bytes, uint32_t number)
{
    enter_lane(run, LANE_FIRST);
    world_open(subject_takes_range(run->heap.subject) ? 0 : number);
    run->heap.largest_bytes = measure(run, arena_bytes, number);
    bool is_open = heap_open(&run->heap, arena_bytes, number);
    if (is_open) {
        reach_begin();
    }
    return is_open;
}

static CHECK void check_small_heap(size_t arena_bytes)
{
    LAW(REASON, world_refusals() > 0, "no heap in an arena of %zu bytes", arena_bytes);
}

static CHECK void check_first_heap(bool is_open)
{
    LAW(REASON, is_open, "no heap in a world that refuses nothing");
}

static size_t usual_arena_bytes(const struct run *run)
{
    const struct subject *subject = run->heap.subject;
    return subject_takes_range(subject) ? subject->port.policies.range_usual_bytes
                                        : RUN_ARENA_BYTES;
}

// Ends the process where the usual range is too small: nothing can be tested.
static _Noreturn void refuse_range(const struct run *run)
{
    fprintf(stderr, "heapfuzz: %s: open refuses a range of %zu bytes; state range_usual_bytes\n",
            run->heap.subject->name, usual_arena_bytes(run));
    fflush(NULL);
    _Exit(2);
}

// A range may be too small for even an empty heap, and so may a budget of pages.
static void begin_world(struct run *run, size_t arena_bytes, uint32_t number)
{
    run->heap.is_substitute = !open_heap(run, arena_bytes, number);
    if (run->heap.is_substitute) {
        if (!subject_takes_range(run->heap.subject)) {
            check_small_heap(arena_bytes);
        }
        world_close();
        bool is_open = open_heap(run, usual_arena_bytes(run), 0);
        if (!is_open && subject_takes_range(run->heap.subject)) {
            refuse_range(run);
        }
        check_first_heap(is_open);
    }
}

static enum moment moment_of(const struct run *run)
{
    return run->op_index == run->program->count ? MOMENT_END
           : verb_allocates(run->verb)          ? MOMENT_ALLOCATE
           : verb_reallocates(run->verb)        ? MOMENT_REALLOCATE
           : verb_frees(run->verb)              ? MOMENT_FREE
                                                : MOMENT_OTHER;
}

// Ends a world. When the world has pages again, no earlier refusal has lost a block, and there is
// as much room as ever.
static void end_world(struct run *run)
{
    world_lift();
    while (model.live_blocks > 0) {
        uint32_t slot = model_live_slot(model.live_blocks - 1);
        oracle_bytes(slot);
        heap_own_call(&run->heap, "GetSize of b", slot);
        size_t size_bytes = heap_size(&run->heap, FACE_HEAP, model.slots[slot].block);
        heap_own_call_done(&run->heap);
        (void)oracle_sized(&run->heap, slot, FACE_HEAP, size_bytes);
        heap_own_call(&run->heap, "Free of b", slot);
        heap_free(&run->heap, FACE_HEAP, model.slots[slot].block);
        heap_own_call_done(&run->heap);
        (void)oracle_freed(&run->heap, slot);
    }
    if (run->heap.extension != NULL) {
        run->heap.extension->end(&run->heap);
    }
    oracle_between(&run->heap, moment_of(run));
    oracle_empty(&run->heap, moment_of(run));
    heap_close(&run->heap);
    oracle_surroundings(&run->heap);
    model_clear();
    world_close();
}

// Returns the arena of a subject that is nearest to the one of an op.
static size_t possible_arena(const struct subject *subject, size_t arena_bytes)
{
    const struct heapfuzz_policies *policies = &subject->port.policies;
    bool is_range = subject_takes_range(subject);
    size_t least = is_range ? policies->range_least_bytes : WORLD_LEAST_BYTES;
    size_t most = world_most_bytes();
    if (is_range) {
        most = world_range_most_bytes(policies->range_alignment_bytes);
        most = most < policies->range_most_bytes ? most : policies->range_most_bytes;
    }
    arena_bytes = arena_bytes < least ? least : arena_bytes;
    return arena_bytes < most ? arena_bytes : most;
}

static void run_world(struct run *run, size_t arena_bytes, uint32_t number)
{
    end_world(run);
    begin_world(run, possible_arena(run->heap.subject, arena_bytes), number);
}

static void add_range(struct run *run, size_t size_bytes, uint32_t steps)
{
    const struct subject *beside = run->plan.beside;
    size_t added_bytes = size_bytes < RUN_ADDED_BYTES ? size_bytes : RUN_ADDED_BYTES;
    if (beside == NULL || beside->port.add_range != NULL) {
        model.requests++; // The heap may join freed blocks.
        heap_add_range(&run->heap, possible_arena(run->heap.subject, added_bytes), steps);
    }
}

// Returns whether a check op walks. A walk finds nothing new until the next call. It takes as long
// as there are blocks, so a program of many checks would take seconds. When a finding is examined,
// every op walks anyway.
static bool is_walk_due(const struct run *run)
{
    uint64_t calls = run->calls - run->calls_walked;
    return run->calls_walked == UINT64_MAX || calls > model.live_blocks / WALK_BLOCKS;
}

static void check_slot(struct run *run, uint32_t slot)
{
    if (model.slots[slot].is_live) {
        oracle_bytes(slot);
    }
    if (is_walk_due(run)) {
        oracle_walk(&run->heap, MOMENT_OTHER);
        run->calls_walked = run->calls;
    }
}

static void write_slot(uint32_t slot, struct fill fill)
{
    if (model.slots[slot].is_live) {
        oracle_write(slot, fill);
    }
}

// Runs a verb that makes no call: it changes the world, the bytes of a block or the ops that
// follow.
static void run_other(struct run *run, uint32_t slot, size_t size_bytes)
{
    switch (run->verb) {
    case VERB_CHECK:
        check_slot(run, slot);
        break;
    case VERB_WRITE:
        write_slot(slot, fill_of(++model.fills));
        break;
    case VERB_PATTERN:
        write_slot(slot, (struct fill){size_bytes, 0});
        break;
    case VERB_REPEAT:
        run->repeats = slot;
        break;
    case VERB_ALIGN:
        run->next_alignment_bytes = align_bytes(slot);
        break;
    case VERB_WORLD:
        run_world(run, size_bytes, slot);
        break;
    case VERB_RANGE:
        add_range(run, size_bytes, slot);
        break;
    case VERB_REFUSE:
        world_refuse_after(slot);
        break;
    default: // VERB_LANE
        enter_lane(run, (enum lane)(slot % LANES));
    }
    counters->calls_by[run->verb][OUTCOME_DONE]++;
}

static bool may_repeat(struct run *run, size_t size_bytes)
{
    run->repeated_calls++;
    run->repeated_bytes += size_bytes < RUN_REPEATED_SIZE ? size_bytes : RUN_REPEATED_SIZE;
    return run->repeated_calls <= RUN_REPEATED_CALLS && run->repeated_bytes <= RUN_REPEATED_BYTES;
}

// Returns the size of an op: of a request, unless a subject avoids it. Other verbs name offsets,
// arenas and bytes by a size.
static size_t op_bytes(const struct run *run, const struct op *op, uint32_t slot)
{
    size_t size_bytes = size_resolve(op->size_code, slot, model_size_of, NULL);
    bool is_request = verb_allocates(op->verb) || verb_reallocates(op->verb);
    return is_request ? run_allowed_bytes(run, size_bytes) : size_bytes;
}

static void run_op(struct run *run, const struct op *op)
{
    uint32_t repeats = verb_takes_slot(op->verb) ? run->repeats : 0;
    run->repeats = 0;
    run->verb = op->verb;
    bool takes_alignment = verb_allocates(op->verb) || verb_reallocates(op->verb);
    run->alignment_bytes = takes_alignment ? run->next_alignment_bytes : 0;
    run->next_alignment_bytes = takes_alignment ? 0 : run->next_alignment_bytes;
    for (uint32_t i = 0; i <= repeats; i++) {
        uint32_t slot = (op->slot + i) % SLOTS;
        size_t size_bytes = op_bytes(run, op, slot);
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
        if (run->is_over) {
            break;
        }
        oracle_between(&run->heap, moment_of(run));
    }
}

// Checks every live block's size after an op, once enough ops have passed, and now and then the
// invariants. When a finding is examined, checks every block and the invariants after each op.
static void look_around(struct run *run)
{
    bool walks = run->plan.walks_always || run->op_index % WALK_OPS == WALK_OPS - 1;
    run->sizes_due += SIZES_AN_OP;
    if (walks || run->sizes_due >= model.live_blocks) {
        oracle_sizes(&run->heap);
        run->sizes_due = 0;
    }
    if (walks) {
        oracle_walk(&run->heap, moment_of(run));
    }
    if (run->plan.walks_always) { // The bytes last: a broken invariant says more than its effects.
        oracle_every_block(&run->heap);
    }
}

// Memory for an answer of each op, and for those of the run before, both kept from run to run.
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

// Returns the first op whose answer differs from that of an equal run before. Returns the number of
// ops iff only a call of a repeat differs: an op's last call is compared. Returns SIZE_MAX iff the
// two may hold different blocks before any answer differs.
static size_t first_other(const struct run *run, const struct answer *before)
{
    for (size_t i = 0; i < run->program->count; i++) {
        if (run->answers[i].is_in_doubt || before[i].is_in_doubt) {
            return SIZE_MAX;
        }
        if (run_visible_part(run, &run->answers[i]) != run_visible_part(run, &before[i])) {
            return i;
        }
    }
    return run->program->count;
}

static CHECK void check_repeated(const struct run *run, size_t other)
{
    LAW(SAME, other != run->program->count,
        "a second run differs from the first in a call that a repeat makes");
}

static CHECK void check_op(struct run *run, size_t other, const struct answer *before)
{
    char texts[2][ANSWER_TEXT_BYTES];
    run->op_index = other;
    LAW(SAME, false,
        "op %zu answered %s the first time, and %s when the same program ran again on a new heap",
        other + 1, run_answer_text(&before[other], texts[0]),
        run_answer_text(&run->answers[other], texts[1]));
}

// Checks the answers of a second run against those of the first; `other` is first_other's result.
static void compare_runs(struct run *run, size_t other, const struct answer *before)
{
    check_repeated(run, other);
    if (other < run->program->count) {
        check_op(run, other, before);
    }
}

static const struct extension *extension_of(const struct plan *plan)
{
    bool is_used = plan->extension != NULL && plan->extension->is_offered(plan->subject);
    return is_used ? plan->extension : NULL;
}

static jmp_buf abandoned;

static _Noreturn void abandon(void)
{
    longjmp(abandoned, 1);
}

// Ends a program in the middle, after a breach of a law that is off.
static void leave(struct run *run)
{
    while (model.live_blocks > 0) {
        uint32_t slot = model_live_slot(model.live_blocks - 1);
        heap_free(&run->heap, FACE_HEAP, model.slots[slot].block);
        model_end(slot);
    }
    model_clear();
    heap_close(&run->heap);
    world_close();
    current = NULL;
}

// Runs a program once. A second run is checked against the answers of the first.
static uint64_t run_once(const struct plan *plan, const struct program *program,
                         const struct answer *before, uint64_t expected)
{
    static struct run run; // It outlives a jump out of the program.
    run = (struct run){
        .plan = *plan,
        .heap = {.subject = plan->subject, .extension = extension_of(plan)},
        .program = program,
        .answers = answers_for(program->count + 1),
        .calls_walked = UINT64_MAX,
    };
    current = &run;
    model.stays_used = plan->subject->promises.stays_used;
    counters->programs++;
    law_turn_off(plan->subject->laws_off, abandon);
    if (setjmp(abandoned) != 0) {
        leave(&run);
        return 0;
    }
    begin_world(&run, usual_arena_bytes(&run), 0);
    for (run.op_index = 0; run.op_index < program->count && !run.is_over; run.op_index++) {
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
        size_t other = run.answer_sum == expected ? SIZE_MAX : first_other(&run, before);
        compare_runs(&run, other, before);
    }
    current = NULL;
    return run.answer_sum;
}

void run_program(const struct plan *plan, const struct program *program)
{
    uint64_t sum = run_once(plan, program, NULL, 0);
    if (plan->subject->port.policies.needs_process || plan->misuse != NULL) {
        return; // The second run would not be equal.
    }
    // The answers select the programs that run twice, so the same ones do every time.
    if (plan->runs_twice || sum % RUN_TWICE_ONE_IN == 0) {
        struct plan again = *plan;
        struct counters counted = *counters;
        struct answer *before = keep_answers(program->count + 1);
        again.before_op = NULL;
        again.after_op = NULL;
        (void)run_once(&again, program, before, sum);
        *counters = counted; // Only the comparison is new; the rest was counted before.
        counters->checks_by[LAW_SAME]++;
    }
}
