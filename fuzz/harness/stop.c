// What is told of a stop, whoever noticed it: stop_posix.c or stop_windows.c. They come from inside
// the subject, at any place in it: this only reads what the run has kept.

#include "harness/stop.h"

#include <stdio.h>

#include "harness/picture.h"
#include "harness/place.h"
#include "harness/report.h"
#include "harness/stop_parts.h"

static bool is_quiet;

void stop_quietly(void)
{
    is_quiet = true;
}

bool stop_tell_where(const char *who)
{
    const struct run *run = run_current();
    if (run == NULL || is_quiet) {
        return false;
    }
    fflush(stdout);
    fprintf(stderr, "%s stopped %s ", who, run->plan.subject->name);
    if (run->op_index < run->program->count) {
        fprintf(stderr, "in op %zu of %zu: ", run->op_index + 1, run->program->count);
    } else {
        fprintf(stderr, "at the end, when all was freed, after %zu op%s: ", run->program->count,
                run->program->count == 1 ? "" : "s");
    }
    return true;
}

void stop_tell_rest(const void *address, const char *says)
{
    const struct run *run = run_current();
    bool has_op = run->op_index < run->program->count;
    struct op op = has_op ? run->program->ops[run->op_index] : (struct op){0};
    report_program(run);
    place_clear();
    if (place_is_known(address)) {
        place_address(address, says);
    } else if (has_op && verb_takes_slot(op.verb) && model.slots[op.slot].is_live) {
        place_byte(op.slot, 0, "the block of this op");
    }
    picture_draw(stderr, run);
}
