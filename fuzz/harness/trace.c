// Traces to programs. Ids are renamed to slots as they come and go, so that any number of them fits as long
// as their blocks do not all live at once.

#include "harness/trace.h"

#include <stdlib.h>
#include <string.h>

#include "harness/size.h"

#define IDS_MOST 10000000U
#define HEADER_LINES 4U
#define NO_SLOT SLOTS

struct reader {
    FILE *file;
    struct text_error *error;
    uint32_t *slot_of;        ///< By id; NO_SLOT: not live.
    uint32_t id_count;
    uint32_t size_of[SLOTS];  ///< By slot.
    bool is_live[SLOTS];
    uint32_t lowest_free;     ///< No slot below it is free.
};

static bool fail(struct reader *reader, const char *sentence)
{
    (void)snprintf(reader->error->sentence, sizeof reader->error->sentence, "%s", sentence);
    return false;
}

static bool fetch(struct reader *reader, char *line, size_t room_bytes)
{
    reader->error->line++;
    if (fgets(line, (int)room_bytes, reader->file) == NULL) {
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

static bool read_header(struct reader *reader)
{
    char line[128];
    for (unsigned i = 0; i < HEADER_LINES; i++) {
        char *end;
        if (!fetch(reader, line, sizeof line)) {
            return fail(reader, "a trace begins with four header lines");
        }
        unsigned long long number = strtoull(line, &end, 10);
        if (end == line || *end != '\0') {
            return fail(reader, "a header line is one number");
        }
        if (i == 1 && number > IDS_MOST) {
            return fail(reader, "the trace has more ids than this reader takes, 10000000");
        }
        reader->id_count = i == 1 ? (uint32_t)number : reader->id_count;
    }
    reader->slot_of = malloc((reader->id_count + 1U) * sizeof *reader->slot_of);
    if (reader->slot_of == NULL) {
        return fail(reader, "no memory for so many ids");
    }
    for (uint32_t id = 0; id < reader->id_count; id++) {
        reader->slot_of[id] = NO_SLOT;
    }
    return true;
}

static bool take_slot(struct reader *reader, uint32_t id)
{
    uint32_t slot = reader->lowest_free;
    while (slot < SLOTS && reader->is_live[slot]) {
        slot++;
    }
    reader->lowest_free = slot;
    if (slot == SLOTS) {
        return fail(reader, "more than 65536 blocks are live at once");
    }
    reader->is_live[slot] = true;
    reader->slot_of[id] = slot;
    return true;
}

static struct op make_op(enum verb verb, uint32_t slot, uint32_t size_bytes)
{
    return (struct op){verb, (uint16_t)slot, size_literal(size_bytes)};
}

// Reads `a ID SIZE`, `r ID SIZE` or `f ID` as an op, keeping the slots.
static bool read_op(struct reader *reader, const char *line, struct op *op)
{
    char kind;
    char junk;
    uint32_t id;
    unsigned long long size_bytes = 0;
    int fields = sscanf(line, "%c %u %llu %c", &kind, &id, &size_bytes, &junk);
    bool is_free = fields == 2 && kind == 'f';
    if (!is_free && (fields != 3 || (kind != 'a' && kind != 'r'))) {
        return fail(reader, "an op is a ID SIZE, r ID SIZE or f ID");
    }
    if (id >= reader->id_count) {
        return fail(reader, "the id is not below the number of ids in the header");
    }
    if (size_bytes > SIZE_LITERAL_MAX) {
        return fail(reader, "the size is above 536870911");
    }
    bool was_live = reader->slot_of[id] != NO_SLOT;
    if (is_free && !was_live) {
        return fail(reader, "the block that is freed is not live");
    }
    if (!was_live && !take_slot(reader, id)) {
        return false;
    }
    uint32_t slot = reader->slot_of[id];
    reader->size_of[slot] = (uint32_t)size_bytes;
    if (is_free) {
        reader->slot_of[id] = NO_SLOT;
        reader->is_live[slot] = false;
        reader->lowest_free = slot < reader->lowest_free ? slot : reader->lowest_free;
    }
    enum verb verb = is_free ? VERB_FREE : kind == 'a' ? VERB_ALLOCATE : VERB_REALLOCATE;
    *op = op_canonical(make_op(verb, slot, (uint32_t)size_bytes));
    return true;
}

static void add_live_blocks(const struct reader *reader, struct program *program)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        if (reader->is_live[slot]) {
            program_add(program, make_op(VERB_ALLOCATE, slot, reader->size_of[slot]));
        }
    }
}

static bool read_ops(struct reader *reader, struct program *program, size_t first, size_t most)
{
    char line[128];
    struct op op;
    for (size_t i = 0; fetch(reader, line, sizeof line); i++) {
        if (i == first) {
            add_live_blocks(reader, program);
        }
        if (i >= first && i - first >= most) {
            return true;
        }
        if (!read_op(reader, line, &op)) {
            return false;
        }
        if (i >= first) {
            program_add(program, op);
        }
    }
    return ferror(reader->file) == 0 || fail(reader, "the file can't be read to its end");
}

bool trace_read(FILE *file, struct program *program, size_t first, size_t most,
                struct text_error *error)
{
    struct reader *reader = calloc(1, sizeof *reader);
    program_clear(program);
    error->line = 0;
    if (reader == NULL) {
        (void)snprintf(error->sentence, sizeof error->sentence, "no memory to read a trace");
        return false;
    }
    reader->file = file;
    reader->error = error;
    bool is_read = read_header(reader) && read_ops(reader, program, first, most);
    free(reader->slot_of);
    free(reader);
    return is_read;
}
