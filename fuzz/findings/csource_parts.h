// The parts of csource.c: a program on its way to C. csource.c runs it and chooses laws and
// features, csource_main.c writes its ops, csource_policies.c the constants of its heap, and
// csource_template.c the functions that both need.
#ifndef FINDINGS_CSOURCE_PARTS_H
#define FINDINGS_CSOURCE_PARTS_H

#include <stdio.h>

#include "runner/trial.h"

/// Where a run ended.
struct end {
    size_t op_index;
    size_t most_committed;          ///< The bound of what the heap may hold there.
    size_t behind_at, behind_count; ///< Bytes that were behind a block there, and moved with it.
    size_t most_bytes;              ///< The largest memory that a heap of the run was given.
    bool is_substituted;            ///< A heap had no room in the memory of its program.
};

struct csource {
    const struct plan *plan;
    const struct program *program;
    const char *name;
    trial_verdict verdict;
    enum law law; ///< LAWS: none is broken.
    struct end end;
    bool is_port; ///< It calls the subject's port; otherwise a form of standalone.c.
    bool has_engine, has_com, has_misuse, has_spies;
    bool checks[LAWS];
    char features[512]; ///< Words, a blank before and behind each.
};

/// Returns whether a word is one of words that have a blank before and behind each.
bool csource_is_one_of(const char *word, const char *words);

/// Returns whether the program has a feature.
bool csource_has(const struct csource *source, const char *feature);

/// Adds a feature iff a condition holds.
void csource_need(struct csource *source, bool condition, const char *feature);

/// Chooses the features that the ops need.
void csource_choose_ops(struct csource *source);

/// Chooses the features that the policies and members of the subject's port need.
void csource_choose_policies(struct csource *source);

/// Writes the constants of the heap, a paragraph each.
void csource_write_policies(FILE *file, const struct csource *source);

/// Writes the function main.
void csource_write_main(FILE *file, const struct csource *source);

/// Writes the paragraphs of `constants` and of standalone.c that a text needs. Returns false iff
/// there is no memory.
bool csource_write_template(FILE *file, const struct csource *source, const char *constants,
                            const char *used);

#endif
