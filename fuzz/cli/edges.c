// Reads edge cases: those that the build took from the corpus, and those of files.

#include "cli/edges.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/words.h"
#include "language/text.h"
#include "world/os.h"

#define SUFFIX ".ops"
#define PREFIX "edge-"

static const struct {
    const char *path, *text;
} corpus[] = {
#define EDGE_DEF(path, ...) {path, (const char[]){__VA_ARGS__}},
#include "cli/edges.def"
#undef EDGE_DEF
};

bool edges_is_file(const char *word)
{
    size_t length = strlen(word);
    return length > strlen(SUFFIX) && strcmp(word + length - strlen(SUFFIX), SUFFIX) == 0;
}

static char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    name += strncmp(name, PREFIX, strlen(PREFIX)) == 0 ? strlen(PREFIX) : 0;
    return words_copy(name, strlen(name) - strlen(SUFFIX));
}

static void read_edge(struct edge *edge, const char *path, const char *text, size_t size_bytes)
{
    struct text_error error;
    size_t line = size_bytes == 0 ? 0 : strcspn(text, "\r\n");
    bool has_sentence = line > 2 && strncmp(text, "# ", 2) == 0;
    FILE *file = os_read_bytes(text, size_bytes);
    *edge = (struct edge){.name = name_of(path)};
    edge->sentence = words_copy(has_sentence ? text + 2 : "", has_sentence ? line - 2 : 0);
    if (file == NULL) {
        refuse("%s: there is no memory for it", path);
    }
    if (!text_read(file, &edge->program, &error)) {
        refuse("%s:%zu: %s", path, error.line, error.sentence);
    }
    (void)fclose(file);
    if (edge->program.count == 0) {
        refuse("%s: there is no op in it", path);
    }
    size_t count = edge->program.count;
    edge->hidden = count > EDGE_OPS_SHOWN ? count - EDGE_OPS_SHOWN : 0;
    edge->rows = count - edge->hidden + (edge->hidden > 0);
}

void edges_load(struct edges *edges, char **files, size_t count)
{
    edges->count = count > 0 ? count : sizeof corpus / sizeof corpus[0];
    edges->at = calloc(edges->count, sizeof *edges->at);
    if (edges->at == NULL) {
        refuse("there is no memory for %zu programs", edges->count);
    }
    for (size_t i = 0; i < edges->count; i++) {
        if (count == 0) {
            read_edge(&edges->at[i], corpus[i].path, corpus[i].text, strlen(corpus[i].text));
            continue;
        }
        size_t size_bytes;
        uint8_t *bytes = load_bytes(files[i], &size_bytes);
        char *text = words_copy((const char *)bytes, size_bytes);
        read_edge(&edges->at[i], files[i], text, size_bytes);
        free(text);
        free(bytes);
    }
}
