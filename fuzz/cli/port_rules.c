// The rules of a port's build, as ninja reads them, and the names of its subjects, as C. It runs
// nothing.
//
// Paths are as the user typed them: ninja runs in the user's folder, and compilers' messages name
// the files so.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/path.h"
#include "cli/port_parts.h"
#include "world/os.h"

#define SANITIZERS "-fsanitize=address,undefined"

// An engine sees the sources of a port, and nothing else.
#define FLAGS "-g -O1 -fno-omit-frame-pointer -fsanitize-coverage=inline-8bit-counters,pc-table -w"

static const char *sanitizers(const struct port_rules *rules)
{
    return port_has_library(rules->port) ? "" : " " SANITIZERS;
}

// Ninja does not notice that a compiler is another one. So its version is a part of each command.
static void begin_command(FILE *file, const struct port_rules *rules, const char *name,
                          const char *program)
{
    (void)fprintf(file,
                  "rule %s\n  description = " PORT_STEP "\n  command = HEAPFUZZ_COMPILER=", name);
    char *version = words_copy(rules->tools->version, strcspn(rules->tools->version, "\n"));
    words_print_for_rule(file, version);
    free(version);
    (void)putc(' ', file);
    words_print_for_rule(file, program);
}

// A standard of C is none of C++.
static bool is_for(const char *word, enum port_kind kind)
{
    bool is_standard = strncmp(word, "-std=", 5) == 0;
    return !is_standard || (strstr(word, "++") != NULL) == (kind == PORT_CXX);
}

static void print_include(FILE *file, const char *folder)
{
    char include[PATH_MAX];
    path_print(include, "-I%s", folder);
    (void)putc(' ', file);
    words_print_for_rule(file, include);
}

static void print_words(FILE *file, const struct port_rules *rules, enum port_kind kind)
{
    const struct words *words = &rules->port->compiler;
    for (size_t i = 0; i < words->count; i++) {
        if (is_for(words->at[i], kind)) {
            (void)putc(' ', file);
            words_print_for_rule(file, words->at[i]);
        }
    }
}

static void write_compile_rule(FILE *file, const struct port_rules *rules, enum port_kind kind)
{
    begin_command(file, rules, kind == PORT_CXX ? "compile_cxx" : "compile",
                  kind == PORT_CXX ? rules->tools->cxx : rules->tools->cc);
    (void)fprintf(file, " " FLAGS "%s", sanitizers(rules));
    if (!port_has_library(rules->port)) {
        (void)fprintf(file, " -fno-sanitize-recover=all");
    }
    print_words(file, rules, kind);
    print_include(file, rules->harness->folder);
    print_include(file, rules->harness->headers);
    (void)fprintf(file, " -MMD -MF $out.d -c $in -o $out\n  depfile = $out.d\n  deps = gcc\n");
}

static void write_link_rule(FILE *file, const struct port_rules *rules, const char *name,
                            const char *engine)
{
    const struct port_tools *tools = rules->tools;
    const struct words *words = &rules->port->compiler;
    begin_command(file, rules, name, tools->cxx[0] != '\0' ? tools->cxx : tools->cc);
    (void)fprintf(file, " -g%s%s -Qunused-arguments $in", sanitizers(rules), engine);
    for (size_t i = 0; i < words->count; i++) {
        (void)putc(' ', file);
        words_print_for_rule(file, words->at[i]);
    }
    (void)fprintf(file, "%s -o $out\n", port_has_library(rules->port) ? " -ldl" : "");
}

// Prints the words that all objects of a program have to share.
static void print_machine(FILE *file, const struct port_rules *rules)
{
    const struct words *words = &rules->port->compiler;
    for (size_t i = 0; i < words->count; i++) {
        if (port_reaches_harness(words->at[i])) {
            (void)putc(' ', file);
            words_print_for_rule(file, words->at[i]);
        }
    }
}

// Macros tell a library's port all that it knows of the library.
static void write_library_rule(FILE *file, const struct port_rules *rules)
{
    begin_command(file, rules, "compile_library", rules->tools->cc);
    (void)fprintf(file, " " FLAGS);
    print_words(file, rules, PORT_C);
    print_include(file, rules->harness->headers);
    (void)fprintf(file, " $macros -c $in -o $out\n");
}

// Joins the objects of one subject, and hides its symbols from the other one. Groups of sections
// are dissolved: a linker would keep one of two that have the same name. AddressSanitizer's symbol
// may be there, and then must stay one, or else the globals would be registered twice.
static void write_joining_rules(FILE *file, const struct port_rules *rules)
{
    begin_command(file, rules, "join", rules->tools->cc);
    print_machine(file, rules);
    (void)fprintf(file, " -r -nostdlib -Wl,--force-group-allocation $in -o $out\n");
    for (unsigned side = 0; side < 2; side++) {
        begin_command(file, rules, side == 0 ? "hide" : "hide_other", rules->tools->objcopy);
        (void)fprintf(file,
                      " --keep-global-symbol=heapfuzz_port"
                      " --keep-global-symbol=heapfuzz_other_port"
                      " --keep-global-symbol=___asan_globals_registered%s $in $out\n",
                      side == 0 ? "" : " --redefine-sym heapfuzz_port=heapfuzz_other_port");
    }
}

static void write_rules(FILE *file, const struct port_rules *rules)
{
    write_compile_rule(file, rules, PORT_C);
    if (rules->tools->cxx[0] != '\0') {
        write_compile_rule(file, rules, PORT_CXX);
    }
    begin_command(file, rules, "compile_names", rules->tools->cc);
    print_machine(file, rules);
    (void)fprintf(file, " -c $in -o $out\n");
    if (port_has_library(rules->port)) {
        write_library_rule(file, rules);
    }
    if (port_compares(rules->port)) {
        write_joining_rules(file, rules);
    }
    write_link_rule(file, rules, "link", "");
    write_link_rule(file, rules, "link_fuzzer", " -fsanitize=fuzzer");
}

static void begin_statement(FILE *file, const char *folder, const char *name, const char *rule)
{
    (void)fprintf(file, "build ");
    words_print_path(file, folder);
    (void)fprintf(file, "/%s: %s", name, rule);
}

static void print_input(FILE *file, const char *path)
{
    (void)putc(' ', file);
    words_print_path(file, path);
}

// Writes the name of a source's object: the one of the first source that is the same file. Returns
// whether this source is it.
static bool name_object(const struct port *port, unsigned side, size_t index, char name[32])
{
    const char *path = port->sides[side].sources.at[index];
    unsigned first_side = 0;
    size_t first = 0;
    while (strcmp(port->sides[first_side].sources.at[first], path) != 0) {
        if (++first == port->sides[first_side].sources.count) {
            first_side++;
            first = 0;
        }
    }
    (void)snprintf(name, 32, "%u-%zu.o", first_side, first);
    return first_side == side && first == index;
}

// Prints the objects of a side; archives follow, so that a linker looks into them.
static void print_objects(FILE *file, const struct port_rules *rules, unsigned side)
{
    const struct words *sources = &rules->port->sides[side].sources;
    for (size_t i = 0; i < sources->count; i++) {
        char name[32];
        char object[PATH_MAX];
        if (port_kind(sources->at[i]) != PORT_OBJECT) {
            (void)name_object(rules->port, side, i, name);
            path_print(object, "%s/%s", rules->folder, name);
            print_input(file, object);
        }
    }
    for (unsigned is_archive = 0; is_archive < 2; is_archive++) {
        for (size_t i = 0; i < sources->count; i++) {
            const char *suffix = strrchr(sources->at[i], '.');
            if (strcmp(suffix, is_archive ? ".a" : ".o") == 0) {
                print_input(file, sources->at[i]);
            }
        }
    }
}

static void write_library(FILE *file, const struct port_rules *rules, unsigned side,
                          const char *name)
{
    char source[PATH_MAX];
    const struct words *macros = &rules->libraries->macros[side];
    path_print(source, "%s/library.c", rules->harness->folder);
    begin_statement(file, rules->folder, name, "compile_library");
    print_input(file, source);
    (void)fprintf(file, "\n  macros =");
    for (size_t i = 0; i < macros->count; i++) {
        (void)putc(' ', file);
        words_print_for_rule(file, macros->at[i]);
    }
    (void)putc('\n', file);
}

static void write_side(FILE *file, const struct port_rules *rules, unsigned side)
{
    const struct words *sources = &rules->port->sides[side].sources;
    char name[32];
    for (size_t i = 0; i < sources->count; i++) {
        enum port_kind kind = port_kind(sources->at[i]);
        if (kind == PORT_OBJECT || !name_object(rules->port, side, i, name)) {
            continue;
        }
        if (kind == PORT_LIBRARY) {
            write_library(file, rules, side, name);
        } else {
            begin_statement(file, rules->folder, name,
                            kind == PORT_CXX ? "compile_cxx" : "compile");
            print_input(file, sources->at[i]);
            (void)putc('\n', file);
        }
    }
    if (port_compares(rules->port)) {
        char joined[PATH_MAX];
        path_print(joined, "%s/joined-%u.o", rules->folder, side);
        begin_statement(file, rules->folder, strrchr(joined, '/') + 1, "join");
        print_objects(file, rules, side);
        (void)putc('\n', file);
        (void)snprintf(name, sizeof name, "side-%u.o", side);
        begin_statement(file, rules->folder, name, side == 0 ? "hide" : "hide_other");
        print_input(file, joined);
        (void)putc('\n', file);
    }
}

// Returns whether the words for the linker name files that ninja does not know, as -lfoo does. Such
// a file may have changed, so programs are linked anew.
static bool links_others(const struct port_rules *rules)
{
    const struct words *words = &rules->port->compiler;
    for (size_t i = 0; i < words->count; i++) {
        const char *suffix = strrchr(words->at[i], '.');
        bool is_file = suffix != NULL && (strcmp(suffix, ".a") == 0 || strcmp(suffix, ".o") == 0 ||
                                          strcmp(suffix, ".so") == 0);
        if (is_file || strncmp(words->at[i], "-l", 2) == 0) {
            return true;
        }
    }
    return false;
}

static void write_program(FILE *file, const struct port_rules *rules, const char *name,
                          const char *rule)
{
    static const char *const own[] = {"names.o", "side-0.o", "side-1.o"};
    bool is_pair = port_compares(rules->port);
    char path[PATH_MAX];
    begin_statement(file, rules->folder, name, rule);
    print_input(file, rules->harness->object);
    for (unsigned i = 0; i < (is_pair ? 3U : 1U); i++) {
        path_print(path, "%s/%s", rules->folder, own[i]);
        print_input(file, path);
    }
    if (!is_pair) {
        print_objects(file, rules, 0);
    }
    (void)fprintf(file, links_others(rules) ? " | always\n" : "\n");
}

static void write_ninja(FILE *file, const struct port_rules *rules)
{
    char names[PATH_MAX];
    path_print(names, "%s/names.c", rules->folder);
    (void)fprintf(file, "builddir = ");
    for (const char *byte = rules->folder; *byte != '\0'; byte++) {
        (void)fprintf(file, "%s%c", *byte == '$' ? "$" : "", *byte);
    }
    (void)fprintf(file, "\nbar = |\n");
    write_rules(file, rules);
    write_side(file, rules, 0);
    if (port_compares(rules->port)) {
        write_side(file, rules, 1);
    }
    begin_statement(file, rules->folder, "names.o", "compile_names");
    print_input(file, names);
    (void)putc('\n', file);
    (void)fprintf(file, "build always: phony\n");
    write_program(file, rules, "heapfuzz", "link");
    write_program(file, rules, "port_fuzzer", "link_fuzzer");
}

static void write_names(FILE *file, const struct port_rules *rules)
{
    const struct port_side *sides = rules->port->sides;
    (void)fprintf(file, "const char *const heapfuzz_names[2] = {\"%s\", ", sides[0].name);
    (void)fprintf(file, port_compares(rules->port) ? "\"%s\"};\n" : "0};\n", sides[1].name);
    if (port_has_library(rules->port)) { // An engine or a sanitizer has them otherwise.
        (void)fprintf(file,
                      "#define WEAK __attribute__((weak)) void\n"
                      "WEAK __sanitizer_cov_8bit_counters_init(char *begin, char *end) {}\n"
                      "WEAK __sanitizer_cov_pcs_init(const void *begin, const void *end) {}\n");
    }
}

static bool is_same(const char *path, const char *bytes, size_t size_bytes)
{
    size_t there_bytes;
    if (access(path, F_OK) != 0) {
        return false;
    }
    uint8_t *there = load_bytes(path, &there_bytes);
    bool is_equal = there_bytes == size_bytes && memcmp(there, bytes, size_bytes) == 0;
    free(there);
    return is_equal;
}

// A file that stays as it is builds nothing again.
static void write_file(const struct port_rules *rules, const char *name,
                       void (*write)(FILE *file, const struct port_rules *rules))
{
    struct os_writer writer;
    struct output output;
    char path[PATH_MAX];
    FILE *file = os_write_bytes(&writer);
    if (file != NULL) {
        write(file, rules);
    }
    char *bytes = file == NULL ? NULL : os_written(&writer);
    if (bytes == NULL) {
        refuse("there is no memory for the rules of a port's build");
    }
    path_print(path, "%s/%s", rules->folder, name);
    if (!is_same(path, bytes, writer.size_bytes)) {
        bool is_open = output_open(&output, path);
        if (is_open) {
            (void)fwrite(bytes, 1, writer.size_bytes, output.file);
        }
        if (!is_open || !output_close(&output)) {
            refuse("can't write %s: %s", path, strerror(errno));
        }
    }
    free(bytes);
}

void port_write_rules(const struct port_rules *rules)
{
    write_file(rules, "names.c", write_names);
    write_file(rules, "build.ninja", write_ninja);
}
