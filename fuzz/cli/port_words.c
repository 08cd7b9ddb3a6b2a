// The words of a port on the command line: which are its sources, the compiler's, and the command's
// own. Neither opens a file nor builds one.

#include "cli/port.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/port_parts.h"

// Options of the commands, each with a value: a folder may be called cache.o.
static const char *const valued[] = {"--target", "--subject", "--other", "--time",
                                     "--corpus", "--count",   "--seed",  "--from",
                                     "--ops",    "--threads", "--round", "--show"};

// Words for the compiler that may have their value in the next word.
static const char *const split[] = {"-I",       "-D",      "-U",         "-L",       "-l",
                                    "-isystem", "-iquote", "-idirafter", "-include", "-imacros",
                                    "-target",  "-Xclang", "-T",         "-Xlinker"};

#define IS_ONE_OF(word, list) is_one_of(word, list, sizeof(list) / sizeof *(list))

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// Returns the end of a library's name, in front of .so; NULL: the word is none. A version may
// follow, as in libx.so.2.0, and a prefix, as in libx.so:je_.
static const char *library_end(const char *word)
{
    const char *slash = strrchr(word, '/');
    const char *name = slash == NULL ? word : slash + 1;
    for (const char *end = strstr(name, ".so"); end != NULL; end = strstr(end + 1, ".so")) {
        const char *rest = end + 3;
        rest += *rest == '.' ? strspn(rest, ".0123456789") : 0;
        bool is_whole = *rest == '\0' || *rest == ':';
        if (*rest == ':') {
            rest++;
            is_whole = rest[strspn(rest, NAME_LETTERS)] == '\0';
        }
        if (is_whole && end > name && word[0] != '-') {
            return end;
        }
    }
    return NULL;
}

bool port_side_is_library(const struct port *port, unsigned side)
{
    const struct words *sources = &port->sides[side].sources;
    return sources->count > 0 && port_kind(sources->at[0]) == PORT_LIBRARY;
}

bool port_has_library(const struct port *port)
{
    return port_side_is_library(port, 0) || port_side_is_library(port, 1);
}

enum port_kind port_kind(const char *path)
{
    static const struct {
        const char *suffix;
        enum port_kind kind;
    } kinds[] = {{".c", PORT_C},     {".S", PORT_C},      {".cc", PORT_CXX},  {".cpp", PORT_CXX},
                 {".cxx", PORT_CXX}, {".o", PORT_OBJECT}, {".a", PORT_OBJECT}};
    const char *suffix = strrchr(path, '.');
    if (library_end(path) != NULL) {
        return PORT_LIBRARY;
    }
    if (suffix == NULL || suffix == path || path[0] == '-') {
        return PORT_NO_SOURCE;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(suffix, kinds[i].suffix) == 0) {
            return kinds[i].kind;
        }
    }
    return PORT_NO_SOURCE;
}

void port_name(const char *path, char name[PORT_NAME_BYTES])
{
    const char *slash = strrchr(path, '/');
    const char *begin = slash == NULL ? path : slash + 1;
    const char *end = library_end(path) != NULL ? library_end(path) : strrchr(begin, '.');
    size_t length = end == NULL ? strlen(begin) : (size_t)(end - begin);
    length = length < PORT_NAME_BYTES ? length : PORT_NAME_BYTES - 1;
    for (size_t i = 0; i < length; i++) {
        name[i] = begin[i];
        if (strchr(NAME_LETTERS, begin[i]) == NULL) {
            name[i] = '_';
        }
    }
    name[length] = '\0';
}

bool port_compares(const struct port *port)
{
    return port->sides[1].sources.count > 0;
}

const char *port_words(void)
{
    return getenv(PORT_VARIABLE);
}

bool port_is_library(void)
{
    return port_words() != NULL && getenv(PORT_HEADERS) == NULL;
}

void port_help(void)
{
    printf("\na port, for all commands that run programs: an allocator of your own\n"
           "  PORT.c SOURCE... [-I DIR] [-D NAME] [-l NAME] [-- WORDS FOR CLANG [--]]\n"
           "      builds the sources, one of which defines heapfuzz_port (heapfuzz/port.h)\n"
           "  LIBRARY.so[:PREFIX]\n"
           "      loads a library, and takes its malloc, or its PREFIXmalloc, and so on\n"
           "  --subject NAME=SOURCE,... [--other NAME=SOURCE,... --target pair]\n"
           "      names it, and compares two; both get the sources that stand alone\n");
}

// Reads NAME=SOURCE[,SOURCE...].
static void read_side(const char *command, const char *option, const char *value,
                      struct port_side *side)
{
    const char *equals = strchr(value, '=');
    size_t length = (size_t)(equals - value);
    if (length == 0 || length >= PORT_NAME_BYTES || strspn(value, NAME_LETTERS) < length) {
        refuse("%s: %s %s: a name is 1 to %u letters, digits and _", command, option, value,
               PORT_NAME_BYTES - 1);
    }
    if (side->name[0] != '\0') {
        refuse("%s: %s: it has sources already, as %s", command, option, side->name);
    }
    memcpy(side->name, value, length);
    side->name[length] = '\0';
    for (const char *at = equals; *at != '\0';) {
        size_t source_length = strcspn(++at, ",");
        const char *source = words_copy(at, source_length);
        if (port_kind(source) == PORT_NO_SOURCE) {
            refuse("%s: %s %s: '%s' is no source: those end in .c .cc .cpp .cxx .S .o .a .so",
                   command, option, value, source);
        }
        words_add(&side->sources, source);
        at += source_length;
    }
}

// Takes an option whose value is NAME=SOURCES. The command gets the name alone.
static bool take_side(int argc, char **argv, int at, struct port *port)
{
    for (unsigned i = 0; i < 2; i++) {
        const char *option = i == 0 ? "--subject" : "--other";
        if (strcmp(argv[at], option) == 0 && at + 1 < argc && strchr(argv[at + 1], '=') != NULL) {
            read_side(argv[0], option, argv[at + 1], &port->sides[i]);
            words_add(&port->command, option);
            words_add(&port->command, port->sides[i].name);
            return true;
        }
    }
    return false;
}

// Takes words for the compiler. Returns how many they are, or 0.
static int take_compiler(int argc, char **argv, int at, struct port *port)
{
    int end = at;
    if (strcmp(argv[at], "--") == 0) {
        for (end = at + 1; end < argc && strcmp(argv[end], "--") != 0; end++) {
            words_add(&port->compiler, argv[end]);
        }
        return (end < argc ? end + 1 : end) - at;
    }
    if (argv[at][0] == '-' && argv[at][1] != '-' && argv[at][1] != '\0') {
        end = at + (IS_ONE_OF(argv[at], split) && at + 1 < argc ? 2 : 1);
        for (int i = at; i < end; i++) {
            words_add(&port->compiler, argv[i]);
        }
    }
    return end - at;
}

static void note_typed(struct port *port, char **argv, int at, int count)
{
    for (int i = at; i < at + count; i++) {
        if (strchr(argv[i], '\n') != NULL) {
            refuse("%s: '%s': ninja can't build with a word of two lines", argv[0], argv[i]);
        }
        words_add(&port->typed, argv[i]);
    }
    bool is_closed = count > 1 && strcmp(argv[at + count - 1], "--") == 0;
    if (strcmp(argv[at], "--") == 0 && !is_closed) {
        words_add(&port->typed, "--"); // Words may follow when they are typed again.
    }
}

// Splits the words. `loose` gets the sources that belong to no name.
static void read_words(int argc, char **argv, struct port *port, struct words *loose)
{
    words_add(&port->command, argv[0]);
    for (int at = 1, count; at < argc; at += count) {
        bool is_typed = true;
        if (take_side(argc, argv, at, port)) {
            count = 2;
        } else if ((count = take_compiler(argc, argv, at, port)) == 0) {
            count = IS_ONE_OF(argv[at], valued) && at + 1 < argc ? 2 : 1;
            is_typed = count == 1 && port_kind(argv[at]) != PORT_NO_SOURCE;
            for (int i = at; i < at + count; i++) {
                words_add(is_typed ? loose : &port->command, argv[i]);
            }
        }
        if (is_typed) {
            note_typed(port, argv, at, count);
        }
    }
}

// A library has a port of its own, beside which there is no other.
static void check_libraries(const char *command, const struct port *port)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct words *sources = &port->sides[side].sources;
        for (size_t i = 0; i < sources->count && sources->count > 1; i++) {
            if (port_kind(sources->at[i]) == PORT_LIBRARY) {
                refuse("%s: %s is a library, which takes no sources beside it; '-- %s' links one",
                       command, sources->at[i], sources->at[i]);
            }
        }
    }
    for (size_t i = 0; i < port->compiler.count && port_has_library(port); i++) {
        if (strncmp(port->compiler.at[i], "-fsanitize=", 11) == 0) {
            refuse("%s: %s: a library is fuzzed without sanitizers, which do not see into it",
                   command, port->compiler.at[i]);
        }
    }
}

// Gives each side its name and its sources.
static void settle(const char *command, struct port *port, const struct words *loose)
{
    struct port_side *sides = port->sides;
    if (sides[1].name[0] != '\0' && sides[0].name[0] == '\0') {
        refuse("%s: --other %s=... needs --subject NAME=SOURCE,... beside it", command,
               sides[1].name);
    }
    if (strcmp(sides[0].name, sides[1].name) == 0 && sides[0].name[0] != '\0') {
        refuse("%s: --other: a pair is two subjects, and both are '%s'", command, sides[0].name);
    }
    for (unsigned side = 0; side < 2; side++) {
        for (size_t i = 0; i < loose->count && (side == 0 || sides[side].name[0] != '\0'); i++) {
            words_add(&sides[side].sources, loose->at[i]);
        }
    }
    if (sides[0].name[0] == '\0') {
        port_name(sides[0].sources.at[0], sides[0].name);
    }
}

bool port_read(int argc, char **argv, struct port *port)
{
    struct words loose = {0};
    read_words(argc, argv, port, &loose);
    if (loose.count == 0 && port->sides[0].name[0] == '\0' && port->sides[1].name[0] == '\0') {
        return false;
    }
    settle(argv[0], port, &loose);
    check_libraries(argv[0], port);
    return true;
}

void port_run(int argc, char **argv)
{
    static struct port port;
    if (port_read(argc, argv, &port)) {
        port_build(&port);
    }
}
