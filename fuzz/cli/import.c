// heapfuzz import: a recorded trace as a program, whole or a window of it, on standard output; or
// cut into windows, a file each.

#include "cli/command.h"

#include <errno.h>
#include <string.h>

#include "cli/output.h"
#include "language/events.h"
#include "language/text.h"
#include "world/os.h"

#define WINDOWS_MOST 100000U

static struct {
    const char *path, *folder; ///< Of the trace, and of the windows.
    size_t first, most, windows;
} wanted = {.most = SIZE_MAX};

static void read_words(int argc, char **argv)
{
    bool is_part = false;
    for (int at = 1; at < argc; at++) {
        const char *value;
        if ((value = take_option(argc, argv, &at, "--from")) != NULL) {
            wanted.first = choose_number("--from", value, 0, SIZE_MAX);
            is_part = true;
        } else if ((value = take_option(argc, argv, &at, "--ops")) != NULL) {
            wanted.most = choose_number("--ops", value, 1, SIZE_MAX);
            is_part = true;
        } else if ((value = take_option(argc, argv, &at, "--windows")) != NULL) {
            wanted.windows = choose_number("--windows", value, 1, WINDOWS_MOST);
        } else if ((value = take_option(argc, argv, &at, "--to")) != NULL) {
            wanted.folder = value;
        } else if (argv[at][0] == '-') {
            refuse("import: there is no option '%s'", argv[at]);
        } else if (wanted.path != NULL) {
            refuse("import: one trace at a time");
        } else {
            wanted.path = argv[at];
        }
    }
    if (wanted.path == NULL) {
        refuse("import: which trace?");
    }
    if (wanted.windows > 0 && is_part) {
        refuse("import: --windows cuts the whole trace, without --from and --ops");
    }
    if ((wanted.windows > 0) != (wanted.folder != NULL)) {
        refuse("import: --windows N and --to DIR belong together");
    }
}

static void write_window(size_t number, const struct program *program)
{
    struct output output;
    char name[OUTPUT_PATH_BYTES];
    char rest[32];
    (void)snprintf(rest, sizeof rest, "-%zu.ops", number);
    if (!output_name(name, wanted.folder, wanted.path, rest)) {
        refuse("%s: the name is too long", wanted.path);
    }
    if (output_open(&output, name)) {
        text_write(output.file, program);
        if (output_close(&output)) {
            return;
        }
    }
    refuse("can't write %s: %s", name, strerror(errno));
}

static struct {
    size_t ops, done; ///< Of the trace, and windows.
} cutting;

// Returns the op that a window begins with.
static size_t first_of(size_t window)
{
    return cutting.ops / wanted.windows * window +
           cutting.ops % wanted.windows * window / wanted.windows;
}

// Writes a window, and returns how many ops the next one has.
static size_t end_window(const struct program *program)
{
    write_window(++cutting.done, program);
    return first_of(cutting.done + 1) - first_of(cutting.done);
}

// Reads the trace again, now that it is known how many ops it has. Each window begins with the heap
// that is live there.
static void cut(size_t ops, struct program *program)
{
    if (os_is_special(wanted.path)) {
        refuse("%s: a pipe can't be read twice", wanted.path);
    }
    if (wanted.windows > ops) {
        refuse("%s: --windows %zu: the trace has %zu ops", wanted.path, wanted.windows, ops);
    }
    cutting.ops = ops;
    events_in_turn(end_window);
    load_trace(wanted.path, program, 0, first_of(1));
    (void)end_window(program);
    events_in_turn(NULL);
}

int command_import(int argc, char **argv)
{
    struct program program = {0};
    read_words(argc, argv);
    load_trace(wanted.path, &program, wanted.first, wanted.most);
    size_t left_out = events_counts()->left_out;
    if (program.count == 0) {
        refuse("%s: there is no op from %zu on", wanted.path, wanted.first);
    }
    if (wanted.windows > 0) {
        cut(program.count, &program);
    } else {
        text_write(stdout, &program);
    }
    if (left_out > 0) {
        fprintf(stderr, "%s: %zu calls left out, which failed or whose blocks it does not show\n",
                wanted.path, left_out);
    }
    program_close(&program);
    return 0;
}
