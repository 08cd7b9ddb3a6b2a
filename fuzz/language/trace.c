// Traces to programs. An id takes a slot only while it is in use, so a trace may have more ids than
// there are slots.

#include "language/trace.h"

#include <stdlib.h>
#include <string.h>

#include "language/size.h"

#define IDS_MOST 10000000U
#define HEADER_LINES 4U
#define NO_BLOCK UINT32_MAX
#define NO_ID UINT64_MAX // The id of `f -1`.

static const char an_op[] = "an op is a ID SIZE, r ID SIZE, f ID or f -1";

struct reader {
    FILE *file;
    struct text_error *error;
    uint32_t *slot_of; ///< By id, plus 1; 0: not live.
    uint32_t id_count;
    size_t op_count;         ///< As the header says.
    bool is_last, is_bad;    ///< Of the fetched line: no line follows; it is not text.
    uint32_t size_of[SLOTS]; ///< By slot; NO_BLOCK: a reallocation to 0 freed it.
    bool is_live[SLOTS];
    uint32_t lowest_free; ///< No slot below it is free.
};

static bool fail(struct reader *reader, const char *sentence)
{
    (void)snprintf(reader->error->sentence, sizeof reader->error->sentence, "%s", sentence);
    return false;
}

// Reads a line. Returns false iff no line follows or it is not text. Sets is_bad iff it is not
// text, and reports that.
static bool fetch(struct reader *reader, char *line)
{
    if (reader->is_last) {
        return false;
    }
    reader->error->line++;
    reader->is_bad = !text_fetch_line(reader->file, line, &reader->is_last, reader->error);
    return !reader->is_bad && !(reader->is_last && line[0] == '\0');
}

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " \t\r");
}

// Reads digits, and the blanks on both sides. Returns false iff there are no digits, or too many.
static bool take_number(const char **at, uint64_t *number)
{
    char *end;
    skip_blanks(at);
    size_t digits = strspn(*at, "0123456789");
    *number = strtoull(*at, &end, 10);
    *at += digits;
    skip_blanks(at);
    return digits > 0 && digits < 20;
}

static bool read_header(struct reader *reader)
{
    char line[TEXT_LINE_BYTES + 1];
    uint64_t numbers[HEADER_LINES]; // Heap size, ids, ops, weight.
    for (unsigned i = 0; i < HEADER_LINES; i++) {
        const char *at = line;
        if (!fetch(reader, line)) {
            return !reader->is_bad && fail(reader, "a trace begins with four header lines");
        }
        if (!take_number(&at, &numbers[i]) || *at != '\0') {
            return fail(reader, "a header line is one number");
        }
        if (i == 1 && numbers[i] > IDS_MOST) {
            return fail(reader, "the trace has more ids than this reader takes, 10000000");
        }
    }
    reader->id_count = (uint32_t)numbers[1];
    reader->op_count = numbers[2] < SIZE_MAX ? (size_t)numbers[2] : SIZE_MAX;
    reader->slot_of = calloc(reader->id_count + 1U, sizeof *reader->slot_of);
    return reader->slot_of != NULL || fail(reader, "no memory for that number of ids");
}

// Returns a free slot. Returns SLOTS, and reports it, iff no slot is free.
static uint32_t find_free(struct reader *reader)
{
    uint32_t slot = reader->lowest_free;
    while (slot < SLOTS && reader->is_live[slot]) {
        slot++;
    }
    reader->lowest_free = slot;
    if (slot == SLOTS) {
        (void)fail(reader, "more than 65536 blocks are live at once");
    }
    return slot;
}

static bool take_slot(struct reader *reader, uint32_t id)
{
    uint32_t slot = find_free(reader);
    if (slot == SLOTS) {
        return false;
    }
    reader->is_live[slot] = true;
    reader->size_of[slot] = NO_BLOCK;
    reader->slot_of[id] = slot + 1;
    return true;
}

static struct op make_op(enum verb verb, uint32_t slot, uint32_t size_bytes)
{
    return (struct op){verb, (uint16_t)slot, size_literal(size_bytes)};
}

// Reads the id of an op. Only free(NULL) has none; a trace writes -1 for it.
static bool take_id(const char **at, char kind, uint64_t *id)
{
    skip_blanks(at);
    if (kind == 'f' && (*at)[0] == '-' && (*at)[1] == '1') {
        *at += 2;
        skip_blanks(at);
        *id = NO_ID;
        return true;
    }
    return take_number(at, id);
}

// Reads `a ID SIZE`, `r ID SIZE`, or `f ID` or `f -1`, which have size 0. Returns false iff the
// line is none of them.
static bool parse_op(const char *line, char *kind, uint64_t *id, uint64_t *size_bytes)
{
    const char *at = line + (line[0] != '\0');
    *kind = line[0];
    *size_bytes = 0;
    if ((*kind != 'a' && *kind != 'r' && *kind != 'f') || (*at != ' ' && *at != '\t')) {
        return false;
    }
    return take_id(&at, *kind, id) && (*kind == 'f' || take_number(&at, size_bytes)) && *at == '\0';
}

// Records the state in which the op leaves its slot.
static void note_op(struct reader *reader, char kind, uint32_t id, uint32_t slot,
                    uint32_t size_bytes)
{
    bool frees = kind == 'r' && size_bytes == 0 && reader->size_of[slot] != NO_BLOCK;
    reader->size_of[slot] = frees || kind == 'f' ? NO_BLOCK : size_bytes;
    if (kind == 'f') {
        reader->slot_of[id] = 0;
        reader->is_live[slot] = false;
        reader->lowest_free = slot < reader->lowest_free ? slot : reader->lowest_free;
    }
}

// Reads a line as an op, and updates the slots.
static bool read_op(struct reader *reader, const char *line, struct op *op)
{
    char kind;
    uint64_t id;
    uint64_t size_bytes;
    if (!parse_op(line, &kind, &id, &size_bytes)) {
        return fail(reader, an_op);
    }
    if (id == NO_ID) {
        uint32_t slot = find_free(reader);
        *op = op_canonical(make_op(VERB_FREE, slot, 0));
        return slot < SLOTS;
    }
    if (id >= reader->id_count) {
        return fail(reader, "the id is not below the number of ids in the header");
    }
    if (size_bytes > SIZE_LITERAL_MAX) {
        return fail(reader, "the size is above 536870911");
    }
    bool was_live = reader->slot_of[id] != 0;
    if (kind == 'f' && !was_live) {
        return fail(reader, "the block that is freed is not live");
    }
    if (!was_live && !take_slot(reader, (uint32_t)id)) {
        return false;
    }
    uint32_t slot = reader->slot_of[id] - 1;
    note_op(reader, kind, (uint32_t)id, slot, (uint32_t)size_bytes);
    enum verb verb = kind == 'f' ? VERB_FREE : kind == 'a' ? VERB_ALLOCATE : VERB_REALLOCATE;
    *op = op_canonical(make_op(verb, slot, (uint32_t)size_bytes));
    return true;
}

static void add_live_blocks(const struct reader *reader, struct program *program)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        if (reader->is_live[slot] && reader->size_of[slot] != NO_BLOCK) {
            program_add(program, make_op(VERB_ALLOCATE, slot, reader->size_of[slot]));
        }
    }
}

static bool is_blank(const char *line)
{
    skip_blanks(&line);
    return *line == '\0';
}

// Reads the blank lines after the ops. Returns false iff another line follows, or one can't be
// read.
static bool read_blanks(struct reader *reader, char *line)
{
    size_t first_blank = reader->error->line;
    while (fetch(reader, line)) {
        if (!is_blank(line)) {
            reader->error->line = first_blank;
            return fail(reader, an_op);
        }
    }
    return !reader->is_bad;
}

static bool read_ops(struct reader *reader, struct program *program, size_t first, size_t most)
{
    char line[TEXT_LINE_BYTES + 1];
    struct op op;
    size_t i;
    for (i = 0; fetch(reader, line); i++) {
        if (i >= first && i - first >= most) {
            return true;
        }
        if (is_blank(line)) {
            if (!read_blanks(reader, line)) {
                return false;
            }
            break;
        }
        if (i == first) {
            add_live_blocks(reader, program);
        }
        if (i == reader->op_count) {
            return fail(reader, "the header says that there are fewer ops");
        }
        if (!read_op(reader, line, &op)) {
            return false;
        }
        if (i >= first) {
            program_add(program, op);
        }
    }
    return !reader->is_bad &&
           (i == reader->op_count || fail(reader, "the header says that there are more ops"));
}

bool trace_read(FILE *file, struct program *program, size_t first, size_t most,
                struct text_error *error)
{
    static struct reader reader; // Too large for a stack.
    program_clear(program);
    error->line = 0;
    memset(&reader, 0, sizeof reader);
    reader.file = file;
    reader.error = error;
    bool is_read = read_header(&reader) && read_ops(&reader, program, first, most);
    free(reader.slot_of);
    return is_read;
}
