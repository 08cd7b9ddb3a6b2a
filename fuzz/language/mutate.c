// Edits of programs. An op is a record and names its slot, so a stretch keeps its meaning wherever
// it goes:
//
//     insert     a stretch of new ops, of a mix of its own; now and then a long one
//     delete     a stretch, or every op on one slot
//     copy       a stretch to another place, or move it there
//     lay in     every op on one slot, once more on another slot, in step with the first
//     repeat     an op, on one slot after the other
//     change     an op's verb, slot or size
//
// Does not know bytes: an engine's hooks (engines/mutator.c) decode and encode them.

#include "language/mutate.h"

#include <string.h>

#include "language/size.h"

#define EDITS 4U
#define STRETCH_OPS 32U
#define LONG_OPS 256U
#define WORLDS_MOST 2U

static size_t draw_place(const struct program *program, uint64_t *random)
{
    return draw(random, (uint32_t)program->count + 1);
}

static size_t draw_index(const struct program *program, uint64_t *random)
{
    return draw(random, (uint32_t)program->count);
}

static struct op *draw_op(const struct program *program, uint64_t *random)
{
    return &program->ops[draw_index(program, random)];
}

// Opens a gap of `count` ops at a place, which the caller fills.
static struct op *open_gap(struct program *program, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        program_add(program, (struct op){0});
    }
    memmove(&program->ops[at + count], &program->ops[at],
            (program->count - count - at) * sizeof program->ops[0]);
    return &program->ops[at];
}

static void close_gap(struct program *program, size_t at, size_t count)
{
    memmove(&program->ops[at], &program->ops[at + count],
            (program->count - at - count) * sizeof program->ops[0]);
    program->count -= count;
}

static void insert_ops(struct program *program, const struct mix *mix, uint64_t *random)
{
    uint32_t most = draw(random, 8) == 0 ? LONG_OPS : 4;
    size_t count = draw_magnitude(random, most);
    struct op *ops = open_gap(program, draw_place(program, random), count);
    for (size_t i = 0; i < count; i++) {
        ops[i] = i == 0 && count > 1 ? mix_first_op(mix, random) : mix_op(mix, random);
    }
}

static void delete_stretch(struct program *program, uint64_t *random)
{
    size_t at = draw_index(program, random);
    size_t count = draw_magnitude(random, STRETCH_OPS);
    close_gap(program, at, count < program->count - at ? count : program->count - at);
}

static void delete_lifetime(struct program *program, uint64_t *random)
{
    uint16_t slot = draw_op(program, random)->slot;
    size_t kept = 0;
    for (size_t i = 0; i < program->count; i++) {
        if (!verb_takes_slot(program->ops[i].verb) || program->ops[i].slot != slot) {
            program->ops[kept++] = program->ops[i];
        }
    }
    program->count = kept;
}

// Copies a stretch to another place, or moves it there.
static void copy_stretch(struct program *program, bool moves, uint64_t *random)
{
    struct op stretch[STRETCH_OPS];
    size_t begin = draw_index(program, random);
    size_t count = draw_magnitude(random, STRETCH_OPS);
    count = count < program->count - begin ? count : program->count - begin;
    memcpy(stretch, &program->ops[begin], count * sizeof stretch[0]);
    if (moves) {
        close_gap(program, begin, count);
    }
    memcpy(open_gap(program, draw_place(program, random), count), stretch,
           count * sizeof stretch[0]);
}

// Repeats every op of one slot on another slot, each a little later than the first.
static void lay_in_lifetime(struct program *program, uint64_t *random)
{
    uint16_t slot = draw_op(program, random)->slot;
    uint16_t new_slot = (uint16_t)(slot + 1 + draw(random, 4));
    size_t later = draw(random, 4);
    struct op ops[STRETCH_OPS];
    size_t places[STRETCH_OPS];
    size_t count = 0;
    for (size_t i = 0; i < program->count && count < STRETCH_OPS; i++) {
        if (verb_takes_slot(program->ops[i].verb) && program->ops[i].slot == slot) {
            places[count] = i + 1 + later;
            ops[count] = program->ops[i];
            ops[count++].slot = new_slot;
        }
    }
    for (size_t i = 0; i < count; i++) { // Each insertion shifts the later ops by one.
        size_t at = places[i] + i < program->count ? places[i] + i : program->count;
        *open_gap(program, at, 1) = ops[i];
    }
}

static void repeat_op(struct program *program, uint64_t *random)
{
    struct op op = {VERB_REPEAT, mix_repeats(random), 0};
    *open_gap(program, draw_place(program, random), 1) = op;
}

static void change_slot(const struct program *program, struct op *op, const struct mix *mix,
                        uint64_t *random)
{
    switch (draw(random, 4)) {
    case 0:
        op->slot = draw_op(program, random)->slot;
        break;
    case 1:
        op->slot = (uint16_t)(op->slot + (draw(random, 2) == 0 ? 1 : -1));
        break;
    default:
        op->slot = verb_takes_slot(op->verb) ? mix_slot(mix, random) : mix_op(mix, random).slot;
    }
}

static void change_size(const struct program *program, struct op *op, const struct mix *mix,
                        uint64_t *random)
{
    switch (draw(random, 4)) {
    case 0:
        op->size_code = draw_op(program, random)->size_code;
        break;
    case 1:
        op->size_code = size_nudge(op->size_code, (int)draw_magnitude(random, 16) *
                                                      (draw(random, 2) == 0 ? 1 : -1));
        break;
    case 2: // The size of a block of the program.
        op->size_code =
            size_make(SIZE_OTHER, draw_op(program, random)->slot & 0xff, (int)draw(random, 3) - 1);
        break;
    default:
        op->size_code = mix_size(mix, random);
    }
}

static void change_op(struct program *program, const struct mix *mix, uint64_t *random)
{
    struct op *op = draw_op(program, random);
    switch (draw(random, 4)) {
    case 0:
        op->verb = mix_verb(mix, random);
        break;
    case 1:
        change_slot(program, op, mix, random);
        break;
    default:
        change_size(program, op, mix, random);
    }
    *op = op_canonical(*op);
}

static void edit(struct program *program, const struct mix *mix, uint64_t *random)
{
    switch (program->count == 0 ? 0 : draw(random, 12)) {
    case 0:
    case 1:
        insert_ops(program, mix, random);
        break;
    case 2:
        delete_stretch(program, random);
        break;
    case 3:
        delete_lifetime(program, random);
        break;
    case 4:
        copy_stretch(program, false, random);
        break;
    case 5:
        copy_stretch(program, true, random);
        break;
    case 6:
        lay_in_lifetime(program, random);
        break;
    case 7:
        repeat_op(program, random);
        break;
    default:
        change_op(program, mix, random);
    }
}

// Drops the worlds above WORLDS_MOST. Each world is a fresh start, so a program of many worlds
// reaches no more than many programs do. An engine would keep it for its coverage, and it runs as
// long as all of them.
static void keep_within(struct program *program, size_t most_ops)
{
    size_t kept = 0;
    unsigned worlds = 0;
    for (size_t i = 0; i < program->count && kept < most_ops; i++) {
        worlds += program->ops[i].verb == VERB_WORLD;
        if (program->ops[i].verb != VERB_WORLD || worlds <= WORLDS_MOST) {
            program->ops[kept++] = program->ops[i];
        }
    }
    program->count = kept;
}

void mutate_program(struct program *program, const struct scope *scope, size_t most_ops,
                    uint64_t seed)
{
    uint64_t random = seed * 0x9e3779b97f4a7c15U + 1;
    struct mix mix = mix_draw(scope, &random);
    for (uint32_t edits = 1 + draw(&random, EDITS); edits > 0; edits--) {
        edit(program, &mix, &random);
    }
    keep_within(program, most_ops);
    if (program->count == 0) {
        program_add(program, mix_op(&mix, &random));
    }
}
