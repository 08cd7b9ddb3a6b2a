// heapfuzz matrix between its parts: the columns that allocators answered, and the text and the
// page that show them.
#ifndef CLI_MATRIX_H
#define CLI_MATRIX_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/edges.h"
#include "cli/words.h"
#include "findings/gist.h"

/// The word that makes this process try one allocator, and print a column. Its lines begin with
/// MATRIX_MARK and a letter. N is the name; each cell has A for each answer, then R, a reason, and
/// W, the word.
#define MATRIX_COLUMN "--column"
#define MATRIX_MARK '\036'
int matrix_try(int argc, char **argv);

/// An edge case on an allocator.
struct cell {
    char (*answers)[GIST_BYTES]; ///< In the rows of its ops that it came to the end of.
    size_t answered;
    const char *word;   ///< The last answer, or the law that broke, or how it ended.
    const char *reason; ///< A sentence about a broken law or such an end; "" without one.
};

struct column {
    const char *words;      ///< Those that name the allocator on the command line.
    struct words arguments; ///< Those of the process that tries it.
    const char *name;       ///< No other column has it.
    struct cell *cells;     ///< One for each edge case.
};

struct matrix {
    struct edges edges;
    struct column *columns;
    size_t count;
    const char *command;   ///< The words that make it again.
    size_t broken, agreed; ///< The cells with a reason, and the rows whose cells are the same.
};

/// Prints it as tables of at most so many columns of letters, where words are not longer.
void matrix_print_text(FILE *file, const struct matrix *matrix, size_t most_width);

/// Prints it as a page that needs nothing beside it.
void matrix_print_page(FILE *file, const struct matrix *matrix);

#endif
