// Lists of words and their quotes. Knows nothing of what the words mean.

#include "cli/words.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

#define PLAIN                                                                                      \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"                               \
    "%+,-./:=@_"

static _Noreturn void refuse_without_memory(void)
{
    refuse("there is no memory for the words of this command");
}

void words_add(struct words *words, const char *word)
{
    if (words->count + 1 >= words->capacity) {
        size_t capacity = words->capacity * 2 + 8;
        const char **at = realloc(words->at, capacity * sizeof *at);
        if (at == NULL) {
            refuse_without_memory();
        }
        words->at = at;
        words->capacity = capacity;
    }
    words->at[words->count++] = word;
    words->at[words->count] = NULL;
}

char *words_copy(const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy == NULL) {
        refuse_without_memory();
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

// Ninja takes a dollar for its own, even between a shell's quotes.
static void print_quoted(FILE *file, const char *word, const char *dollar)
{
    bool is_plain = word[0] != '\0' && strspn(word, PLAIN) == strlen(word);
    if (!is_plain) {
        (void)putc('\'', file);
    }
    for (const char *byte = word; *byte != '\0'; byte++) {
        if (*byte == '\'') {
            (void)fputs("'\\''", file);
        } else if (*byte == '$') {
            (void)fputs(dollar, file);
        } else {
            (void)putc(*byte, file);
        }
    }
    if (!is_plain) {
        (void)putc('\'', file);
    }
}

void words_print_for_shell(FILE *file, const char *word)
{
    print_quoted(file, word, "$");
}

void words_print_for_rule(FILE *file, const char *word)
{
    print_quoted(file, word, "$$");
}

void words_print_path(FILE *file, const char *path)
{
    for (const char *byte = path; *byte != '\0'; byte++) {
        if (*byte == '|') { // It has no escape.
            (void)fputs("${bar}", file);
            continue;
        }
        if (strchr("$ :", *byte) != NULL) {
            (void)putc('$', file);
        }
        (void)putc(*byte, file);
    }
}
