// What shrinking does to ops that differ only in their slots: rows of them become one repeated op,
// and slots get the lowest names.

#include <string.h>

#include "findings/shrink_parts.h"
#include "language/size.h"

// So many calls in a row are not worth a repeat, and longer rows are.
#define ROW_CALLS 4U

// A call and how often it is made: an op, with the repeat before it if there is one.
struct call {
    struct op op;
    size_t records; ///< 2 with a repeat, else 1; 0: there is no such op here.
    size_t times;
};

static struct call call_at(const struct program *program, size_t at)
{
    struct call call = {.times = 1};
    if (at < program->count && program->ops[at].verb == VERB_REPEAT) {
        call.times += program->ops[at++].slot;
        call.records = 1;
    }
    if (at < program->count && verb_takes_slot(program->ops[at].verb)) {
        call.op = program->ops[at];
        call.records++;
        return call;
    }
    return (struct call){0};
}

// Calls in a row that differ only in their slots and how often they are made.
struct row {
    struct op op; ///< The first.
    uint16_t lowest_slot;
    size_t records, times;
};

static struct row row_at(const struct program *program, size_t at)
{
    struct call call = call_at(program, at);
    struct row row = {.op = call.op, .lowest_slot = call.op.slot};
    while (call.records > 0 && call.op.verb == row.op.verb &&
           call.op.size_code == row.op.size_code && row.times + call.times < SLOTS) {
        row.records += call.records;
        row.times += call.times;
        row.lowest_slot = call.op.slot < row.lowest_slot ? call.op.slot : row.lowest_slot;
        call = call_at(program, at + row.records);
    }
    return row;
}

// Tries other ops in the place of some.
static bool replace_ops(struct shrinker *shrinker, size_t at, size_t count, const struct op *ops,
                        size_t ops_count)
{
    program_clear(&shrinker->guess);
    for (size_t i = 0; i < at; i++) {
        program_add(&shrinker->guess, shrinker->program->ops[i]);
    }
    for (size_t i = 0; i < ops_count; i++) {
        program_add(&shrinker->guess, ops[i]);
    }
    for (size_t i = at + count; i < shrinker->program->count; i++) {
        program_add(&shrinker->guess, shrinker->program->ops[i]);
    }
    return shrink_accept(shrinker);
}

// A row as one repeated op, from the first slot in the row, or the lowest, on.
static bool fold_row(struct shrinker *shrinker, size_t at, const struct row *row)
{
    struct op ops[2] = {{.verb = VERB_REPEAT, .slot = (uint16_t)(row->times - 1)}, row->op};
    if (replace_ops(shrinker, at, row->records, ops, 2)) {
        return true;
    }
    ops[1].slot = row->lowest_slot;
    return replace_ops(shrinker, at, row->records, ops, 2);
}

// A repeated allocation as one of as many bytes; a few repeats as so many ops, to be looked at one
// by one.
static bool unfold(struct shrinker *shrinker, size_t at)
{
    struct op ops[ROW_CALLS];
    struct call call = call_at(shrinker->program, at);
    size_t size_bytes = shrink_size_at(shrinker->program, at + 1);
    if (verb_allocates(call.op.verb) && size_bytes > 0 &&
        size_bytes <= SIZE_LITERAL_MAX / call.times) {
        ops[0] = call.op;
        ops[0].size_code = size_literal((uint32_t)(size_bytes * call.times));
        if (replace_ops(shrinker, at, call.records, ops, 1)) {
            return true;
        }
    }
    for (size_t i = 0; i < call.times && i < ROW_CALLS; i++) {
        ops[i] = call.op;
        ops[i].slot = (uint16_t)(call.op.slot + i);
    }
    return call.times <= ROW_CALLS && replace_ops(shrinker, at, call.records, ops, call.times);
}

bool shrink_fold(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count;) {
        struct row row = row_at(shrinker->program, at);
        struct call call = call_at(shrinker->program, at);
        size_t step = row.records > 0 ? row.records : 1;
        if (row.records > 2 && row.times > ROW_CALLS) {
            if (fold_row(shrinker, at, &row)) {
                is_simpler = true;
                step = 2;
            }
        } else if (call.records == 2 && unfold(shrinker, at)) {
            is_simpler = true;
            step = 1;
        }
        at += step;
    }
    return is_simpler;
}

// Where the last row before `at` ends that does the same as the call there, and not next to it; 0:
// nowhere.
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
            shrink_guess(shrinker);
            struct op *ops = shrinker->guess.ops;
            memmove(&ops[end + row.records], &ops[end], (at - end) * sizeof ops[0]);
            memcpy(&ops[end], &shrinker->program->ops[at], row.records * sizeof ops[0]);
            is_simpler = shrink_accept(shrinker) || is_simpler;
        }
        at += row.records > 0 ? row.records : 1;
    }
    return is_simpler;
}

// Which slots go together: is_joined[s] where a repeat takes a call from slot s on to the next.
// Returns false iff one goes on from the last slot to the first.
static bool join_slots(const struct program *program, bool is_joined[SLOTS])
{
    memset(is_joined, 0, SLOTS * sizeof is_joined[0]);
    for (size_t at = 0; at < program->count;) {
        struct call call = call_at(program, at);
        if (call.op.slot + call.times > SLOTS) {
            return false;
        }
        if (call.times > 1) {
            memset(&is_joined[call.op.slot], 1, (call.times - 1) * sizeof is_joined[0]);
        }
        at += call.records > 0 ? call.records : 1;
    }
    return true;
}

bool shrink_rename(struct shrinker *shrinker)
{
    static bool is_joined[SLOTS];
    static uint32_t names[SLOTS];
    uint32_t named = 0;
    bool differs = false;
    if (!join_slots(shrinker->program, is_joined)) {
        return false;
    }
    shrink_guess(shrinker);
    memset(names, 0xff, sizeof names);
    for (size_t i = 0; i < shrinker->guess.count; i++) {
        struct op *op = &shrinker->guess.ops[i];
        if (!verb_takes_slot(op->verb)) {
            continue;
        }
        if (names[op->slot] == UINT32_MAX) {
            uint32_t slot = op->slot;
            while (slot > 0 && is_joined[slot - 1]) {
                slot--;
            }
            do {
                names[slot] = named++;
            } while (is_joined[slot++]);
        }
        differs = differs || op->slot != names[op->slot];
        op->slot = (uint16_t)names[op->slot];
    }
    return differs && shrink_accept(shrinker);
}
