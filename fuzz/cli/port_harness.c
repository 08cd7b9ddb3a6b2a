// The harness that a port is linked with: one file of C beside this program, or where it was
// installed to. Its object takes a while to compile. So all ports of a compiler share it.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/own_folder.h"
#include "cli/path.h"
#include "cli/port_parts.h"
#include "cli/sha1.h"
#include "world/os.h"

// From an installed program, unless the build says otherwise.
#ifndef TO_INSTALLED_SOURCES
#define TO_INSTALLED_SOURCES "../share/heapfuzz"
#define TO_INSTALLED_HEADERS "../include"
#endif

static const char *const flags[] = {"-g", "-O2", "-fno-omit-frame-pointer", "-w"};

bool port_reaches_harness(const char *word)
{
    return strncmp(word, "-m", 2) == 0 || strncmp(word, "-fno-sanitize=", 14) == 0;
}

// Messages name files there.
static void make_whole(char folder[PATH_MAX])
{
    char *whole = os_real_path(folder);
    if (whole != NULL) {
        path_print(folder, "%s", whole);
        free(whole);
    }
}

void port_find_harness(struct port_harness *harness)
{
    static const struct {
        const char *sources, *headers;
    } places[] = {{"amalgam", "amalgam/include"}, {TO_INSTALLED_SOURCES, TO_INSTALLED_HEADERS}};
    char own[PATH_MAX];
    char source[PATH_MAX];
    own_folder(own);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        path_print(harness->folder, "%s/%s", own, places[i].sources);
        path_print(harness->headers, "%s/%s", own, places[i].headers);
        path_print(source, "%s/heapfuzz.c", harness->folder);
        if (access(source, R_OK) == 0) {
            make_whole(harness->folder);
            make_whole(harness->headers);
            return;
        }
    }
    refuse("the harness for ports, heapfuzz.c, is neither in %s/amalgam nor in %s", own,
           harness->folder);
}

static void add_file(FILE *file, const char *path)
{
    size_t size_bytes;
    uint8_t *bytes = load_bytes(path, &size_bytes);
    (void)fwrite(bytes, 1, size_bytes, file);
    free(bytes);
}

// Hashes all that the object follows from.
static void print_hash(const struct port_tools *tools, const char *folder,
                       const struct words *arguments, char digits[SHA1_DIGITS + 1])
{
    static const char *const files[] = {"heapfuzz.c", "heapfuzz.h"};
    struct os_writer writer;
    char path[PATH_MAX];
    FILE *file = os_write_bytes(&writer);
    for (size_t i = 0; file != NULL && i < arguments->count; i++) {
        (void)fprintf(file, "%s\n", arguments->at[i]);
    }
    if (file != NULL) {
        (void)fputs(tools->version, file);
    }
    for (size_t i = 0; file != NULL && i < sizeof files / sizeof files[0]; i++) {
        path_print(path, "%s/%s", folder, files[i]);
        add_file(file, path);
    }
    char *bytes = file == NULL ? NULL : os_written(&writer);
    if (bytes == NULL) {
        refuse("there is no memory for %s/heapfuzz.c", folder);
    }
    sha1_print((const uint8_t *)bytes, writer.size_bytes, digits);
    free(bytes);
}

// Others may compile the same: each writes a file of its own, and the last one stays.
static void compile(struct words *arguments, const char *folder, const char *object)
{
    char beside[PATH_MAX];
    char *said;
    path_print(beside, "%s.%ld", object, (long)getpid());
    words_add(arguments, "-o");
    words_add(arguments, beside);
    fprintf(stderr, "building the harness, once for this compiler\n");
    int status = port_call(arguments->at, &said);
    fprintf(stderr, "%s", said);
    free(said);
    if (status != 0) {
        (void)unlink(beside);
        refuse("%s/heapfuzz.c can't be compiled", folder);
    }
    if (rename(beside, object) != 0) {
        int error = errno;
        (void)unlink(beside);
        refuse("can't write %s: %s", object, strerror(error));
    }
}

void port_compile_harness(const struct port *port, const struct port_tools *tools,
                          struct port_harness *harness)
{
    struct words arguments = {0};
    char source[PATH_MAX];
    char include[PATH_MAX];
    char cache[PATH_MAX];
    char digits[SHA1_DIGITS + 1];
    path_print(source, "%s/heapfuzz.c", harness->folder);
    path_print(include, "-I%s", harness->headers);
    words_add(&arguments, tools->cc);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        words_add(&arguments, flags[i]);
    }
    if (!port_has_library(port)) {
        words_add(&arguments, "-fsanitize=address");
    }
    for (size_t i = 0; i < port->compiler.count; i++) {
        if (port_reaches_harness(port->compiler.at[i])) {
            words_add(&arguments, port->compiler.at[i]);
        }
    }
    words_add(&arguments, include);
    words_add(&arguments, "-c");
    words_add(&arguments, source);
    print_hash(tools, harness->folder, &arguments, digits);
    port_cache("harness", cache);
    path_print(harness->object, "%s/%s.o", cache, digits);
    if (access(harness->object, R_OK) != 0) {
        compile(&arguments, harness->folder, harness->object);
    }
    free(arguments.at);
}
