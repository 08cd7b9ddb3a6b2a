// Edge cases: small programs with a name, whose last op is the one that allocators answer
// differently.
#ifndef CLI_EDGES_H
#define CLI_EDGES_H

#include "language/op.h"

struct edge {
    char *name;     ///< That of its file, without `edge-` and `.ops`.
    char *sentence; ///< The comment on its first line; "" without one.
    struct program program;
    size_t hidden; ///< The ops before the last EDGE_OPS_SHOWN, whose answers are not kept.
    size_t rows;   ///< One for each of the other ops, and a first one for all that are hidden.
};

/// A recorded program has a million ops, of which no reader compares all.
#define EDGE_OPS_SHOWN 1000U

struct edges {
    struct edge *at;
    size_t count;
};

/// Reads the programs of these files, or those of the corpus where there is none: it has them as
/// corpus/heap/edge-NAME.ops. Refuses a file that it can't read, or that has no op.
void edges_load(struct edges *edges, char **files, size_t count);

/// Returns whether a word of a command line names a file of an edge case.
bool edges_is_file(const char *word);

#endif
