// Writes the ops of a program as calls of the functions of standalone.c, up to the op that ends the
// run.

#include "findings/csource_parts.h"

#include <string.h>

#include "language/size.h"
#include "language/text.h"
#include "runner/runner.h"
#include "world/world.h"

// Writes a size: one relative to a block as in text, and others as a number that is allowed.
static void write_size(FILE *file, const struct csource *source, struct op op, const char *slot)
{
    bool is_request = verb_allocates(op.verb) || verb_reallocates(op.verb);
    uint32_t code = op.size_code;
    char text[SIZE_TEXT_BYTES];
    unsigned other;
    int length = 4;
    size_print(code, text);
    if (sscanf(text, "size(b%u)%n", &other, &length) == 1) {
        fprintf(file, "fit(SIZE(%u)%s)", other, text + length);
    } else if (strncmp(text, "size", 4) == 0) {
        fprintf(file, "fit(SIZE(%s)%s)", slot, text + 4);
    } else {
        size_t asked_bytes = size_resolve(code, 0, NULL, NULL);
        size_t size_bytes =
            is_request ? subject_allowed_bytes(source->plan->subject, asked_bytes) : asked_bytes;
        if (strstr(text, "_MAX") != NULL && asked_bytes < SIZE_MAX && size_bytes == asked_bytes) {
            fprintf(file, "(size_t)%s", text);
        } else {
            fprintf(file, size_bytes > UINT32_MAX ? "BIG(%zu)" : "%zu", size_bytes);
        }
    }
}

// Returns whether C has nothing to do for an op.
static bool is_left_out(const struct csource *source, struct op op)
{
    const struct subject *subject = source->plan->subject;
    switch (verb_action(op.verb)) {
    case ACTION_EXTENSION:
        return !source->has_com || op.verb == VERB_SPY || op.verb == VERB_REVOKE;
    case ACTION_OWNS:
    case ACTION_MISUSE:
        return subject->port.owns == NULL;
    case ACTION_MINIMIZE:
        return subject->port.minimize == NULL;
    case ACTION_SIZE:
        return subject->port.size == NULL;
    default:
        return (op.verb == VERB_LANE && !subject_has_lanes(subject)) ||
               (op.verb == VERB_ALIGN && subject->port.allocate_aligned == NULL) ||
               (op.verb == VERB_REFUSE && !subject_takes_pages(subject)) ||
               (op.verb == VERB_RANGE &&
                (!subject_takes_range(subject) || subject->port.add_range == NULL)) ||
               ((op.verb == VERB_WRITE || op.verb == VERB_PATTERN) &&
                !csource_has(source, "BYTES"));
    }
}

// Returns the number that an op hands over. A range gets its place, in bytes behind the first one.
static size_t number_of(const struct csource *source, struct op op)
{
    const struct subject *subject = source->plan->subject;
    size_t alignment_bytes = subject->port.policies.range_alignment_bytes;
    size_t step_bytes = alignment_bytes < WORLD_GAP_BYTES ? alignment_bytes : WORLD_GAP_BYTES;
    if (op.verb == VERB_RANGE) {
        return op.slot * step_bytes % WORLD_GAP_BYTES;
    }
    return op.verb == VERB_WORLD && subject_takes_range(subject)
               ? op.slot * step_bytes % WORLD_PLACE_BYTES
               : op.slot;
}

static void write_call(FILE *file, const struct csource *source, struct op op, const char *slot)
{
    static const char *const by[] = {"", "BY(TASK, ", "BY(IMALLOC, "};
    const char *name = verb_name(op.verb);
    enum face face = verb_action(op.verb) == ACTION_EXTENSION ? FACE_HEAP : verb_face(op.verb);
    bool asks = verb_action(op.verb) == ACTION_MISUSE && !source->has_misuse;
    if ((verb_reallocates(op.verb) && source->plan->subject->port.reallocate == NULL) ||
        (op.verb == VERB_ALLOCATE_ZEROED && source->plan->subject->port.allocate_zeroed == NULL)) {
        name = verb_name(VERB_ALLOCATE);
    }
    name = face == FACE_HEAP ? name : strchr(name, '_') + 1;
    name = !asks ? name : op.verb == VERB_BAD_ADDRESS ? "owns_address" : "owns";
    face = source->has_com ? face : FACE_HEAP;
    fprintf(file, "%s%s%s(", by[face], name,
            csource_is_one_of(name, " free size write ") ? "_" : "");
    for (const char *operand = verb_operands(op.verb); *operand != '\0'; operand++) {
        if (*operand == 's') {
            fprintf(file, "%s", slot);
        } else if (*operand == 'n') {
            fprintf(file, "%zu", number_of(source, op));
        } else if (asks && op.verb == VERB_SCRIBBLE) {
            fprintf(file, "fit(SIZE(%s))", slot);
        } else {
            write_size(file, source, op, slot);
        }
        fprintf(file, operand[1] == '\0' ? "" : ", ");
    }
    fprintf(file, face == FACE_HEAP ? ");\n" : "));\n");
}

// Returns how many ops are one statement: two where one repeats the other.
static size_t ops_at(const struct csource *source, size_t at)
{
    const struct op *op = &source->program->ops[at];
    bool is_repeat = op->verb == VERB_REPEAT && at + 1 < source->program->count &&
                     verb_takes_slot(op[1].verb) && !is_left_out(source, op[1]);
    return is_repeat ? 2 : 1;
}

static void write_statement(FILE *file, const struct csource *source, size_t at)
{
    const struct op *op = &source->program->ops[at];
    char text[TEXT_OP_BYTES];
    char slot[16];
    if (ops_at(source, at) == 2) {
        (void)snprintf(slot, sizeof slot, "%u", op[1].slot);
        fprintf(file, "    repeat (%u, %s, ", op->slot, slot);
        write_size(file, source, op[1], "i");
        fprintf(file, ") {\n        ");
        write_call(file, source, op[1], "i");
        fprintf(file, "    }\n");
    } else if (op->verb == VERB_REPEAT || is_left_out(source, *op)) {
        text_print_op(*op, text);
        fprintf(file, "    next_op(0); // %s\n", text);
    } else {
        (void)snprintf(slot, sizeof slot, "%u", op->slot);
        fprintf(file, "    ");
        write_call(file, source, *op, slot);
    }
}

// Hands the broken call what only the run knows.
static void write_known(FILE *file, const struct csource *source)
{
    fprintf(file, "    // Here %s.\n", source->law < LAWS ? "the law is broken" : "the run ends");
    if (source->law == LAW_REASON || source->law == LAW_ROOM) {
        fprintf(file, "    must_grant = true;\n");
    } else if (source->law == LAW_OVER_READ) {
        fprintf(file, "    behind_at = %zu;\n    behind_count = %zu;\n", source->end.behind_at,
                source->end.behind_count);
    } else if (source->law == LAW_FOOTPRINT) {
        fprintf(file, "    most_committed = %zu;\n", source->end.most_committed);
    }
}

static size_t size_of_none(const void *context, uint32_t slot)
{
    (void)context, (void)slot;
    return 0;
}

// Writes a world as the first one of the program, so that no other has to end.
static void write_first_world(FILE *file, struct op op, bool is_scarce)
{
    size_t arena_bytes = size_resolve(op.size_code, 0, size_of_none, NULL);
    arena_bytes = arena_bytes < WORLD_LEAST_BYTES ? WORLD_LEAST_BYTES : arena_bytes;
    arena_bytes = arena_bytes < world_most_bytes() ? arena_bytes : world_most_bytes();
    fprintf(file, "    op++;\n");
    if (is_scarce) {
        fprintf(file, "    budget_pages = %u;\n", op.slot);
    }
    fprintf(file, "    begin_world(%s(%zu));\n", arena_bytes > UINT32_MAX ? "BIG" : "",
            arena_bytes);
}

// Writes the world that the program begins in. Returns whether its first op is that one. A port may
// have a state that only a second heap shows, so none of its worlds is left out.
static bool write_begin(FILE *file, const struct csource *source)
{
    const struct subject *subject = source->plan->subject;
    const struct program *program = source->program;
    if (source->is_port) {
        fprintf(file, "    begin_world(%zu, 0);\n",
                subject_takes_range(subject) ? subject->port.policies.range_usual_bytes
                                             : RUN_ARENA_BYTES);
        return false;
    }
    if (source->end.op_index > 0 && program->count > 0 && program->ops[0].verb == VERB_WORLD) {
        write_first_world(file, program->ops[0], source->has_engine && program->ops[0].slot > 0);
        return true;
    }
    fprintf(file, "    begin_world((size_t)64 << 20);\n");
    return false;
}

// Writes a look at every block: one looks at 64 slots.
static void write_last_look(FILE *file, const struct csource *source)
{
    size_t top = 0;
    for (size_t at = 0; at < source->program->count; at++) {
        const struct op *op = &source->program->ops[at];
        size_t repeats = at > 0 && op[-1].verb == VERB_REPEAT ? op[-1].slot : 0;
        size_t last = verb_takes_slot(op->verb) ? op->slot + repeats : 0;
        top = last > top ? last : top;
    }
    fprintf(file, top < 64
                      ? "    look();\n"
                      : "    for (unsigned i = 0; i <= top; i += 64) {\n        look();\n    }\n");
}

// Writes the ops up to the one that ends the run; the end of the world only where the run gets
// there.
void csource_write_main(FILE *file, const struct csource *source)
{
    const struct program *program = source->program;
    bool runs_twice = source->law == LAW_SAME;
    bool is_whole = source->end.op_index >= program->count || runs_twice ||
                    !(source->has_engine || source->is_port);
    fprintf(file, "int main(void)\n{\n");
    fprintf(file,
            runs_twice ? "    for (int run = 0; run < 2; run++, op = 0, answered = 0) {\n" : "");
    size_t at = write_begin(file, source);
    for (size_t ops; at < program->count && (at <= source->end.op_index || runs_twice); at += ops) {
        ops = ops_at(source, at);
        if (source->end.op_index >= at && source->end.op_index < at + ops) {
            write_known(file, source);
        }
        write_statement(file, source, at);
    }
    if (source->end.op_index == program->count) {
        write_known(file, source);
    }
    if (is_whole) {
        fprintf(file, "    end_world();\n");
    } else if (csource_has(source, "LOOKS")) {
        write_last_look(file, source);
    }
    fprintf(file, "%s    puts(\"%s\");\n    return 0;\n}\n", runs_twice ? "    }\n" : "",
            source->law < LAWS ? "the law holds" : "no law is broken");
}
