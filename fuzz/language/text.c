// Programs to and from text. Reads a line at a time into a fixed buffer, so a malformed file costs
// no more memory than its ops.

#include "language/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "language/size.h"

__attribute__((format(printf, 2, 3))) static bool fail(struct text_error *error, const char *format,
                                                       ...)
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

// Returns the number of bytes of a token that a sentence quotes: up to 40, in whole characters.
static int quoted(const char *token)
{
    int length = 0;
    while (length < 40 && token[length] != '\0') {
        length++;
    }
    while (length > 0 && ((unsigned char)token[length] & 0xc0) == 0x80) {
        length--;
    }
    return length;
}

static bool read_operand(char operand, const char *token, struct op *op, struct text_error *error)
{
    const char *why;
    if (operand == 'z') {
        return size_parse(token, &op->size_code, &why) ||
               fail(error, "bad size '%.*s': %s", quoted(token), token, why);
    }
    if (operand == 's') {
        return (token[0] == 'b' && read_number(token + 1, &op->slot)) ||
               fail(error, "bad slot '%.*s': slots are b0 to b%u", quoted(token), token, SLOTS - 1);
    }
    return read_number(token, &op->slot) ||
           fail(error, "bad number '%.*s': numbers are 0 to %u", quoted(token), token, SLOTS - 1);
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

// Reads one line, without its end and its comment. A blank line adds no op.
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
        return fail(error, "unknown verb '%.*s'", quoted(token), token);
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
        return fail(error, "'%.*s' follows a whole op", quoted(token), token);
    }
    program_add(program, op);
    return true;
}

// Returns the length in bytes of the character that text begins with; 0 iff it is not UTF-8.
static unsigned sequence_bytes(const char *text)
{
    unsigned char first = (unsigned char)text[0];
    unsigned char second = first < 0x80 ? 0 : (unsigned char)text[1];
    unsigned length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0x80) {
        return (first >= ' ' && first != 0x7f) || first == '\t' || first == '\r';
    }
    if (first < 0xc2 || first > 0xf4 || (first == 0xe0 && second < 0xa0) ||
        (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f)) {
        return 0; // Not a first byte; an overlong form; a surrogate; or above the last character.
    }
    for (unsigned i = 1; i < length; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

static bool is_utf8(const char *text)
{
    unsigned length = 1;
    while (*text != '\0' && length != 0) {
        length = sequence_bytes(text);
        text += length;
    }
    return length != 0;
}

// Some editors put it at the start of a text. It carries no meaning.
static const char byte_order_mark[] = "\xef\xbb\xbf";

bool text_fetch_line(FILE *file, char *line, bool *is_last, struct text_error *error)
{
    size_t length = 0;
    bool has_zero = false;
    int byte = getc(file);
    while (byte != EOF && byte != '\n') {
        if (length == TEXT_LINE_BYTES) {
            return fail(error, "the line is longer than %u bytes", TEXT_LINE_BYTES);
        }
        has_zero = has_zero || byte == 0;
        line[length++] = (char)byte;
        byte = getc(file);
    }
    line[length] = '\0';
    *is_last = byte == EOF;
    if (error->line == 1 && strncmp(line, byte_order_mark, strlen(byte_order_mark)) == 0) {
        memmove(line, line + strlen(byte_order_mark), length + 1 - strlen(byte_order_mark));
    }
    if (ferror(file)) {
        return fail(error, "the file can't be read to its end");
    }
    return (!has_zero && is_utf8(line)) || fail(error, "the line is not UTF-8 text");
}

bool text_read(FILE *file, struct program *program, struct text_error *error)
{
    char line[TEXT_LINE_BYTES + 1];
    bool is_last = false;
    program_clear(program);
    for (error->line = 1; !is_last; error->line++) {
        if (!text_fetch_line(file, line, &is_last, error)) {
            return false;
        }
        line[strcspn(line, "#")] = '\0';
        if (!read_line(line, program, error)) {
            return false;
        }
    }
    return true;
}
