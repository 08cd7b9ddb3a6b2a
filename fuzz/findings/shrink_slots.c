// Rows of calls, and slots.

#include "findings/shrink_slots.h"

#include <string.h>

// So many calls in a row are not worth a repeat, and longer rows are.
#define ROW_CALLS 4U

// Calls in a row that differ only in their slots and in how often they are made.
struct row {
    struct op op;          ///< The first.
    size_t records, times; ///< Ops, repeats included, and calls; 0: there is no call here.
    uint16_t lowest_slot;
};

// Returns the call of an op, with the repeat before it if there is one.
static struct row call_at(const struct program *program, size_t at)
{
    bool is_repeated = at + 1 < program->count && program->ops[at].verb == VERB_REPEAT;
    size_t times = is_repeated ? 1U + program->ops[at].slot : 1;
    at += is_repeated;
    return at < program->count && verb_takes_slot(program->ops[at].verb)
               ? (struct row){program->ops[at], 1U + is_repeated, times, program->ops[at].slot}
               : (struct row){0};
}

static struct row row_at(const struct program *program, size_t at)
{
    struct row row = call_at(program, at);
    for (;;) {
        struct row call = call_at(program, at + row.records);
        bool is_like = call.op.verb == row.op.verb && call.op.size_code == row.op.size_code;
        if (row.records == 0 || call.records == 0 || !is_like || row.times + call.times > SLOTS) {
            return row;
        }
        row.records += call.records;
        row.times += call.times;
        row.lowest_slot = call.op.slot < row.lowest_slot ? call.op.slot : row.lowest_slot;
    }
}

// A row becomes one repeated op, from its first slot on or from its lowest.
static bool fold(struct shrinker *shrinker, size_t at, const struct row *row)
{
    struct op ops[2] = {{.verb = VERB_REPEAT, .slot = (uint16_t)(row->times - 1)}, row->op};
    if (shrinker_replace(shrinker, at, row->records, ops, 2)) {
        return true;
    }
    ops[1].slot = row->lowest_slot;
    return shrinker_replace(shrinker, at, row->records, ops, 2);
}

// A few repeats become so many ops, since some of those may be left out.
static bool unfold(struct shrinker *shrinker, size_t at)
{
    struct op ops[ROW_CALLS];
    struct row call = call_at(shrinker->program, at);
    for (size_t i = 0; i < call.times && i < ROW_CALLS; i++) {
        ops[i] = call.op;
        ops[i].slot = (uint16_t)(call.op.slot + i);
    }
    return call.records == 2 && call.times <= ROW_CALLS &&
           shrinker_replace(shrinker, at, 2, ops, call.times);
}

bool shrink_fold(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count;) {
        struct row row = row_at(shrinker->program, at);
        bool is_long = row.records > 2 && row.times > ROW_CALLS;
        bool is_changed = is_long ? fold(shrinker, at, &row) : unfold(shrinker, at);
        is_simpler = is_simpler || is_changed;
        at += is_changed || row.records == 0 ? 1 : row.records;
    }
    return is_simpler;
}

// Returns the end of the last row before `at` that does the same as the call there, and is not next
// to it; 0 iff there is none.
static size_t end_of_like(const struct program *program, size_t at, struct op op)
{
    size_t end = 0;
    for (size_t from = 0; from < at;) {
        struct row row = row_at(program, from);
        from += row.records > 0 ? row.records : 1;
        if (row.records > 0 && from < at && row.op.verb == op.verb &&
            row.op.size_code == op.size_code) {
            end = from;
        }
    }
    return end;
}

bool shrink_gather(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count;) {
        struct row row = row_at(shrinker->program, at);
        size_t end = row.records > 0 ? end_of_like(shrinker->program, at, row.op) : 0;
        if (end > 0) {
            program_copy(&shrinker->guess, shrinker->program);
            struct op *ops = shrinker->guess.ops;
            memmove(&ops[end + row.records], &ops[end], (at - end) * sizeof ops[0]);
            memcpy(&ops[end], &shrinker->program->ops[at], row.records * sizeof ops[0]);
            is_simpler = shrinker_try(shrinker) || is_simpler;
        }
        at += row.records > 0 ? row.records : 1;
    }
    return is_simpler;
}

// Tries other names: in the order in which the slots come, or in that of the slots, which keeps
// those of overlapping repeats together.
static bool rename_slots(struct shrinker *shrinker, bool by_slot)
{
    static uint32_t names[SLOTS];
    const struct program *program = shrinker->program;
    uint32_t named = 0;
    bool differs = false;
    memset(names, 0xff, sizeof names);
    for (size_t at = 0; at < program->count; at++) {
        struct row call = call_at(program, at);
        for (size_t i = 0; i < call.times; i++) {
            uint32_t *name = &names[(call.op.slot + i) % SLOTS];
            *name = *name == UINT32_MAX ? named++ : *name;
        }
    }
    named = 0;
    for (size_t slot = 0; slot < SLOTS && by_slot; slot++) {
        names[slot] = names[slot] == UINT32_MAX ? UINT32_MAX : named++;
    }
    program_copy(&shrinker->guess, program);
    for (size_t at = 0; at < program->count; at++) {
        struct op *op = &shrinker->guess.ops[at];
        if (verb_takes_slot(op->verb)) {
            differs = differs || op->slot != names[op->slot];
            op->slot = (uint16_t)names[op->slot];
        }
    }
    return differs && shrinker_try(shrinker);
}

bool shrink_rename(struct shrinker *shrinker)
{
    return rename_slots(shrinker, false) || rename_slots(shrinker, true);
}
