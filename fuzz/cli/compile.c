// heapfuzz compile and heapfuzz decompile: programs from text to bytes and back. An output file
// replaces a file of its name, but never its own input.

#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "language/text.h"

static void write_bytes(FILE *file, const char *path, const struct program *program)
{
    size_t size_bytes = program_encode(program, NULL, 0);
    uint8_t *bytes = malloc(size_bytes + 1);
    if (bytes == NULL) {
        refuse("%s: there is no memory for it", path);
    }
    (void)program_encode(program, bytes, size_bytes);
    (void)fwrite(bytes, 1, size_bytes, file); // Closing the file reports an error.
    free(bytes);
}

static bool is_same_file(const char *path, const char *other_path)
{
    struct stat file;
    struct stat other;
    return stat(path, &file) == 0 && stat(other_path, &other) == 0 && file.st_ino != 0 &&
           file.st_ino == other.st_ino && file.st_dev == other.st_dev;
}

// Writes DIR/NAME and the suffix. NAME is that of the path, without its own suffix.
static void write_to(const char *folder, const char *path, const char *suffix,
                     const struct program *program,
                     void (*write)(FILE *file, const char *path, const struct program *program))
{
    struct output output;
    char name[OUTPUT_PATH_BYTES];
    if (!output_name(name, folder, path, suffix)) {
        refuse("%s: the name is too long", path);
    }
    if (is_same_file(path, name)) {
        refuse("%s: it would be overwritten; --to DIR writes to another folder", path);
    }
    if (output_open(&output, name)) {
        write(output.file, path, program);
        if (output_close(&output)) {
            return;
        }
    }
    refuse("can't write %s: %s", name, strerror(errno));
}

static int convert(int argc, char **argv, const char *suffix,
                   void (*write)(FILE *file, const char *path, const struct program *program))
{
    const char *folder = ".";
    struct program program = {0};
    int files = 0;
    for (int at = 1; at < argc; at++) {
        const char *value = take_option(argc, argv, &at, "--to");
        if (value != NULL) {
            folder = value;
        } else if (argv[at][0] == '-') {
            refuse("%s: there is no option '%s'", argv[0], argv[at]);
        } else {
            load_program(argv[at], &program);
            write_to(folder, argv[at], suffix, &program, write);
            files++;
        }
    }
    program_close(&program);
    if (files == 0) {
        refuse("%s: which file?", argv[0]);
    }
    return 0;
}

int command_compile(int argc, char **argv)
{
    return convert(argc, argv, ".bin", write_bytes);
}

static void write_text(FILE *file, const char *path, const struct program *program)
{
    (void)path;
    text_write(file, program);
}

int command_decompile(int argc, char **argv)
{
    return convert(argc, argv, ".ops", write_text);
}
