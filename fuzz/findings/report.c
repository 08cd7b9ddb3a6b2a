// A finding as text: the law, the observation, and the program up to the op that broke it, each op
// with its answer. Addresses count from the start of the world, so they are the same in every run.

#include "findings/report.h"

#include <string.h>

#include "findings/history.h"
#include "findings/table.h"
#include "language/text.h"
#include "laws/counters.h"
#include "laws/misuse.h"
#include "laws/place.h"
#include "runner/runner.h"
#include "world/world.h"

// How much of a long program is printed: its last ops.
#define OPS_SHOWN 24U

// How far back a line looks for the op that made its block: every op of a long program has a line.
#define OPS_LOOKED_AT 256U

static void print_answer(FILE *file, const struct answer *answer)
{
    switch (answer->kind) {
    case ANSWER_NONE:
        break;
    case ANSWER_POINTER:
        fprintf(file, "%s", place_pointer(answer->value));
        fprintf(file, answer->value == 0 ? " for %s byte%s" : ", %s byte%s",
                place_size(answer->size_bytes), answer->size_bytes == 1 ? "" : "s");
        break;
    case ANSWER_WRITTEN:
        fprintf(file, "%s", place_pointer(answer->value));
        fprintf(file, ", %zu byte%s written", answer->size_bytes,
                answer->size_bytes == 1 ? "" : "s");
        break;
    case ANSWER_STRAY:
        fprintf(file, "%s", place_pointer(answer->value));
        fprintf(file, ", %s", misuse_name((enum heapfuzz_stray)answer->size_bytes));
        break;
    case ANSWER_SIZE:
        fprintf(file, "%s", place_size(answer->value));
        break;
    case ANSWER_NUMBER: {
        int number = (int)answer->value;
        fprintf(file, number < -1 ? "0x%08x" : "%d", (unsigned)number);
        break;
    }
    }
}

// Returns where the slot's block was before an op; 0 iff nowhere, or an older op made it.
static uintptr_t block_before(const struct run *run, size_t op_index, uint32_t slot)
{
    size_t begin = op_index > OPS_LOOKED_AT ? op_index - OPS_LOOKED_AT : 0;
    size_t maker = history_maker(run, begin, op_index, slot);
    bool is_known = maker != HISTORY_NONE && history_calls(run->program, maker) == 1;
    return is_known ? run->answers[maker].value : 0;
}

// Adds to an answer: which of many it is, or whether the block moved.
static void print_change(FILE *file, const struct run *run, size_t op_index)
{
    struct op op = run->program->ops[op_index];
    uint32_t calls = history_calls(run->program, op_index);
    uintptr_t block = run->answers[op_index].value;
    uintptr_t before = block_before(run, op_index, op.slot);
    if (calls > 1) {
        fprintf(file, ", the last of %u", calls);
    } else if (verb_reallocates(op.verb) && before != 0 && block != 0) {
        fprintf(file, block == before ? ", in place" : ", moved");
    }
}

void report_op(FILE *file, const struct run *run, size_t op_index)
{
    char text[TEXT_OP_BYTES];
    const struct answer *answer = &run->answers[op_index];
    text_print_op(run->program->ops[op_index], text);
    fprintf(file, "%7zu  %s", op_index + 1, text);
    if (answer->kind != ANSWER_NONE) {
        int width = 30 - (int)strlen(text);
        fprintf(file, "%*s -> ", width > 0 ? width : 0, "");
        print_answer(file, answer);
        print_change(file, run, op_index);
    }
    fprintf(file, "\n");
}

static void print_program(const struct run *run)
{
    size_t end = run->op_index + 1 < run->program->count ? run->op_index + 1 : run->program->count;
    size_t begin = end > OPS_SHOWN ? end - OPS_SHOWN : 0;
    if (begin > 0) {
        fprintf(stderr, "         %zu ops before\n", begin);
    }
    for (size_t i = begin; i < end; i++) {
        report_op(stderr, run, i);
    }
}

// Says which policy of the port the law follows from, where only a probe saw it.
static void print_guess(const struct subject *subject, unsigned law)
{
    const struct heapfuzz_policies *stated = &subject->stated;
    const struct {
        enum law law;
        bool is_guessed;
        const char *member;
    } guesses[] = {
        {LAW_ALIGNED, stated->alignment_bytes == 0, "alignment_bytes"},
        {LAW_EXACT_SIZE, stated->size == HEAPFUZZ_SIZE_UNSTATED, "size"},
        {LAW_ZERO, stated->zero == HEAPFUZZ_ZERO_UNSTATED, "zero"},
        {LAW_ZERO, stated->reallocate_to_zero == HEAPFUZZ_TO_ZERO_UNSTATED, "reallocate_to_zero"},
        {LAW_CAPACITY, stated->capacity_returns == HEAPFUZZ_UNSTATED, "capacity_returns"},
        {LAW_SAME, stated->addresses_repeat == HEAPFUZZ_UNSTATED, "addresses_repeat"},
        {LAW_NULL_SIZE, stated->size_takes_null == HEAPFUZZ_UNSTATED, "size_takes_null"},
        {LAW_LIMIT, stated->limit_bytes == 0, "limit_bytes"},
    };
    for (size_t i = 0; !subject->is_ours && i < sizeof guesses / sizeof guesses[0]; i++) {
        if (guesses[i].law == (enum law)law && guesses[i].is_guessed) {
            fprintf(stderr, "  a probe saw .policies.%s; if that is wrong, state it in the port\n",
                    guesses[i].member);
        }
    }
}

static void print_law_broken(const struct finding *finding)
{
    const struct run *run = run_current();
    size_t ops = run->program->count;
    bool has_op = run->op_index < ops;
    counters_break(finding->number, has_op ? run->op_index + 1 : 0);
    if (has_op) {
        fprintf(stderr, "law %s broken at op %zu of %zu: %s\n", finding->law, run->op_index + 1,
                ops, finding->sentence);
    } else {
        fprintf(stderr, "law %s broken at the end, when all was freed, after %zu op%s: %s\n",
                finding->law, ops, ops == 1 ? "" : "s", finding->sentence);
    }
    fprintf(stderr, "  %s: %s\n", run->plan.subject->name, finding->seen);
    print_guess(run->plan.subject, finding->number);
    print_program(run);
    table_print(stderr, run);
}

static void print_stopped(void)
{
    const struct run *run = run_current();
    print_program(run);
    table_print(stderr, run);
}

void report_findings(enum finding_end end)
{
    static const struct finding_hooks hooks = {print_law_broken, print_stopped};
    finding_call(&hooks);
    finding_ends(end);
}
