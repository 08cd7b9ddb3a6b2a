// Checks texts, traces and bytes against the laws of the op language. The code that reads and
// prints them stays unchanged for it. Knows no heap.

#include "laws/language.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "language/text.h"
#include "language/trace.h"
#include "laws/counters.h"
#include "laws/finding.h"
#include "world/os.h"

// The most lines and columns of an input that a finding prints.
#define LINES_SHOWN 24U
#define COLUMNS_SHOWN 96U

static struct {
    const uint8_t *bytes;
    size_t size_bytes;
} input; // The current one.

// Prints the input by lines. A byte that a terminal can't show is printed as its number.
static void print_input(void)
{
    size_t line = 1;
    size_t column = 0;
    for (size_t i = 0; i < input.size_bytes && line <= LINES_SHOWN; i++) {
        uint8_t byte = input.bytes[i];
        if (column == 0) {
            fprintf(stderr, "%7zu  ", line);
        }
        if (byte == '\n') {
            line++;
            column = 0;
            fprintf(stderr, "\n");
        } else if (column++ < COLUMNS_SHOWN) {
            fprintf(stderr, byte < ' ' || byte > '~' ? "\\x%02x" : "%c", byte);
        }
    }
    fprintf(stderr, column > 0 ? "\n" : "");
}

static void report(enum language_law law, const char *format, va_list arguments)
{
    counters_break((unsigned)LAWS + law, 0);
    fflush(stdout);
    fprintf(stderr, "law %s broken by %zu bytes: %s\n  ", language_law_name(law), input.size_bytes,
            language_law_sentence(law));
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    print_input();
    finding_end((unsigned)LAWS + law);
}

#define LAW_DEF(id, name, sentence)                                                                \
    void language_broken_##id(const char *format, ...)                                             \
    {                                                                                              \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        report(LANGUAGE_##id, format, arguments);                                                  \
        va_end(arguments);                                                                         \
        FINDING_TRAP();                                                                            \
    }
#include "laws/language_laws.def"
#undef LAW_DEF

#define HOLD(id, condition, ...)                                                                   \
    do {                                                                                           \
        counters->checks_by_language[LANGUAGE_##id]++;                                             \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            language_broken_##id(__VA_ARGS__);                                                     \
        }                                                                                          \
    } while (0)

static FILE *no_less_than(FILE *file)
{
    if (file == NULL) {
        perror("heapfuzz: can't open a text in memory");
        exit(2);
    }
    return file;
}

static FILE *open_bytes(const void *bytes, size_t size_bytes)
{
    return no_less_than(os_read_bytes(bytes, size_bytes));
}

static bool read_text(const void *bytes, size_t size_bytes, struct program *program,
                      struct text_error *error)
{
    FILE *file = open_bytes(bytes, size_bytes);
    bool is_read = text_read(file, program, error);
    (void)fclose(file);
    return is_read;
}

static bool read_trace(size_t first, size_t most, struct program *program, struct text_error *error)
{
    FILE *file = open_bytes(input.bytes, input.size_bytes);
    bool is_read = trace_read(file, program, first, most, error);
    (void)fclose(file);
    return is_read;
}

// Returns the index of the first of `count` ops that differ; `count` iff none differs.
static size_t find_other(const struct op *ops, const struct op *others, size_t count)
{
    size_t i = 0;
    while (i < count && ops[i].verb == others[i].verb && ops[i].slot == others[i].slot &&
           ops[i].size_code == others[i].size_code) {
        i++;
    }
    return i;
}

// Returns whether a text is one line with whole characters, which a terminal can print. It has no
// full stop, as more may follow it.
static bool is_sentence(const char *text)
{
    size_t length = strlen(text);
    unsigned more = 0; // Remaining bytes of the character.
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool continues = (byte & 0xc0) == 0x80;
        if (byte < ' ' || byte == 0x7f || continues != (more > 0)) {
            return false;
        }
        more = continues ? more - 1 : byte < 0xc0 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    }
    return length > 0 && more == 0 && text[length - 1] != '.';
}

static CHECK void hold_refusal(const char *what, const struct text_error *error)
{
    size_t lines = 1;
    for (size_t i = 0; i < input.size_bytes; i++) {
        lines += input.bytes[i] == '\n';
    }
    HOLD(REFUSAL, memchr(error->sentence, '\0', sizeof error->sentence) != NULL,
         "the sentence that refuses the %s has no end", what);
    HOLD(REFUSAL, is_sentence(error->sentence), "the refusal of the %s is no sentence: '%s'", what,
         error->sentence);
    HOLD(REFUSAL, error->line >= 1 && error->line <= lines,
         "the %s is refused in line %zu of %zu: %s", what, error->line, lines, error->sentence);
}

static CHECK void hold_read_again(const struct program *program)
{
    static struct program again; // Its memory serves every input.
    struct text_error error = {0};
    struct os_writer writer = {0};
    text_write(no_less_than(os_write_bytes(&writer)), program);
    char *text = os_written(&writer);
    bool is_read = read_text(text, writer.size_bytes, &again, &error);
    HOLD(READ_AGAIN, is_read, "the printed text is refused in line %zu: %s", error.line,
         error.sentence);
    HOLD(READ_AGAIN, again.count == program->count, "%zu ops are printed, and %zu read",
         program->count, again.count);
    size_t other = find_other(program->ops, again.ops, again.count);
    HOLD(READ_AGAIN, other == again.count, "op %zu reads back as another one", other + 1);
    free(text);
}

// `most_bytes` is the size that the program was decoded from; SIZE_MAX: it came from a text.
static CHECK void hold_canonical(const struct program *program, size_t most_bytes)
{
    static struct program again;
    size_t size_bytes = program_encode(program, NULL, 0);
    size_t records_bytes = most_bytes + (size_t)(-most_bytes % RECORD_BYTES);
    uint8_t *bytes = malloc(size_bytes + 1);
    if (bytes == NULL) {
        fprintf(stderr, "heapfuzz: no memory for a program of %zu bytes\n", size_bytes);
        exit(2);
    }
    HOLD(CANONICAL, most_bytes == SIZE_MAX || size_bytes <= records_bytes,
         "%zu bytes become %zu, and mean the same", most_bytes, size_bytes);
    size_t written_bytes = program_encode(program, bytes, size_bytes);
    HOLD(CANONICAL, written_bytes == size_bytes, "%zu bytes are written, and %zu were announced",
         written_bytes, size_bytes);
    program_decode(&again, bytes, size_bytes);
    HOLD(CANONICAL, again.count == program->count, "%zu ops are encoded, and %zu decoded",
         program->count, again.count);
    size_t other = find_other(program->ops, again.ops, again.count);
    HOLD(CANONICAL, other == again.count, "op %zu decodes to another one", other + 1);
    free(bytes);
}

static CHECK void hold_window(const struct program *whole)
{
    static struct program window;
    struct text_error error = {0};
    if (whole->count == 0) { // It may have no array to point into.
        return;
    }
    size_t middle = whole->count / 2;
    bool is_read = read_trace(0, middle, &window, &error);
    HOLD(WINDOW, is_read, "the first %zu ops are refused in line %zu: %s", middle, error.line,
         error.sentence);
    HOLD(WINDOW, window.count == middle && find_other(whole->ops, window.ops, middle) == middle,
         "the first %zu ops are others than those of the whole", middle);
    is_read = read_trace(middle, SIZE_MAX, &window, &error);
    size_t rest = whole->count - middle;
    HOLD(WINDOW, is_read && window.count >= rest, "the last %zu ops are %zu: %s", rest,
         window.count, error.sentence);
    size_t live = window.count - rest;
    HOLD(WINDOW, find_other(whole->ops + middle, window.ops + live, rest) == rest,
         "the last %zu ops are others than those of the whole", rest);
}

// The input read as a text, or as a trace.
struct seen {
    bool is_read;
    size_t ops;
    struct text_error error;
};

static CHECK void hold_text(struct program *program, struct seen *text)
{
    text->is_read = read_text(input.bytes, input.size_bytes, program, &text->error);
    text->ops = program->count;
    counters->inputs_by[text->is_read ? READING_TEXT : READING_NO_TEXT]++;
    if (text->is_read) {
        hold_read_again(program);
        hold_canonical(program, SIZE_MAX);
    } else {
        hold_refusal("text", &text->error);
    }
}

static CHECK void hold_trace(struct program *program, struct seen *trace)
{
    trace->is_read = read_trace(0, SIZE_MAX, program, &trace->error);
    trace->ops = program->count;
    counters->inputs_by[trace->is_read ? READING_TRACE : READING_NO_TRACE]++;
    if (trace->is_read) {
        hold_read_again(program);
        hold_canonical(program, SIZE_MAX);
        hold_window(program);
    } else {
        hold_refusal("trace", &trace->error);
    }
}

static CHECK void hold_bytes(struct program *program)
{
    program_decode(program, input.bytes, input.size_bytes);
    hold_read_again(program);
    hold_canonical(program, input.size_bytes);
}

static void hold(const uint8_t *bytes, size_t size_bytes, struct seen *text, struct seen *trace)
{
    static struct program program;
    input.bytes = bytes;
    input.size_bytes = size_bytes;
    counters->programs++;
    hold_text(&program, text);
    hold_trace(&program, trace);
    hold_bytes(&program);
}

void language_hold(const uint8_t *bytes, size_t size_bytes)
{
    struct seen text = {0};
    struct seen trace = {0};
    hold(bytes, size_bytes, &text, &trace);
}

void language_tell(const uint8_t *bytes, size_t size_bytes)
{
    struct seen text = {0};
    struct seen trace = {0};
    hold(bytes, size_bytes, &text, &trace);
    if (text.is_read) {
        printf("a program of %zu ops\n", text.ops);
    } else if (trace.is_read) {
        printf("a trace of %zu ops\n", trace.ops);
    } else {
        printf("no program, line %zu: %s; no trace, line %zu: %s\n", text.error.line,
               text.error.sentence, trace.error.line, trace.error.sentence);
    }
}

void language_print(void)
{
    const uint64_t *inputs = counters->inputs_by;
    printf("%-12s%12s%12s\n", "read as", "parsed", "refused");
    printf("%-12s%12" PRIu64 "%12" PRIu64 "\n", "program", inputs[READING_TEXT],
           inputs[READING_NO_TEXT]);
    printf("%-12s%12" PRIu64 "%12" PRIu64 "\n", "trace", inputs[READING_TRACE],
           inputs[READING_NO_TRACE]);
    printf("%-12s%12" PRIu64 "%12s\n", "bytes", counters->programs, ".");
    printf("\n%-12s%12s  %s\n", "law", "checks", "that");
    for (unsigned law = 0; law < LANGUAGE_LAWS; law++) {
        printf("%-12s%12" PRIu64 "  %s\n", language_law_name(law),
               counters->checks_by_language[law], language_law_sentence(law));
    }
}
