// Reports a stop that stop_posix.c or stop_windows.c noticed. A stop comes from any place inside
// the subject, so this only reads the state that the run has kept.

#include "runner/stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "laws/counters.h"
#include "laws/finding.h"
#include "laws/place.h"
#include "runner/runner.h"
#include "runner/stop_parts.h"

bool stop_is_harness(const char *path)
{
    static const char *const rooms[] = {"/fuzz/laws/",     "/fuzz/com/",     "/fuzz/runner/",
                                        "/fuzz/findings/", "/fuzz/engines/", "/fuzz/cli/",
                                        "/heapfuzz.c:"};
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        if (strstr(path, rooms[i]) != NULL) {
            return true;
        }
    }
    return false;
}

bool stop_is_hung(void)
{
    static uint64_t held_before;
    static unsigned idle;
    uint64_t held = counters->programs;
    for (unsigned law = 0; law < LAWS; law++) {
        held += counters->checks_by[law];
    }
    idle = held != held_before || run_current() == NULL ? 0 : idle + 1;
    held_before = held;
    return idle >= 2;
}

static bool (*tell_other)(const char *who);

void stop_tell_by(bool (*tell)(const char *who))
{
    tell_other = tell;
}

bool stop_tell_where(const char *who)
{
    const struct run *run = run_current();
    if (finding_is_silent()) {
        return false;
    }
    if (run == NULL) {
        return tell_other != NULL && tell_other(who);
    }
    fflush(stdout);
    fprintf(stderr, "%s stopped %s ", who, run->heap.subject->name);
    if (run->op_index < run->program->count) {
        fprintf(stderr, "in op %zu of %zu", run->op_index + 1, run->program->count);
    } else {
        fprintf(stderr, "at the end, after %zu op%s", run->program->count,
                run->program->count == 1 ? "" : "s");
    }
    if (run->heap.own_call != NULL) {
        fprintf(stderr, ", in a call of the harness's own, %s", run->heap.own_call);
        if (run->heap.own_call_number != HEAP_NO_NUMBER) {
            fprintf(stderr, "%zu", run->heap.own_call_number);
        }
    }
    fprintf(stderr, ": ");
    return true;
}

// A subject that exits ends the harness in the middle of a run. Where an engine watches for that,
// it saves the input afterwards.
static void on_exit_of_subject(void)
{
    if (run_current() == NULL && tell_other == NULL) {
        return;
    }
    if (stop_tell_where("exit")) {
        fprintf(stderr, "it ended the process\n");
        stop_tell_rest(NULL, "");
    }
    finding_stop(STOP_EXIT_STATUS); // Also in silence: its own status may be that of success.
}

void stop_watch_exit(void)
{
    static bool is_watched;
    if (!is_watched && atexit(on_exit_of_subject) == 0) {
        is_watched = true;
    }
}

void stop_tell_rest(const void *address, const char *says)
{
    const struct run *run = run_current();
    if (run == NULL) {
        return;
    }
    bool has_op = run->op_index < run->program->count;
    struct op op = has_op ? run->program->ops[run->op_index] : (struct op){0};
    place_clear();
    if (place_is_known(address)) {
        place_address(address, says);
    } else if (has_op && verb_takes_slot(op.verb) && model.slots[op.slot].is_live) {
        place_byte(op.slot, 0, "the block of this op");
    }
    finding_print_program();
}
