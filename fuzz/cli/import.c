// heapfuzz import: a recorded trace as a program, whole or a window of it, on standard output.

#include "cli/command.h"

#include "language/text.h"

int command_import(int argc, char **argv)
{
    struct program program = {0};
    const char *path = NULL;
    size_t first = 0;
    size_t most = SIZE_MAX;
    for (int at = 1; at < argc; at++) {
        const char *value;
        if ((value = take_option(argc, argv, &at, "--from")) != NULL) {
            first = choose_number("--from", value, 0, SIZE_MAX);
        } else if ((value = take_option(argc, argv, &at, "--ops")) != NULL) {
            most = choose_number("--ops", value, 1, SIZE_MAX);
        } else if (argv[at][0] == '-') {
            refuse("import: there is no option '%s'", argv[at]);
        } else if (path != NULL) {
            refuse("import: one trace at a time");
        } else {
            path = argv[at];
        }
    }
    if (path == NULL) {
        refuse("import: which trace?");
    }
    load_trace(path, &program, first, most);
    if (program.count == 0) {
        refuse("%s: there is no op from %zu on", path, first);
    }
    text_write(stdout, &program);
    program_close(&program);
    return 0;
}
