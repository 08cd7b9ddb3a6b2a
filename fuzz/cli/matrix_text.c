// A matrix as text: tables of as many columns as fit beside each other, and the reasons below.

#include "cli/matrix.h"

#include <string.h>

#define GAP 2U // Between two columns.

static size_t longer(size_t width, const char *text)
{
    return strlen(text) > width ? strlen(text) : width;
}

static size_t width_of(const struct matrix *matrix, const struct column *column)
{
    size_t width = strlen(column->name);
    for (size_t row = 0; row < matrix->edges.count; row++) {
        width = longer(width, column->cells[row].word);
    }
    return width;
}

static void print_padded(FILE *file, const char *text, size_t width)
{
    (void)fprintf(file, "%-*s", (int)(width + GAP), text);
}

// Prints the columns from `begin` to `end`, the last one without blanks behind it.
static void print_table(FILE *file, const struct matrix *matrix, size_t names_width, size_t begin,
                        size_t end)
{
    for (size_t row = 0; row <= matrix->edges.count; row++) {
        print_padded(file, row == 0 ? "" : matrix->edges.at[row - 1].name, names_width);
        for (size_t i = begin; i < end; i++) {
            const struct column *column = &matrix->columns[i];
            const char *text = row == 0 ? column->name : column->cells[row - 1].word;
            if (i + 1 < end) {
                print_padded(file, text, width_of(matrix, column));
            } else {
                (void)fprintf(file, "%s\n", text);
            }
        }
    }
    (void)fputc('\n', file);
}

static void print_reasons(FILE *file, const struct matrix *matrix)
{
    for (size_t i = 0; i < matrix->count; i++) {
        const struct column *column = &matrix->columns[i];
        for (size_t row = 0; row < matrix->edges.count; row++) {
            const struct cell *cell = &column->cells[row];
            if (cell->reason[0] != '\0') {
                (void)fprintf(file, "%s, %s: %s: %s\n", column->name, matrix->edges.at[row].name,
                              cell->word, cell->reason);
            }
        }
    }
}

void matrix_print_text(FILE *file, const struct matrix *matrix, size_t most_width)
{
    size_t names_width = 0;
    for (size_t row = 0; row < matrix->edges.count; row++) {
        names_width = longer(names_width, matrix->edges.at[row].name);
    }
    for (size_t begin = 0, end; begin < matrix->count; begin = end) {
        size_t width = names_width;
        end = begin;
        do {
            width += GAP + width_of(matrix, &matrix->columns[end++]);
        } while (end < matrix->count &&
                 width + GAP + width_of(matrix, &matrix->columns[end]) <= most_width);
        print_table(file, matrix, names_width, begin, end);
    }
    print_reasons(file, matrix);
    if (matrix->count > 1) {
        (void)fprintf(file, "%zu of %zu rows agree; ", matrix->agreed, matrix->edges.count);
    }
    (void)fprintf(file, "a law or the allocator broke in %zu cell%s\n", matrix->broken,
                  matrix->broken == 1 ? "" : "s");
}
