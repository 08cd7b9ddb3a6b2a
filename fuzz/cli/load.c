// Programs from files of any form.

#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "language/text.h"
#include "language/trace.h"
#include "world/os.h"

#define BYTES_MOST ((size_t)64 * 1024 * 1024)

static bool ends_in(const char *path, const char *suffix)
{
    size_t length = strlen(path);
    size_t tail = strlen(suffix);
    return length > tail && strcmp(path + length - tail, suffix) == 0;
}

static FILE *open_input(const char *path)
{
    FILE *file = fopen(path, "rb");
    // A folder opens, but can't be read: refuse it before waiting for its first byte.
    int byte = file == NULL ? EOF : getc(file);
    if (file == NULL || (byte == EOF && ferror(file))) {
        refuse("can't read %s: %s", path, strerror(errno));
    }
    (void)ungetc(byte, file); // Not rewind: a pipe has no way back.
    return file;
}

// Any bytes are a program, even those of a text; but not the one that its author meant.
static void refuse_text(const char *path, uint8_t *bytes, size_t size_bytes,
                        struct program *program)
{
    struct text_error error;
    FILE *text = size_bytes == 0 ? NULL : os_read_bytes(bytes, size_bytes);
    if (text == NULL) {
        return;
    }
    if (text_read(text, program, &error) && program->count > 0) {
        refuse("%s: it is a program as text, and the name of such a file ends in .ops", path);
    }
    (void)fclose(text);
}

static uint8_t *read_all(FILE *file, const char *path, size_t *total_bytes)
{
    uint8_t *bytes = NULL;
    size_t size_bytes = 0;
    size_t capacity_bytes = 0;
    for (size_t more = 1; more > 0; size_bytes += more) {
        if (size_bytes == capacity_bytes) {
            capacity_bytes = capacity_bytes * 2 + 4096;
            uint8_t *larger = realloc(bytes, capacity_bytes);
            if (larger == NULL) {
                refuse("%s: there is no memory for it", path);
            }
            bytes = larger;
        }
        more = fread(bytes + size_bytes, 1, capacity_bytes - size_bytes, file);
        if (size_bytes > BYTES_MOST) {
            refuse("%s: it is larger than 64 MiB, which no program is", path);
        }
    }
    if (ferror(file)) {
        refuse("can't read %s to its end: %s", path, strerror(errno));
    }
    *total_bytes = size_bytes;
    return bytes;
}

uint8_t *load_bytes(const char *path, size_t *size_bytes)
{
    FILE *file = open_input(path);
    uint8_t *bytes = read_all(file, path, size_bytes);
    (void)fclose(file);
    return bytes;
}

static void load_record(const char *path, struct program *program)
{
    size_t size_bytes;
    uint8_t *bytes = load_bytes(path, &size_bytes);
    refuse_text(path, bytes, size_bytes, program);
    program_decode(program, bytes, size_bytes);
    free(bytes);
}

void load_trace(const char *path, struct program *program, size_t first, size_t most)
{
    struct text_error error;
    FILE *file = open_input(path);
    if (!trace_read(file, program, first, most, &error)) {
        refuse("%s:%zu: %s", path, error.line, error.sentence);
    }
    (void)fclose(file);
}

void load_program(const char *path, struct program *program)
{
    struct text_error error;
    if (ends_in(path, ".rep")) {
        load_trace(path, program, 0, SIZE_MAX);
        return;
    }
    if (!ends_in(path, ".ops")) {
        load_record(path, program);
        return;
    }
    FILE *file = open_input(path);
    if (!text_read(file, program, &error)) {
        refuse("%s:%zu: %s", path, error.line, error.sentence);
    }
    (void)fclose(file);
}
