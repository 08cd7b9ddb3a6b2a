// The op table, and programs to and from bytes. Knows no text and no heaps.

#include "language/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "language/size.h"

// The verb of a record, if it has no wide one in front, is below RECORD_VERBS.
#define RECORD_WIDE 31U
#define RECORD_VERBS RECORD_WIDE

#define HAS(operands, letter) ((operands "  ")[0] == letter || (operands "  ")[1] == letter)

static const struct {
    const char *name, *operands, *sentence;
    enum action action;
    enum face face;
    enum verb plainer;
    enum family family;
    unsigned weight;
    bool has_slot, has_number, has_size;
} table[] = {
#define OP_DEF(id, name, operands, action, face, plainer, family, weight, sentence)                \
    [VERB_##id] = {                                                                                \
        name,                                                                                      \
        operands,                                                                                  \
        sentence,                                                                                  \
        ACTION_##action,                                                                           \
        FACE_##face,                                                                               \
        VERB_##plainer,                                                                            \
        FAMILY_##family,                                                                           \
        weight,                                                                                    \
        HAS(operands, 's'),                                                                        \
        HAS(operands, 'n'),                                                                        \
        HAS(operands, 'z'),                                                                        \
    },
#include "language/op.def"
#undef OP_DEF
};

_Static_assert(VERBS <= 64 * RECORD_VERBS, "a record and a wide one have eleven bits for the verb");

const char *verb_name(enum verb verb)
{
    return table[verb].name;
}

const char *verb_operands(enum verb verb)
{
    return table[verb].operands;
}

enum action verb_action(enum verb verb)
{
    return table[verb].action;
}

enum face verb_face(enum verb verb)
{
    return table[verb].face;
}

enum verb verb_plainer(enum verb verb)
{
    return table[verb].plainer;
}

enum family verb_family(enum verb verb)
{
    return table[verb].family;
}

unsigned verb_weight(enum verb verb)
{
    return table[verb].weight;
}

const char *verb_sentence(enum verb verb)
{
    return table[verb].sentence;
}

bool verb_takes_slot(enum verb verb)
{
    return table[verb].has_slot;
}

bool verb_takes_size(enum verb verb)
{
    return table[verb].has_size;
}

bool verb_allocates(enum verb verb)
{
    return table[verb].action == ACTION_ALLOCATE;
}

bool verb_reallocates(enum verb verb)
{
    return table[verb].action == ACTION_REALLOCATE;
}

bool verb_frees(enum verb verb)
{
    return table[verb].action == ACTION_FREE;
}

void program_add(struct program *program, struct op op)
{
    if (program->count == program->capacity) {
        size_t capacity = program->capacity == 0 ? 1024 : program->capacity * 2;
        struct op *ops = realloc(program->ops, capacity * sizeof *ops);
        if (ops == NULL) {
            fprintf(stderr, "heapfuzz: no memory for a program of %zu ops\n", capacity);
            exit(2);
        }
        program->ops = ops;
        program->capacity = capacity;
    }
    program->ops[program->count++] = op;
}

void program_copy(struct program *to, const struct program *from)
{
    program_clear(to);
    for (size_t i = 0; i < from->count; i++) {
        program_add(to, from->ops[i]);
    }
}

void program_clear(struct program *program)
{
    program->count = 0;
}

void program_close(struct program *program)
{
    free(program->ops);
    *program = (struct program){0};
}

struct op op_canonical(struct op op)
{
    op.slot = table[op.verb].has_slot || table[op.verb].has_number ? op.slot : 0;
    op.size_code = table[op.verb].has_size ? size_canonical(op.size_code) : 0;
    return op;
}

void program_decode(struct program *program, const uint8_t *bytes, size_t size_bytes)
{
    uint32_t wide_slot = 0;
    uint32_t wide_size = 0;
    uint32_t more_verbs = 0;
    program_clear(program);
    for (size_t at = 0; at < size_bytes; at += RECORD_BYTES) {
        uint32_t record = 0;
        for (size_t i = 0; i < RECORD_BYTES && at + i < size_bytes; i++) {
            record |= (uint32_t)bytes[at + i] << (8 * i);
        }
        uint32_t verb = record & 31;
        uint32_t slot = record >> 5 & 0x7ff;
        if (verb == RECORD_WIDE) {
            wide_slot = slot & 31;
            more_verbs = (slot >> 5) * RECORD_VERBS;
            wide_size = record >> 16;
            continue;
        }
        struct op op = {
            .verb = (enum verb)(verb + more_verbs < VERBS ? verb + more_verbs : verb),
            .slot = (uint16_t)(slot | wide_slot << 11),
            .size_code = record >> 16 | wide_size << 16,
        };
        program_add(program, op_canonical(op));
        wide_slot = 0;
        wide_size = 0;
        more_verbs = 0;
    }
}

static void put_record(uint8_t *bytes, size_t capacity_bytes, size_t *used_bytes, uint32_t record)
{
    if (*used_bytes + RECORD_BYTES <= capacity_bytes) {
        for (size_t i = 0; i < RECORD_BYTES; i++) {
            bytes[*used_bytes + i] = (uint8_t)(record >> (8 * i));
        }
    }
    *used_bytes += RECORD_BYTES;
}

size_t program_encode(const struct program *program, uint8_t *bytes, size_t capacity_bytes)
{
    size_t used_bytes = 0;
    for (size_t i = 0; i < program->count; i++) {
        struct op op = op_canonical(program->ops[i]);
        uint32_t wide_slot = (uint32_t)op.slot >> 11;
        uint32_t wide_size = op.size_code >> 16;
        uint32_t more_verbs = (uint32_t)op.verb / RECORD_VERBS;
        if (wide_slot != 0 || wide_size != 0 || more_verbs != 0) {
            put_record(bytes, capacity_bytes, &used_bytes,
                       RECORD_WIDE | wide_slot << 5 | more_verbs << 10 | wide_size << 16);
        }
        uint32_t slot = op.slot & 0x7ffU;
        put_record(bytes, capacity_bytes, &used_bytes,
                   (uint32_t)op.verb % RECORD_VERBS | slot << 5 | (op.size_code & 0xffff) << 16);
    }
    return used_bytes;
}
