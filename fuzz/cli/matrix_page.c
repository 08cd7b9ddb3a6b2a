// A matrix as a page: matrix.html, with a part of the matrix at each of its marks.

#include <string.h>

#include "cli/matrix.h"
#include "language/text.h"

static const char page[] = {
#include "cli/matrix.inc"
};

#define WORDS 4U // Of a kind, at most.

// A kind of cells has a colour, and a row of the legend. Its cells begin with one of its words.
static const struct kind {
    const char *name, *words[WORDS], *example, *sentence;
} kinds[] = {
    {"done",
     {""},
     "granted",
     "The call did its work. <b>in place</b>: the block stays. <b>at b0</b>: it has the place of "
     "b0, which was freed. <b>in b0, +128</b>: it begins so far inside of that. <b>16 past b0</b>: "
     "it begins so far from the start of b0. <b>9 of "
     "10</b>: so many of a repeated call were granted."},
    {"moved",
     {"moved", "elsewhere"},
     "moved",
     "The block has a new address. <b>elsewhere</b>: it has the place of no freed block."},
    {"refused",
     {"refused", "NULL", "no room"},
     "refused",
     "The call returned NULL, and changed nothing. <b>NULL</b>: that is its answer for 0 bytes."},
    {"number", {"size ", "owns ", "done"}, "size 100", "The answer to a question."},
    {"absent",
     {"no such call", "no block", "not asked", "law off"},
     "not asked",
     "The allocator lacks the call, takes no such argument, or is not asked for so much. "
     "<b>no block</b>: an earlier call was refused."},
    {"broken",
     {NULL},
     "law bytes",
     "The named law of a heap broke, or the program did not come to its end."},
};

#define KINDS (sizeof kinds / sizeof kinds[0])
#define DONE 0U

// Returns the kind of a word that is not broken.
static const struct kind *kind_of(const char *word)
{
    for (size_t kind = DONE + 1; kind < KINDS; kind++) {
        for (unsigned i = 0; i < WORDS && kinds[kind].words[i] != NULL; i++) {
            if (strncmp(word, kinds[kind].words[i], strlen(kinds[kind].words[i])) == 0) {
                return &kinds[kind];
            }
        }
    }
    return &kinds[DONE];
}

static void print_part(FILE *file, const char *text, size_t length)
{
    for (const char *at = text; at < text + length; at++) {
        const char *name = *at == '<'   ? "&lt;"
                           : *at == '>' ? "&gt;"
                           : *at == '&' ? "&amp;"
                           : *at == '"' ? "&quot;"
                                        : NULL;
        if (name != NULL) {
            (void)fputs(name, file);
        } else {
            (void)fputc(*at, file);
        }
    }
}

static void print_escaped(FILE *file, const char *text)
{
    print_part(file, text, strlen(text));
}

// Prints the name of an allocator, which may be broken into lines behind some letters.
static void print_name(FILE *file, const char *name)
{
    for (size_t length; *name != '\0'; name += length) {
        length = strcspn(name, "_-");
        length += name[length] != '\0';
        print_part(file, name, length);
        (void)fputs("<wbr>", file);
    }
}

static void print_summary(FILE *file, const struct matrix *matrix)
{
    (void)fprintf(file, "<h1>%zu edge case%s on %zu allocator%s</h1>\n", matrix->edges.count,
                  matrix->edges.count == 1 ? "" : "s", matrix->count,
                  matrix->count == 1 ? "" : "s");
    (void)fprintf(file, "<p>Each row is a program of a few calls, and each column an allocator. A "
                        "cell says what the last call did. A row's link leads to its calls.</p>\n");
    (void)fprintf(file, "<p>");
    if (matrix->count > 1) {
        (void)fprintf(file, "The allocators agree in %zu of %zu rows. ", matrix->agreed,
                      matrix->edges.count);
    }
    if (matrix->broken == 0) {
        (void)fprintf(file, "No law of a heap broke.</p>\n");
    } else {
        (void)fprintf(file,
                      "In <a href=\"#broken\">%zu cell%s</a> a law of a heap broke, or the program "
                      "did not end.</p>\n",
                      matrix->broken, matrix->broken == 1 ? "" : "s");
    }
}

static void print_names(FILE *file, const struct matrix *matrix, const char *first)
{
    (void)fprintf(file, "<tr class=\"names\"><th scope=\"col\">");
    print_escaped(file, first);
    (void)fprintf(file, "</th>");
    for (size_t i = 0; i < matrix->count; i++) {
        (void)fprintf(file, "<th scope=\"col\">");
        print_name(file, matrix->columns[i].name);
        (void)fprintf(file, "</th>");
    }
    (void)fprintf(file, "</tr>\n");
}

static void print_cell(FILE *file, size_t row, size_t column, const struct cell *cell)
{
    bool is_broken = cell->reason[0] != '\0';
    (void)fprintf(file, "<td class=\"%s\">", is_broken ? "broken" : kind_of(cell->word)->name);
    if (is_broken) {
        (void)fprintf(file, "<a href=\"#reason-%zu-%zu\" title=\"", row, column);
        print_escaped(file, cell->reason);
        (void)fprintf(file, "\">");
    }
    print_escaped(file, cell->word);
    (void)fprintf(file, is_broken ? "</a></td>" : "</td>");
}

// The first word of a name is its topic.
static bool begins_topic(const struct matrix *matrix, size_t row)
{
    const char *name = matrix->edges.at[row].name;
    size_t length = strcspn(name, "-");
    const char *before = row == 0 ? "" : matrix->edges.at[row - 1].name;
    return strcspn(before, "-") != length || strncmp(before, name, length) != 0;
}

static void print_table(FILE *file, const struct matrix *matrix)
{
    if (matrix->count > 2) {
        (void)fprintf(file, "<p class=\"hint quiet\">The table scrolls sideways.</p>\n");
    }
    (void)fprintf(file, "<div class=\"scroll\" tabindex=\"0\"><table>\n");
    for (size_t row = 0; row < matrix->edges.count; row++) {
        const struct edge *edge = &matrix->edges.at[row];
        const char *text = edge->sentence[0] == '\0' ? edge->name : edge->sentence;
        if (begins_topic(matrix, row)) {
            char topic[32];
            (void)snprintf(topic, sizeof topic, "%.*s", (int)strcspn(edge->name, "-"), edge->name);
            print_names(file, matrix, topic);
        }
        (void)fprintf(file, "<tr id=\"row-%zu\"><th scope=\"row\"><a href=\"#case-%zu\">", row,
                      row);
        print_escaped(file, text);
        (void)fprintf(file, "</a></th>");
        for (size_t i = 0; i < matrix->count; i++) {
            print_cell(file, row, i, &matrix->columns[i].cells[row]);
        }
        (void)fprintf(file, "</tr>\n");
    }
    (void)fprintf(file, "</table></div>\n");
}

static void print_reasons(FILE *file, const struct matrix *matrix)
{
    if (matrix->broken > 0) {
        (void)fprintf(file, "<h2 id=\"broken\">What broke</h2>\n");
    }
    for (size_t row = 0; row < matrix->edges.count; row++) {
        for (size_t i = 0; i < matrix->count; i++) {
            const struct cell *cell = &matrix->columns[i].cells[row];
            if (cell->reason[0] == '\0') {
                continue;
            }
            (void)fprintf(file, "<p id=\"reason-%zu-%zu\"><b>", row, i);
            print_name(file, matrix->columns[i].name);
            (void)fprintf(file, ", ");
            print_escaped(file, cell->word);
            (void)fprintf(file, "</b> in <a href=\"#case-%zu\">", row);
            print_escaped(file, matrix->edges.at[row].name);
            (void)fprintf(file, "</a>, ");
            print_escaped(file, cell->reason);
            (void)fprintf(file, "</p>\n");
        }
    }
}

static void print_legend(FILE *file, const struct matrix *matrix)
{
    (void)matrix;
    (void)fprintf(file, "<dl>\n");
    for (size_t i = 0; i < KINDS; i++) {
        (void)fprintf(file, "<dt class=\"%s\">%s</dt><dd>%s</dd>\n", kinds[i].name,
                      kinds[i].example, kinds[i].sentence);
    }
    (void)fprintf(file, "</dl>\n");
}

// Prints the answer in a row; in place of the first that is missing, the word of the cell.
static void print_answer(FILE *file, const struct cell *cell, size_t row)
{
    const char *text = row < cell->answered ? cell->answers[row] : cell->word;
    if (row > cell->answered) {
        (void)fprintf(file, "<td></td>");
        return;
    }
    bool is_broken = row == cell->answered && cell->reason[0] != '\0';
    (void)fprintf(file, "<td class=\"%s\">", is_broken ? "broken" : kind_of(text)->name);
    print_escaped(file, text);
    (void)fprintf(file, "</td>");
}

static void print_program(FILE *file, const struct matrix *matrix, size_t row)
{
    const struct edge *edge = &matrix->edges.at[row];
    (void)fprintf(file, "<h3 id=\"case-%zu\">", row);
    print_escaped(file, edge->name);
    (void)fprintf(file, " <span class=\"quiet\">");
    print_escaped(file, edge->sentence);
    (void)fprintf(file,
                  "</span> <a href=\"#row-%zu\" title=\"to its row\">&uarr;</a></h3>\n<div "
                  "class=\"scroll\" tabindex=\"0\"><table class=\"ops\">\n",
                  row);
    print_names(file, matrix, "Call");
    for (size_t i = 0; i < edge->rows; i++) {
        char text[TEXT_OP_BYTES];
        text_print_op(edge->program.ops[edge->program.count - edge->rows + i], text);
        if (i == 0 && edge->hidden > 0) {
            (void)snprintf(text, sizeof text, "%zu ops before these", edge->hidden);
        }
        (void)fprintf(file, "<tr><th scope=\"row\"><code>%s</code></th>", text);
        for (size_t column = 0; column < matrix->count; column++) {
            print_answer(file, &matrix->columns[column].cells[row], i);
        }
        (void)fprintf(file, "</tr>\n");
    }
    (void)fprintf(file, "</table></div>\n");
}

static void print_programs(FILE *file, const struct matrix *matrix)
{
    for (size_t row = 0; row < matrix->edges.count; row++) {
        print_program(file, matrix, row);
    }
}

static void print_command(FILE *file, const struct matrix *matrix)
{
    (void)fprintf(file, "<p class=\"command\"><code>");
    print_escaped(file, matrix->command);
    (void)fprintf(file, "</code></p>\n");
}

void matrix_print_page(FILE *file, const struct matrix *matrix)
{
    static const struct {
        const char *mark;
        void (*print)(FILE *file, const struct matrix *matrix);
    } parts[] = {
        {"<!--summary-->\n", print_summary},   {"<!--table-->\n", print_table},
        {"<!--reasons-->\n", print_reasons},   {"<!--legend-->\n", print_legend},
        {"<!--programs-->\n", print_programs}, {"<!--command-->\n", print_command},
    };
    const char *from = page;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *mark = strstr(from, parts[i].mark);
        (void)fwrite(from, 1, (size_t)(mark - from), file);
        parts[i].print(file, matrix);
        from = mark + strlen(parts[i].mark);
    }
    (void)fputs(from, file);
}
