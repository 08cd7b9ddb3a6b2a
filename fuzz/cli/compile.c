// heapfuzz compile and heapfuzz decompile: programs from text to bytes and back.

#include "cli/command.h"

#include <stdlib.h>
#include <string.h>

#include "harness/text.h"

static void write_bytes(FILE *file, const char *path, const struct program *program)
{
    size_t size_bytes = program_encode(program, NULL, 0);
    uint8_t *bytes = malloc(size_bytes + 1);
    if (bytes == NULL) {
        refuse("%s: there is no memory for it", path);
    }
    (void)program_encode(program, bytes, size_bytes);
    (void)fwrite(bytes, 1, size_bytes, file); // close_output sees an error.
    free(bytes);
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
            refuse("%s: there is no option '%.40s'", argv[0], argv[at]);
        } else {
            load_program(argv[at], &program);
            FILE *file = open_output(folder, argv[at], suffix);
            write(file, argv[at], &program);
            close_output(file, argv[at]);
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
    return convert(argc, argv, "bin", write_bytes);
}

static void write_text(FILE *file, const char *path, const struct program *program)
{
    (void)path;
    text_write(file, program);
}

int command_decompile(int argc, char **argv)
{
    return convert(argc, argv, "ops", write_text);
}
