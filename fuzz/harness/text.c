// Programs to and from text. Reads a line at a time into a fixed buffer, so that no file, however
// malformed, costs more memory than its ops do.

#include "harness/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/size.h"

__attribute__((format(printf, 2, 3))) static bool fail(struct text_error *error,
                                                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->sentence, sizeof error->sentence, format, arguments);
    va_end(arguments);
    return false;
}

void text_print_op(struct op op, char *text)
{
    char *at = text + snprintf(text, TEXT_OP_BYTES, "%s", verb_name(op.verb));
    for (const char *operand = verb_operands(op.verb); *operand != '\0'; operand++) {
        *at++ = ' ';
        if (*operand == 'z') {
            size_print(op.size_code, at);
            at += strlen(at);
        } else {
            at += snprintf(at, 16, *operand == 's' ? "b%u" : "%u", (unsigned)op.slot);
        }
    }
}

void text_write(FILE *file, const struct program *program)
{
    char text[TEXT_OP_BYTES];
    for (size_t i = 0; i < program->count; i++) {
        text_print_op(program->ops[i], text);
        fprintf(file, "%s\n", text);
    }
}

static bool read_number(const char *digits, uint16_t *value)
{
    char *end;
    if (digits[0] < '0' || digits[0] > '9' || strlen(digits) > 5) {
        return false;
    }
    unsigned long read = strtoul(digits, &end, 10);
    *value = (uint16_t)read;
    return *end == '\0' && read < SLOTS;
}

static bool read_operand(char operand, const char *token, struct op *op, struct text_error *error)
{
    const char *why;
    if (operand == 'z') {
        return size_parse(token, &op->size_code, &why) ||
               fail(error, "bad size '%.40s': %s", token, why);
    }
    if (operand == 's') {
        return (token[0] == 'b' && read_number(token + 1, &op->slot)) ||
               fail(error, "bad slot '%.40s': slots are b0 to b%u", token, SLOTS - 1);
    }
    return read_number(token, &op->slot) ||
           fail(error, "bad number '%.40s': numbers are 0 to %u", token, SLOTS - 1);
}

static bool find_verb(const char *token, enum verb *verb)
{
    for (unsigned i = 0; i < VERBS; i++) {
        if (strcmp(token, verb_name((enum verb)i)) == 0) {
            *verb = (enum verb)i;
            return true;
        }
    }
    return false;
}

// Reads one line, without its end and its comment. A line that says nothing adds nothing.
static bool read_line(char *line, struct program *program, struct text_error *error)
{
    static const char blanks[] = " \t\r";
    char *rest = line;
    char *token = strtok_r(line, blanks, &rest);
    struct op op = {0};
    if (token == NULL) {
        return true;
    }
    if (!find_verb(token, &op.verb)) {
        return fail(error, "unknown verb '%.40s'", token);
    }
    for (const char *operand = verb_operands(op.verb); *operand != '\0'; operand++) {
        token = strtok_r(NULL, blanks, &rest);
        if (token == NULL) {
            return fail(error, "%s needs %zu operands", verb_name(op.verb),
                        strlen(verb_operands(op.verb)));
        }
        if (!read_operand(*operand, token, &op, error)) {
            return false;
        }
    }
    token = strtok_r(NULL, blanks, &rest);
    if (token != NULL) {
        return fail(error, "'%.40s' follows a whole op", token);
    }
    program_add(program, op);
    return true;
}

// How many bytes a UTF-8 sequence that begins with this byte has; 0 iff none does.
static unsigned sequence_bytes(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        return 3;
    }
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static bool is_utf8(const char *text)
{
    while (*text != '\0') {
        unsigned length = sequence_bytes((unsigned char)*text++);
        if (length == 0) {
            return false;
        }
        for (unsigned i = 1; i < length; i++, text++) {
            if (((unsigned char)*text & 0xc0) != 0x80) {
                return false;
            }
        }
    }
    return true;
}

// Reads up to an end of line or of file. Returns how many bytes, TEXT_LINE_BYTES + 1 for too many.
static size_t fetch_line(FILE *file, char *line, bool *is_last, bool *has_zero)
{
    size_t length = 0;
    *has_zero = false;
    int byte = getc(file);
    while (byte != EOF && byte != '\n' && length <= TEXT_LINE_BYTES) {
        *has_zero = *has_zero || byte == 0;
        line[length++] = (char)byte;
        byte = length <= TEXT_LINE_BYTES ? getc(file) : byte;
    }
    line[length] = '\0';
    *is_last = byte == EOF;
    return length;
}

bool text_read(FILE *file, struct program *program, struct text_error *error)
{
    char line[TEXT_LINE_BYTES + 2];
    bool is_last = false;
    bool has_zero;
    program_clear(program);
    for (error->line = 1; !is_last; error->line++) {
        if (fetch_line(file, line, &is_last, &has_zero) > TEXT_LINE_BYTES) {
            return fail(error, "the line is longer than %u bytes", TEXT_LINE_BYTES);
        }
        if (has_zero || !is_utf8(line)) {
            return fail(error, "the line is not UTF-8 text");
        }
        line[strcspn(line, "#")] = '\0';
        if (!read_line(line, program, error)) {
            return false;
        }
    }
    return ferror(file) == 0 || fail(error, "the file can't be read to its end");
}
