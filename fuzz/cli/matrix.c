// heapfuzz matrix: tries edge cases on allocators, each allocator in a process of its own, which
// may build it first. Joins their columns. Knows neither how a column is made nor how it is shown.

#include "cli/matrix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/port.h"
#include "cli/port_parts.h"
#include "cli/words.h"
#include "subjects/subjects.h"
#include "world/os.h"

#define OWN_PROGRAM "/proc/self/exe"
#define USUAL_WIDTH 100U // Of text that goes to no terminal.

static void *zeros(size_t count, size_t size_bytes)
{
    void *block = calloc(count, size_bytes);
    if (block == NULL) {
        refuse("matrix: there is no memory for its cells");
    }
    return block;
}

// Splits the words of a column at blanks, unless they are the path of a file. Refuses those that
// name no allocator.
static void add_words(struct words *arguments, const char *words)
{
    bool is_port = false;
    size_t first = arguments->count;
    if (port_kind(words) != PORT_NO_SOURCE && access(words, R_OK) == 0) {
        words_add(arguments, words);
        return;
    }
    for (const char *at = words; *at != '\0';) {
        size_t length = strcspn(at, " ");
        if (length > 0) {
            const char *word = words_copy(at, length);
            is_port = is_port || port_kind(word) != PORT_NO_SOURCE || word[0] == '-';
            words_add(arguments, word);
        }
        at += length + (at[length] == ' ');
    }
    if (!is_port) {
        bool is_one = arguments->count == first + 1;
        const char *name = is_one ? arguments->at[first] : words;
        (void)choose_subject(name); // It refuses where there is none, and lists the subjects.
        arguments->at[first] = "--subject";
        words_add(arguments, name);
    }
}

// Prints the lines of a process that are not of a column: messages of its build, and its refusal.
static void print_messages(const char *said)
{
    for (size_t length; *said != '\0'; said += length + (said[length] == '\n')) {
        length = strcspn(said, "\n");
        if (length > 0 && *said != MATRIX_MARK) {
            fprintf(stderr, "%.*s\n", (int)length, said);
        }
    }
}

// Takes a line of a column, whose next cell is of this edge case. Returns whether that ends it.
static bool take_line(struct column *column, const struct edges *edges, size_t row,
                      const char *line, size_t length)
{
    struct cell *cell = &column->cells[row];
    if (line[0] == 'A' && cell->answered < edges->at[row].rows) {
        (void)snprintf(cell->answers[cell->answered++], GIST_BYTES, "%.*s", (int)length - 1,
                       line + 1);
    } else if (line[0] == 'N') {
        column->name = words_copy(line + 1, length - 1);
    } else if (line[0] == 'R') {
        cell->reason = words_copy(line + 1, length - 1);
    } else if (line[0] == 'W') {
        cell->word = words_copy(line + 1, length - 1);
    }
    return line[0] == 'W';
}

static void read_column(struct column *column, const struct edges *edges, const char *said)
{
    size_t row = 0;
    column->cells = zeros(edges->count, sizeof *column->cells);
    for (size_t i = 0; i < edges->count; i++) {
        column->cells[i].answers = zeros(edges->at[i].rows, GIST_BYTES);
    }
    for (size_t length; *said != '\0' && row < edges->count; said += length) {
        length = strcspn(said, "\n");
        if (*said == MATRIX_MARK && length > 1) {
            row += take_line(column, edges, row, said + 1, length - 1);
        }
        length += said[length] == '\n';
    }
    if (column->name == NULL || row < edges->count) {
        refuse("matrix: %s: its process ended before the last program", column->words);
    }
}

// Gives each column its own name: that of its allocator, with a number where others have it.
static void name_column(const struct matrix *matrix, struct column *column)
{
    struct os_writer writer;
    const char *name = column->name;
    unsigned number = 1;
    for (const struct column *other = matrix->columns; other < column;) {
        if (strcmp(other->name, column->name) != 0) {
            other++;
            continue;
        }
        FILE *file = os_write_bytes(&writer);
        if (file != NULL) {
            (void)fprintf(file, "%s-%u", name, ++number);
        }
        column->name = file == NULL ? NULL : os_written(&writer);
        if (column->name == NULL) {
            refuse("matrix: there is no memory for the names of its columns");
        }
        other = matrix->columns;
    }
}

// Writes the words of the process that tries a column. Refuses those that name no allocator.
static void make_arguments(struct column *column, const struct words *files)
{
    struct words *arguments = &column->arguments;
    words_add(arguments, OWN_PROGRAM);
    words_add(arguments, "matrix");
    words_add(arguments, MATRIX_COLUMN);
    for (size_t i = 0; i < files->count; i++) {
        words_add(arguments, files->at[i]);
    }
    add_words(arguments, column->words);
    port_check((int)arguments->count - 1, (char **)arguments->at + 1);
}

static void try_column(struct matrix *matrix, struct column *column)
{
    char *said;
    if (isatty(STDERR_FILENO) == 1) {
        fprintf(stderr, "trying %s\n", column->words);
    }
    int status = port_call(column->arguments.at, &said);
    if (status != 0) {
        print_messages(said);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 2) {
            refuse("matrix: %s: its process ended with status %d", column->words,
                   WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        }
        exit(2);
    }
    read_column(column, &matrix->edges, said);
    name_column(matrix, column);
    free(said);
}

static void count(struct matrix *matrix)
{
    for (size_t row = 0; row < matrix->edges.count; row++) {
        bool is_same = true;
        for (size_t i = 0; i < matrix->count; i++) {
            const struct cell *cell = &matrix->columns[i].cells[row];
            matrix->broken += cell->reason[0] != '\0';
            is_same = is_same && strcmp(cell->word, matrix->columns[0].cells[row].word) == 0;
        }
        matrix->agreed += is_same;
    }
}

static void write_page(const struct matrix *matrix, const char *path)
{
    struct output output;
    bool is_open = output_open(&output, path);
    if (is_open) {
        matrix_print_page(output.file, matrix);
    }
    if (!is_open || !output_close(&output)) {
        refuse("can't write %s: %s", path, strerror(errno));
    }
}

// Returns the words as a shell reads them.
static const char *quote(int argc, char **argv)
{
    struct os_writer writer;
    FILE *file = os_write_bytes(&writer);
    for (int i = 0; i < argc && file != NULL; i++) {
        (void)fputs(i == 0 ? "heapfuzz " : " ", file);
        words_print_for_shell(file, argv[i]);
    }
    const char *text = file == NULL ? NULL : os_written(&writer);
    if (text == NULL) {
        refuse("matrix: there is no memory for its words");
    }
    return text;
}

int command_matrix(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], MATRIX_COLUMN) == 0) {
        port_run(argc, argv);
        return matrix_try(argc, argv);
    }
    static struct matrix matrix; // It lives to the end.
    static struct words files;
    const char *page = NULL;
    matrix.command = quote(argc, argv);
    matrix.columns = zeros((size_t)argc, sizeof *matrix.columns);
    for (int at = 1; at < argc; at++) {
        const char *value = take_option(argc, argv, &at, "--html");
        if (value != NULL) {
            page = value;
        } else if (edges_is_file(argv[at])) {
            words_add(&files, argv[at]);
        } else {
            matrix.columns[matrix.count++].words = argv[at];
        }
    }
    if (matrix.count == 0) {
        refuse("matrix: which allocators? A subject, a library, or the quoted words of a port");
    }
    edges_load(&matrix.edges, (char **)files.at, files.count);
    for (size_t i = 0; i < matrix.count; i++) {
        make_arguments(&matrix.columns[i], &files);
    }
    for (size_t i = 0; i < matrix.count; i++) {
        try_column(&matrix, &matrix.columns[i]);
    }
    count(&matrix);
    size_t width = os_columns();
    matrix_print_text(stdout, &matrix, width == 0 ? USUAL_WIDTH : width);
    if (page != NULL) {
        write_page(&matrix, page);
    }
    return matrix.broken > 0;
}
