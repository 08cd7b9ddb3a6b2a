// The build of a port: ninja runs in silence, and the compiler's messages are shown. Then the
// command runs in the program that was built.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/path.h"
#include "cli/port_parts.h"
#include "world/os.h"

// A build that failed with less room than this on the disk failed for that.
#define ROOM_BYTES (1024U * 1024U)

static void check_sources(const struct port *port)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct words *sources = &port->sides[side].sources;
        for (size_t i = 0; i < sources->count; i++) {
            struct stat there;
            if (port_kind(sources->at[i]) == PORT_LIBRARY) { // The loader looks for it.
                continue;
            }
            bool is_there = stat(sources->at[i], &there) == 0;
            if (is_there && S_ISDIR(there.st_mode)) {
                errno = EISDIR;
                is_there = false;
            }
            if (!is_there || access(sources->at[i], R_OK) != 0) {
                refuse("%s: can't read %s: %s", port->command.at[0], sources->at[i],
                       strerror(errno));
            }
        }
    }
}

void port_check(int argc, char **argv)
{
    struct port port = {0};
    if (port_read(argc, argv, &port)) {
        check_sources(&port);
    }
}

// Writes the sources for people.
static void print_sources(FILE *file, const struct port *port)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct words *sources = &port->sides[side].sources;
        for (size_t i = 0; i < sources->count; i++) {
            fprintf(file, "%s%s",
                    side == 0 && i == 0 ? ""
                    : i == 0            ? " and "
                                        : ", ",
                    sources->at[i]);
        }
    }
}

static bool begins(const char *line, const char *text)
{
    return strncmp(line, text, strlen(text)) == 0;
}

// Shows the messages of compilers among ninja's own. Returns whether there were any.
static bool show(const char *said)
{
    bool has_shown = false;
    bool skips = false; // The command that failed.
    while (*said != '\0') {
        size_t length = strcspn(said, "\n") + 1;
        bool is_failure = begins(said, "FAILED: ");
        if (!skips && !is_failure && !begins(said, PORT_STEP "\n") &&
            !begins(said, "ninja: build stopped")) {
            has_shown = true;
            (void)fprintf(stderr, "%.*s\n", (int)(length - 1), said);
        }
        skips = is_failure;
        said += length - (said[length - 1] == '\0');
    }
    return has_shown;
}

// Returns 0, or the number of the error that keeps a build from being written there.
static int probe_disk(const char *folder)
{
    static const char block[4096];
    struct output output;
    char path[PATH_MAX];
    path_print(path, "%s/room", folder);
    if (!output_open_new(&output, path)) {
        return errno;
    }
    int error = 0;
    for (size_t done = 0; done < ROOM_BYTES && error == 0; done += sizeof block) {
        if (fwrite(block, 1, sizeof block, output.file) < sizeof block) {
            error = errno;
        }
    }
    if (error == 0 && fflush(output.file) != 0) {
        error = errno;
    }
    output_drop(&output);
    return error;
}

static _Noreturn void refuse_failure(const struct port_rules *rules, int status, bool has_shown)
{
    int error = probe_disk(rules->folder);
    if (error != 0) {
        refuse("can't write in the folder %s: %s", rules->folder, strerror(error));
    }
    fflush(stdout);
    fprintf(stderr, "heapfuzz: %s: ", rules->port->command.at[0]);
    print_sources(stderr, rules->port);
    if (has_shown) {
        fprintf(stderr, " can't be built; the messages above say why\n");
    } else {
        fprintf(stderr, " can't be built; %s ended with status %d and no message\n",
                rules->tools->ninja,
                WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    exit(2);
}

static void run_ninja(const struct port_rules *rules)
{
    char file[PATH_MAX];
    char *said;
    path_print(file, "%s/build.ninja", rules->folder);
    const char *arguments[] = {rules->tools->ninja, "-f", file, "-n", NULL};
    // A step is its description alone. The ninja of another build has its own.
    if (setenv("NINJA_STATUS", "", 1) != 0) {
        refuse("can't set NINJA_STATUS: %s", strerror(errno));
    }
    (void)port_call(arguments, &said);
    if (strstr(said, "ninja: no work to do.") == NULL) {
        fprintf(stderr, "building ");
        print_sources(stderr, rules->port);
        fprintf(stderr, "\n");
        free(said);
        arguments[3] = NULL;
        int status = port_call(arguments, &said);
        bool has_shown = show(said);
        if (status != 0) {
            refuse_failure(rules, status, has_shown);
        }
    }
    free(said);
}

// Tells the program the words that it was built from, for the commands that it prints.
static void hand_on_words(const struct port *port, const char *headers)
{
    struct os_writer writer;
    FILE *file = os_write_bytes(&writer);
    for (size_t i = 0; file != NULL && i < port->typed.count; i++) {
        (void)fputs(i == 0 ? "" : " ", file);
        words_print_for_shell(file, port->typed.at[i]);
    }
    char *words = file == NULL ? NULL : os_written(&writer);
    if (words == NULL || setenv(PORT_VARIABLE, words, 1) != 0) {
        refuse("there is no memory for the words of a port");
    }
    free(words);
    if (port_has_library(port)) {
        (void)unsetenv(PORT_HEADERS);
    } else if (setenv(PORT_HEADERS, headers, 1) != 0) {
        refuse("there is no memory for the words of a port");
    }
    (void)unsetenv("NINJA_STATUS");
}

// Refuses a program that ends in silence before it begins. Its status would be that of success.
static void check_start(const struct port *port, const char *program)
{
    const char *const arguments[] = {program, "help", NULL};
    char *said;
    if (port_call(arguments, &said) == 0 && said[0] == '\0') {
        refuse("%s: %s: it ends the process before main, with status 0", port->command.at[0],
               port->sides[0].name);
    }
    free(said);
}

_Noreturn void port_build(const struct port *port)
{
    static struct port_tools tools;
    static struct port_harness harness;
    static struct port_libraries libraries;
    char folder[PATH_MAX];
    struct words arguments = {0};
    char program[PATH_MAX];
    check_sources(port);
    port_find_tools(port, &tools);
    port_folder(port, folder);
    port_find_harness(&harness);
    port_look(port, &tools, &harness, folder, &libraries);
    port_compile_harness(port, &tools, &harness);
    const struct port_rules rules = {port, &tools, &harness, &libraries, folder};
    port_write_rules(&rules);
    run_ninja(&rules);
    hand_on_words(port, harness.headers);
    path_print(program, "%s/heapfuzz", folder);
    check_start(port, program);
    words_add(&arguments, program);
    for (size_t i = 0; i < port->command.count; i++) {
        words_add(&arguments, port->command.at[i]);
    }
    (void)execv(program, (char **)arguments.at);
    refuse("can't run %s: %s", program, strerror(errno));
}
