// The ops that made a block what it is. Nothing is written down for it while a program runs: where
// a finding is told, the ops are looked through backwards.

#include "harness/history.h"

uint32_t history_calls(const struct program *program, size_t op_index)
{
    bool takes_slot = verb_operands(program->ops[op_index].verb)[0] == 's';
    bool is_repeated = op_index > 0 && program->ops[op_index - 1].verb == VERB_REPEAT;
    return takes_slot && is_repeated ? 1U + program->ops[op_index - 1].slot : 1;
}

static bool reaches(const struct program *program, size_t op_index, uint32_t slot)
{
    uint32_t first = program->ops[op_index].slot;
    return verb_operands(program->ops[op_index].verb)[0] == 's' &&
           (slot - first) % SLOTS < history_calls(program, op_index);
}

// What an op did to the block. Returns whether there is nothing to look for before it.
static bool look(const struct run *run, size_t op_index, struct history *history)
{
    bool is_refused = run->answers[op_index].value == 0;
    switch (run->program->ops[op_index].verb) {
    case VERB_ALLOCATE:
    case VERB_TASK_ALLOCATE:
    case VERB_IMALLOC_ALLOCATE:
        history->made = op_index;
        return true;
    case VERB_REALLOCATE:
    case VERB_TASK_REALLOCATE:
    case VERB_IMALLOC_REALLOCATE:
        if (is_refused && run->answers[op_index].size_bytes == 0) {
            return true; // It freed it.
        }
        if (!is_refused) { // It allocated the block, if nothing before it did.
            history->resized = history->resized == HISTORY_NONE ? op_index : history->resized;
            history->made = op_index;
        }
        return false;
    case VERB_FREE:
    case VERB_TASK_FREE:
    case VERB_IMALLOC_FREE:
        return true;
    default:
        return false;
    }
}

struct history history_of(const struct run *run, uint32_t slot)
{
    struct history history = {HISTORY_NONE, HISTORY_NONE};
    size_t end = run->op_index < run->program->count ? run->op_index + 1 : run->program->count;
    for (size_t i = end; i-- > 0;) {
        if (run->program->ops[i].verb == VERB_WORLD ||
            (reaches(run->program, i, slot) && look(run, i, &history))) {
            break;
        }
    }
    if (history.resized == history.made) {
        history.resized = HISTORY_NONE;
    }
    return history;
}
