// A finding as text: the law, the observation, and the program up to the op that broke it, each op
// with its answer. Addresses count from the start of the world, so they are the same in every run.

#include "findings/report.h"

#include <string.h>

#include "com/com_calls.h"
#include "findings/history.h"
#include "findings/table.h"
#include "language/text.h"
#include "laws/counters.h"
#include "laws/fill.h"
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

void report_laws_off(FILE *file, const struct subject *subject)
{
    static const char no_asan[] = "this build has no AddressSanitizer";
    static const char no_poison[] = "it does not poison";
    static const char no_bound[] = "it states no bound";
    static const char no_way_to_ask[] = "it can't be asked";
    const char *in_place = subject->promises.must_resize == NULL
                               ? "only held of new blocks"
                               : "only held of new blocks and sizes that fit";
    const struct heapfuzz_port *port = &subject->port;
    const struct heapfuzz_policies *policies = &port->policies;
    const struct heapfuzz_promises *promises = &subject->promises;
    const struct com_calls *com = subject->parts.com;
    bool sees = fill_sees_poison();
    bool is_in_place = subject_stays_in_place(subject);
    bool is_bounded = policies->capacity_returns == HEAPFUZZ_YES && subject_takes_range(subject);
    const struct {
        bool is_off;
        enum law law;
        const char *why;
    } laws[] = {
        {policies->limit_bytes == SIZE_MAX, LAW_LIMIT, "it has none"},
        {subject_ignores_world(subject), LAW_INSIDE, "it has memory of its own"},
        {!subject_takes_pages(subject), LAW_PAGES, "it takes no pages from the world"},
        {policies->alignment_bytes == 1, LAW_ALIGNED, "it states none"},
        {port->reallocate == NULL, LAW_PREFIX, "it can't resize"},
        {!is_in_place, LAW_IN_PLACE, "its blocks may move"},
        {promises->must_grant == NULL, LAW_REASON, "it promises no room"},
        {is_in_place, LAW_REASON, in_place},
        {port->size == NULL, LAW_EXACT_SIZE, no_way_to_ask},
        {port->size != NULL && policies->size == HEAPFUZZ_SIZE_IS_AT_LEAST, LAW_EXACT_SIZE,
         "only held to be enough"},
        {port->size != NULL && policies->size == HEAPFUZZ_SIZE_IS_AT_MOST, LAW_EXACT_SIZE,
         "only held to be no more"},
        {policies->zero == HEAPFUZZ_ZERO_IS_EITHER, LAW_ZERO, "a block or NULL for 0 bytes"},
        {policies->size_takes_null != HEAPFUZZ_YES, LAW_NULL_SIZE, "it documents none"},
        {!sees, LAW_WRITABLE, no_asan},
        {!sees, LAW_PAST_END, no_asan},
        {!sees, LAW_FREED, no_asan},
        {sees && !promises->hides_slack, LAW_PAST_END, no_poison},
        {sees && promises->hides_freed_bytes == 0, LAW_FREED, no_poison},
        {port->owns == NULL, LAW_MEMBER, no_way_to_ask},
        {promises->shares_heap, LAW_MEMBER, "only held of its own blocks"},
        {port->count == NULL, LAW_COUNTS, no_way_to_ask},
        {port->count == NULL && port->minimize == NULL, LAW_EMPTY, no_way_to_ask},
        {promises->largest == NULL && !is_bounded, LAW_CAPACITY, no_bound},
        {promises->most_committed == NULL, LAW_FOOTPRINT, no_bound},
        {!subject_is_repeatable(subject), LAW_SAME, "its addresses may differ"},
        {port->check == NULL, LAW_INVARIANT, no_way_to_ask},
        {port->fault == NULL, LAW_FAULTLESS, no_way_to_ask},
        {!com_has_faces(subject), LAW_COM, "it has no COM face"},
        {com_has_faces(subject) && com->leaves_query, LAW_COM,
         "a failed QueryInterface may leave the pointer"},
        {!com_has_spies(subject), LAW_SPY, "it has no spies"},
        {!subject_survives_misuse(subject), LAW_MISUSE, "it does not survive it"},
    };
    const char *why = NULL;
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        if (laws[i].is_off) {
            if (why == NULL) {
                fprintf(file, "laws off for %s: %s", subject->name, law_name(laws[i].law));
            } else if (why == laws[i].why) {
                fprintf(file, ", %s", law_name(laws[i].law));
            } else {
                fprintf(file, " (%s); %s", why, law_name(laws[i].law));
            }
            why = laws[i].why;
        }
    }
    if (why != NULL) {
        fprintf(file, " (%s)\n", why);
    }
}
