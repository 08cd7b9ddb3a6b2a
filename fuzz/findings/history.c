// A run notes nothing for this: a finding, or a gist about an empty slot, looks through the ops,
// backwards.

#include "findings/history.h"

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

size_t history_maker(const struct run *run, size_t begin, size_t end, uint32_t slot)
{
    for (size_t i = end; i-- > begin && run->program->ops[i].verb != VERB_WORLD;) {
        enum verb verb = run->program->ops[i].verb;
        const struct answer *answer = &run->answers[i];
        bool is_moved = verb_reallocates(verb) && answer->value != 0;
        bool is_freed =
            verb_frees(verb) || (verb_reallocates(verb) && !is_moved && answer->size_bytes == 0);
        if (!reaches(run->program, i, slot)) {
            continue;
        }
        if (verb_allocates(verb) || is_moved) {
            return i;
        }
        if (is_freed && i != run->op_index) { // The block of the op under way was not freed before.
            break;
        }
    }
    return HISTORY_NONE;
}
