// Traces to programs: finds the form, and reads the malloc lab's. events.c gives slots to blocks.

#include "language/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "language/trace_forms.h"

#define HEADER_LINES 4U

static const char an_op[] = "an op is a ID SIZE, r ID SIZE, f ID or f -1";

struct reader {
    FILE *file;
    struct text_error *error;
    uint64_t id_count, op_count; ///< As the header says.
    bool is_last, is_bad;        ///< Of the fetched line: no line follows; it is not text.
    bool is_held;                ///< The next fetch gives the same line again.
    char line[TEXT_LINE_BYTES + 1];
};

static bool fail(struct reader *reader, const char *sentence)
{
    (void)snprintf(reader->error->sentence, sizeof reader->error->sentence, "%s", sentence);
    return false;
}

// Reads a line. Returns false iff no line follows or it is not text. Sets is_bad iff it is not
// text, and reports that.
static bool fetch(struct reader *reader)
{
    if (reader->is_held) {
        reader->is_held = false;
        return !reader->is_bad && !(reader->is_last && reader->line[0] == '\0');
    }
    if (reader->is_last) {
        return false;
    }
    reader->error->line++;
    reader->is_bad = !text_fetch_line(reader->file, reader->line, &reader->is_last, reader->error);
    return !reader->is_bad && !(reader->is_last && reader->line[0] == '\0');
}

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " \t\r");
}

// Reads digits, and the blanks on both sides. Returns false iff there are none, or the number is
// above 2^64-1.
static bool take_number(const char **at, uint64_t *number)
{
    skip_blanks(at);
    size_t digits = strspn(*at, "0123456789");
    errno = 0;
    *number = strtoull(*at, NULL, 10);
    bool fits = errno == 0;
    *at += digits;
    skip_blanks(at);
    return digits > 0 && fits;
}

static bool read_header(struct reader *reader)
{
    uint64_t numbers[HEADER_LINES]; // Heap size, ids, ops, weight.
    for (unsigned i = 0; i < HEADER_LINES; i++) {
        const char *at = reader->line;
        if (!fetch(reader)) {
            return !reader->is_bad && fail(reader, "a trace begins with four header lines");
        }
        if (!take_number(&at, &numbers[i]) || *at != '\0') {
            return fail(reader, i == 0 ? "the line is neither a call of a known form nor one number"
                                       : "a header line is one number");
        }
    }
    reader->id_count = numbers[1];
    reader->op_count = numbers[2];
    return true;
}

// Reads the id of an op as the name of a block. Only free(NULL) has none; a trace writes -1 for it.
static bool take_id(const char **at, char kind, uint64_t *block)
{
    skip_blanks(at);
    if (kind == 'f' && (*at)[0] == '-' && (*at)[1] == '1') {
        *at += 2;
        skip_blanks(at);
        *block = 0;
        return true;
    }
    return take_number(at, block) && ++*block != 0;
}

// Reads `a ID SIZE`, `r ID SIZE`, or `f ID` or `f -1`, which have size 0. Returns false iff the
// line is none of them.
static bool parse_op(const char *line, struct event *event)
{
    const char *at = line + (line[0] != '\0');
    event->call = line[0] == 'a'   ? EVENT_ALLOCATE
                  : line[0] == 'r' ? EVENT_REALLOCATE
                  : line[0] == 'f' ? EVENT_FREE
                                   : EVENT_NONE;
    if (event->call == EVENT_NONE || (*at != ' ' && *at != '\t') ||
        !take_id(&at, line[0], &event->block) ||
        (event->call != EVENT_FREE && !take_number(&at, &event->size_bytes))) {
        return false;
    }
    event->old = event->block;
    return *at == '\0';
}

static bool add(struct reader *reader, const struct event *event)
{
    const char *why = events_add(event);
    return why == NULL || fail(reader, why);
}

static bool read_op(struct reader *reader)
{
    struct event event = {0};
    if (!parse_op(reader->line, &event)) {
        return fail(reader, an_op);
    }
    if (event.block > reader->id_count) {
        return fail(reader, "the id is not below the number of ids in the header");
    }
    if (event.call == EVENT_FREE && event.block != 0 && !events_know(event.block)) {
        return fail(reader, "the block that is freed is not live");
    }
    return add(reader, &event);
}

static bool is_blank(const char *line)
{
    skip_blanks(&line);
    return *line == '\0';
}

// Reads the blank lines after the ops. Returns false iff another line follows, or one can't be
// read.
static bool read_blanks(struct reader *reader)
{
    size_t first_blank = reader->error->line;
    while (fetch(reader)) {
        if (!is_blank(reader->line)) {
            reader->error->line = first_blank;
            return fail(reader, an_op);
        }
    }
    return !reader->is_bad;
}

static bool read_ops(struct reader *reader)
{
    uint64_t ops;
    for (ops = 0; fetch(reader); ops++) {
        if (events_are_enough()) {
            return true;
        }
        if (is_blank(reader->line)) {
            if (!read_blanks(reader)) {
                return false;
            }
            break;
        }
        if (ops == reader->op_count) {
            return fail(reader, "the header says that there are fewer ops");
        }
        if (!read_op(reader)) {
            return false;
        }
    }
    return !reader->is_bad &&
           (ops == reader->op_count || fail(reader, "the header says that there are more ops"));
}

static bool read_calls(struct reader *reader, trace_form *form)
{
    struct trace_begun begun = {0};
    while (!events_are_enough() && fetch(reader)) {
        const char *at = reader->line;
        struct event event = {0};
        skip_blanks(&at);
        const char *why = form(at, &begun, &event);
        if (why != NULL) {
            return fail(reader, why);
        }
        if (!add(reader, &event)) {
            return false;
        }
    }
    return !reader->is_bad;
}

bool trace_read(FILE *file, struct program *program, size_t first, size_t most,
                struct text_error *error)
{
    struct reader reader = {.file = file, .error = error};
    error->line = 0;
    events_begin(program, first, most);
    trace_form *form = fetch(&reader) ? trace_form_of(reader.line) : NULL;
    reader.is_held = true;
    return form != NULL ? read_calls(&reader, form) : read_header(&reader) && read_ops(&reader);
}
