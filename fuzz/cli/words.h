// A list of words of a command line, and words for those who read them again: a shell and ninja.
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct words {
    const char **at; ///< The words themselves belong to others. NULL follows the last.
    size_t count, capacity;
};

/// Adds a word. Refuses where there is no memory.
void words_add(struct words *words, const char *word);

/// Prints a word that a shell reads back, with quotes where it needs them.
void words_print_for_shell(FILE *file, const char *word);

/// Prints a word of a shell's command line into a rule of ninja's.
void words_print_for_rule(FILE *file, const char *word);

/// Prints a path into a build statement of ninja's. Its variable `bar` has to be `|`.
void words_print_path(FILE *file, const char *path);

/// Returns a part of a text that lives as long as the process. Refuses where there is no memory.
char *words_copy(const char *text, size_t length);

#endif
