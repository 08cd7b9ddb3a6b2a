// The ops that made a block what it is. Nothing is written down for it while a program runs: where
// a finding is told, the ops are looked through backwards.

#include "findings/history.h"

// A line of a long program is printed for each of its ops: this keeps that from taking long.
#define OPS_LOOKED_AT 256U

uint32_t history_calls(const struct program *program, size_t op_index)
{
    bool takes_slot = verb_takes_slot(program->ops[op_index].verb);
    bool is_repeated = op_index > 0 && program->ops[op_index - 1].verb == VERB_REPEAT;
    return takes_slot && is_repeated ? 1U + program->ops[op_index - 1].slot : 1;
}

static bool reaches(const struct program *program, size_t op_index, uint32_t slot)
{
    uint32_t first = program->ops[op_index].slot;
    return verb_takes_slot(program->ops[op_index].verb) &&
           (slot - first) % SLOTS < history_calls(program, op_index);
}

uintptr_t history_block(const struct run *run, size_t op_index, uint32_t slot)
{
    for (size_t i = op_index; i-- > 0 && op_index - i < OPS_LOOKED_AT;) {
        enum verb verb = run->program->ops[i].verb;
        bool is_reached = reaches(run->program, i, slot);
        uintptr_t block = run->answers[i].value;
        if (verb == VERB_WORLD || (is_reached && verb_frees(verb))) {
            return 0;
        }
        if (is_reached && (verb_allocates(verb) || (verb_reallocates(verb) && block != 0))) {
            return history_calls(run->program, i) == 1 ? block : 0;
        }
    }
    return 0;
}

// What an op did to the block. Returns whether there is nothing to look for before it.
static bool look(const struct run *run, size_t op_index, struct history *history)
{
    enum verb verb = run->program->ops[op_index].verb;
    bool is_refused = run->answers[op_index].value == 0;
    if (verb_allocates(verb)) {
        history->made = op_index;
        return true;
    }
    if (verb_reallocates(verb) && !is_refused) { // It made the block, if nothing before it did.
        history->resized = history->resized == HISTORY_NONE ? op_index : history->resized;
        history->made = op_index;
    }
    bool is_freed = verb_frees(verb) || (verb_reallocates(verb) && is_refused &&
                                         run->answers[op_index].size_bytes == 0);
    return is_freed && op_index != run->op_index; // Of what is being freed the story is told.
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
