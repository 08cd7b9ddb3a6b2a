// Copies of standalone.c no more than a program needs: the lines that its features and laws choose,
// then the paragraphs that a name leads to.

#include "findings/csource_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char standalone[] = {
#include "findings/standalone.inc"
};

// Returns whether a line begins a call on the name of a law that is not checked.
static bool names_other_law(const struct csource *source, const char *line)
{
    char name[32];
    if (sscanf(line, " %*[a-zA-Z_](\"%31[a-z-]\"", name) == 1) {
        for (unsigned law = 0; law < LAWS; law++) {
            if (strcmp(name, law_name((enum law)law)) == 0) {
                return !source->checks[law];
            }
        }
    }
    return false;
}

// Removes the line that opens an empty block. Returns false iff the block needs no end any more.
static bool stays_open(const char *text, size_t *length)
{
    bool is_open = true;
    while (is_open && *length > 3 && strncmp(text + *length - 3, " {\n", 3) == 0) {
        do {
            --*length;
        } while (text[*length - 1] != '\n');
        const char *head = text + *length;
        is_open = head[strspn(head, " ")] == '}'; // It closed another one: `} else {`.
    }
    return is_open;
}

// Adds the lines of standalone.c that the features and laws choose to a text, with a 0 behind them.
static void choose_lines(const struct csource *source, char *text)
{
    size_t length = strlen(text);
    bool is_kept[8] = {true};
    bool is_ours[8] = {false};
    unsigned depth = 0;
    const char *next;
    for (const char *line = strstr(standalone, "#include"); *line != '\0'; line = next) {
        char feature[24];
        next = strchr(line, '\n') + 1;
        bool was_ours = is_ours[depth];
        if (strncmp(line, "#if", 3) == 0) {
            is_ours[++depth] = sscanf(line, "#ifdef WITH_%23[A-Z0-9]", feature) == 1;
            was_ours = is_ours[depth];
            is_kept[depth] = is_kept[depth - 1] && (!was_ours || csource_has(source, feature));
        } else if (strncmp(line, "#else", 5) == 0 && was_ours) {
            is_kept[depth] = is_kept[depth - 1] && !is_kept[depth];
        } else if (strncmp(line, "#endif", 6) == 0) {
            depth--;
        } else {
            was_ours = false;
        }
        bool is_second_blank = *line == '\n' && (length < 2 || text[length - 2] == '\n');
        if (was_ours || !is_kept[depth] || is_second_blank) {
            continue;
        }
        if (names_other_law(source, line)) {
            next = strstr(line, ";\n") + 2;
        } else if (line[strspn(line, " ")] != '}' || line[strspn(line, " ") + 1] != '\n' ||
                   stays_open(text, &length)) {
            memcpy(text + length, line, (size_t)(next - line));
            length += (size_t)(next - line);
        }
    }
    text[length] = '\0';
}

static size_t word_length(const char *at)
{
    size_t length = 0;
    while (isalnum((unsigned char)at[length]) || at[length] == '_') {
        length++;
    }
    return length;
}

// Returns whether a name is in the code of a text, other than as a member.
static bool is_used(const char *text, const char *name, size_t length)
{
    size_t word;
    for (const char *at = text; *at != '\0'; at += word + (word == 0)) {
        word = word_length(at);
        bool is_member = at > text && at[-1] == '.';
        if (word == length && memcmp(at, name, length) == 0 && !is_member) {
            return true;
        }
        if (at[0] == '/' && at[1] == '/') {
            word = strcspn(at, "\n");
        } else if (*at == '"') {
            word = strcspn(at + 1, "\"") + 2;
        }
    }
    return false;
}

// Returns whether a text uses a name that a paragraph defines, or whether it defines none.
static bool is_wanted(const char *paragraph, const char *end, const char *text)
{
    bool has_names = false;
    for (const char *line = paragraph; line < end; line = strchr(line, '\n') + 1) {
        bool is_macro = strncmp(line, "#define ", 8) == 0;
        const char *at = is_macro ? line + 8 : line;
        while ((is_macro || isalpha((unsigned char)line[0]) || line[0] == '}') && *at != '\n') {
            size_t length = word_length(at);
            char after = at[length];
            bool is_name = is_macro || (after != '\0' && strchr("(;,[", after) != NULL) ||
                           (after == ' ' && at[length + 1] == '=');
            if (length > 0 && is_name) {
                has_names = true;
                if (is_used(text, at, length)) {
                    return true;
                }
            }
            if (length > 0 && (is_macro || after == '(' || at[length + 1] == '=')) {
                break;
            }
            at += length + (length == 0);
        }
    }
    return !has_names;
}

#define PARAGRAPHS 256U

// Prints the paragraphs that `used` needs, and those that they need. Returns false iff there is no
// memory.
static bool write_paragraphs(FILE *file, const char *text, const char *used)
{
    const char *starts[PARAGRAPHS + 1] = {text};
    bool is_kept[PARAGRAPHS] = {false};
    size_t count = 0;
    size_t kept_bytes = strlen(text) + strlen(used) + 1;
    char *kept = malloc(kept_bytes);
    if (kept == NULL) {
        return false;
    }
    strcpy(kept, used);
    for (const char *end; count < PARAGRAPHS && *starts[count] != '\0'; starts[++count] = end) {
        end = strstr(starts[count], "\n\n");
        end = end == NULL ? strchr(starts[count], '\0') : end + 2;
    }
    for (char *added = kept; *added != '\0';) { // Only an added paragraph can need more.
        char *end = strchr(added, '\0');
        for (size_t i = 0; i < count; i++) {
            if (!is_kept[i] && is_wanted(starts[i], starts[i + 1], added)) {
                is_kept[i] = true;
                strncat(end, starts[i], (size_t)(starts[i + 1] - starts[i]));
            }
        }
        added = end;
    }
    bool was_line = false;
    for (size_t i = 0; i < count; i++) {
        if (is_kept[i]) { // Lines alone stand together.
            bool is_line = strchr(starts[i], '\n') + 2 == starts[i + 1];
            fprintf(file, is_line && was_line ? "" : "\n");
            fwrite(starts[i], 1, (size_t)(starts[i + 1] - starts[i]) - 1, file);
            was_line = is_line;
        }
    }
    free(kept);
    return true;
}

bool csource_write_template(FILE *file, const struct csource *source, const char *constants,
                            const char *used)
{
    char *text = calloc(1, strlen(constants) + sizeof standalone);
    if (text == NULL) {
        return false;
    }
    strcpy(text, constants);
    choose_lines(source, text);
    bool is_written = write_paragraphs(file, text, used);
    free(text);
    return is_written;
}
