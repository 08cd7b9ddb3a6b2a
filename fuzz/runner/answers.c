// Keeps the part of an answer that must be the same in another run of the program. Nothing in it
// depends on where an allocator outside the world puts its blocks. Makes no calls.

#include "runner/answers.h"

#include <stdio.h>

#include "laws/model.h"
#include "laws/place.h"
#include "world/world.h"

uint64_t run_visible_part(const struct run *run, const struct answer *made)
{
    const struct subject *subject = run->heap.subject;
    if (made->is_elsewhere) {
        return 0;
    }
    switch (made->kind) {
    case ANSWER_POINTER:
    case ANSWER_WRITTEN:
        return made->value == 0                  ? 0
               : !subject_is_repeatable(subject) ? 1
                                                 : made->value - (uintptr_t)world_start() + 2;
    case ANSWER_STRAY: // The program gives the address, or it follows from other answers.
        return made->size_bytes;
    case ANSWER_SIZE:
        return subject_is_exact(subject) ? made->value : 0;
    default:
        return made->value;
    }
}

void run_answer(struct run *run, struct answer made)
{
    made.is_made = true;
    made.is_in_doubt = run->answers[run->op_index].is_in_doubt;
    run->answers[run->op_index] = made;
    run->answer_sum = (run->answer_sum ^ run_visible_part(run, &made)) * 0x9e3779b97f4a7c15U;
}

// Whether a foreign heap has room, or room to grow in place, depends on the addresses of its
// blocks.
void run_count(struct run *run, enum outcome outcome)
{
    if (outcome == OUTCOME_NO_ROOM && !subject_is_repeatable(run->heap.subject)) {
        run->answers[run->op_index].is_in_doubt = true;
    }
    run->outcome = outcome;
    run->calls++;
    counters->calls++;
    counters->calls_by[run->verb][outcome]++;
}

bool run_is_anywhere(const struct run *run, uint32_t slot, size_t size_bytes)
{
    const struct held *held = &model.slots[slot];
    if (run->verb == VERB_OWNS_ADDRESS || run->verb == VERB_BAD_ADDRESS) {
        return size_bytes < WORLD_PAGE_BYTES;
    }
    if (run->verb == VERB_SCRIBBLE) { // It begins behind the block.
        return false;
    }
    return held->is_live ? size_bytes == 0 || size_bytes < held->size_bytes
                         : held->block == NULL && size_bytes < WORLD_PAGE_BYTES;
}

bool run_is_elsewhere(const struct run *run, uint32_t slot, size_t size_bytes)
{
    return !subject_is_repeatable(run->heap.subject) && !run_is_anywhere(run, slot, size_bytes);
}

const char *run_answer_text(const struct answer *answer, char text[ANSWER_TEXT_BYTES])
{
    if (answer->kind == ANSWER_SIZE) {
        return place_size(answer->value);
    }
    if (answer->kind == ANSWER_NUMBER) {
        int number = (int)answer->value;
        (void)snprintf(text, ANSWER_TEXT_BYTES, number < -1 ? "0x%08x" : "%d", (unsigned)number);
        return text;
    }
    return answer->kind == ANSWER_NONE ? "nothing" : place_name(answer->value);
}
