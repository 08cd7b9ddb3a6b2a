// Mutation of programs by whole ops, where an engine's own mutation edits bytes.
#ifndef LANGUAGE_MUTATE_H
#define LANGUAGE_MUTATE_H

#include "language/mix.h"

/// Makes one to four edits of a program, each of an op or a stretch of ops, within the scope. The
/// result has at least one op and at most `most_ops`, which is not 0. Equal arguments give equal
/// results.
void mutate_program(struct program *program, const struct scope *scope, size_t most_ops,
                    uint64_t seed);

#endif
