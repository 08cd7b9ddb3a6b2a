// The libraries of a port: look.c is compiled and loads each, and its answers become macros of
// library.c. Loads none in this process, whose sanitizer a library may not bear.

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/path.h"
#include "cli/port_parts.h"
#include "world/os.h"

#define ANSWER_REFUSED "REFUSED "

// Libraries that are written to be there from a process's start share this room for thread-local
// variables. glibc's own choice is 512 bytes, which is too little for jemalloc and Scudo.
#define TUNABLE "glibc.rtld.optional_static_tls"
#define ROOM "65536"

static void compile_look(const struct port *port, const struct port_tools *tools,
                         const struct port_harness *harness, const char *look)
{
    struct words arguments = {0};
    char source[PATH_MAX];
    char *said;
    path_print(source, "%s/look.c", harness->folder);
    words_add(&arguments, tools->cc);
    words_add(&arguments, "-w");
    for (size_t i = 0; i < port->compiler.count; i++) {
        if (port_reaches_harness(port->compiler.at[i])) {
            words_add(&arguments, port->compiler.at[i]);
        }
    }
    words_add(&arguments, source);
    words_add(&arguments, "-ldl");
    words_add(&arguments, "-o");
    words_add(&arguments, look);
    int status = port_call(arguments.at, &said);
    fprintf(stderr, "%s", said);
    free(said);
    free(arguments.at);
    if (status != 0) {
        refuse("%s can't be compiled", source);
    }
}

// Returns a macro as a word for the compiler: its value is a string of C.
static const char *define(const char *name, size_t name_length, const char *value,
                          size_t value_length)
{
    struct os_writer writer;
    FILE *file = os_write_bytes(&writer);
    if (file != NULL) {
        (void)fprintf(file, "-D%.*s=\"", (int)name_length, name);
        for (size_t i = 0; i < value_length; i++) {
            (void)fprintf(file, "%s%c", strchr("\\\"", value[i]) != NULL ? "\\" : "", value[i]);
        }
        (void)putc('"', file);
    }
    char *word = file == NULL ? NULL : os_written(&writer);
    if (word == NULL) {
        refuse("there is no memory for the calls of a library");
    }
    return word;
}

// Makes macros of the lines of look.c. Lines of others are left out: a library may print.
static void read_answers(const char *command, const char *word, const char *said,
                         struct words *macros)
{
    for (const char *line = said; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        size_t name_length = strcspn(line, " \n");
        if (strncmp(line, ANSWER_REFUSED, strlen(ANSWER_REFUSED)) == 0) {
            refuse("%s: %s: %.*s", command, word, (int)(length - strlen(ANSWER_REFUSED)),
                   line + strlen(ANSWER_REFUSED));
        }
        if (strncmp(line, "LIBRARY", 7) == 0 && name_length < length) {
            words_add(macros,
                      define(line, name_length, line + name_length + 1, length - name_length - 1));
        }
        line += length + (line[length] == '\n');
    }
}

static void look_into(const char *command, const char *word, const char *look, struct words *macros)
{
    const char *slash = strrchr(word, '/');
    const char *colon = strchr(slash == NULL ? word : slash, ':');
    size_t length = colon == NULL ? strlen(word) : (size_t)(colon - word);
    const char *arguments[] = {look, words_copy(word, length), colon == NULL ? "" : colon + 1,
                               NULL};
    char *said;
    int status = port_call(arguments, &said);
    if (WIFSIGNALED(status)) {
        refuse("%s: %s: loading it ends a process by signal %d, %s", command, word,
               WTERMSIG(status), strsignal(WTERMSIG(status)));
    }
    read_answers(command, word, said, macros);
    if (macros->count == 0) {
        refuse("%s: %s: loading it ends a process with status %d", command, word,
               WEXITSTATUS(status));
    }
    free(said);
}

static void make_room(void)
{
    char value[4096];
    const char *old = getenv("GLIBC_TUNABLES");
    if (old != NULL && (strstr(old, TUNABLE) != NULL || strlen(old) + 64 > sizeof value)) {
        return;
    }
    (void)snprintf(value, sizeof value, "%s%s" TUNABLE "=" ROOM, old == NULL ? "" : old,
                   old == NULL || old[0] == '\0' ? "" : ":");
    if (setenv("GLIBC_TUNABLES", value, 1) != 0) {
        refuse("can't set GLIBC_TUNABLES");
    }
}

void port_look(const struct port *port, const struct port_tools *tools,
               const struct port_harness *harness, const char *folder,
               struct port_libraries *libraries)
{
    char look[PATH_MAX];
    if (!port_has_library(port)) {
        return;
    }
    path_print(look, "%s/look", folder);
    compile_look(port, tools, harness, look);
    make_room();
    for (unsigned side = 0; side < 2; side++) {
        if (port_side_is_library(port, side)) {
            look_into(port->command.at[0], port->sides[side].sources.at[0], look,
                      &libraries->macros[side]);
        }
    }
}
