// A port between its parts: its words, its folder, the harness that it is linked with, the rules of
// its build, and the build.
#ifndef CLI_PORT_PARTS_H
#define CLI_PORT_PARTS_H

#include <limits.h>
#include <stdbool.h>

#include "cli/words.h"

/// Room for the name of a subject, which is a part of names of files, too.
#define PORT_NAME_BYTES 33U

/// The environment variable with the words of a port.
#define PORT_VARIABLE "HEAPFUZZ_WORDS"

/// The environment variable with the folder of port.h; unset for a library.
#define PORT_HEADERS "HEAPFUZZ_HEADERS"

struct port_side {
    char name[PORT_NAME_BYTES]; ///< Of the subject.
    struct words sources;       ///< Objects and archives, too; or one library.
};

struct port {
    struct port_side sides[2]; ///< The second has no sources where nothing is compared.
    struct words compiler;     ///< The words for the compiler and the linker.
    struct words command;      ///< The command, and the words that are its own.
    struct words typed;        ///< The words of the port, as they were typed.
};

/// Reads the words of a command. Returns whether they name a port. Refuses those that no port has.
bool port_read(int argc, char **argv, struct port *port);

/// Refuses the words of a command if they name a port with a source that can't be read.
void port_check(int argc, char **argv);

/// Builds a port and runs the command on it, in place of this process.
_Noreturn void port_build(const struct port *port);

/// Kinds of sources. OBJECT: an archive, too; it is linked as it is. LIBRARY: a shared one, which
/// may have a prefix of its names behind a colon.
enum port_kind { PORT_NO_SOURCE, PORT_C, PORT_CXX, PORT_OBJECT, PORT_LIBRARY };
enum port_kind port_kind(const char *path);

/// Returns the part of a path that is a file's name without its suffix, with only letters, digits
/// and `_`.
void port_name(const char *path, char name[PORT_NAME_BYTES]);

/// Returns whether there are two sides.
bool port_compares(const struct port *port);

/// Return whether a side is a library, and whether any is. Libraries are loaded so that they call
/// themselves, which AddressSanitizer refuses. So a program with a library has no sanitizer.
bool port_side_is_library(const struct port *port, unsigned side);
bool port_has_library(const struct port *port);

/// Writes the path of a folder of the cache, which keeps builds, and makes the folder.
void port_cache(const char *name, char path[PATH_MAX]);

/// Writes the path of the port's own folder there, and makes the folder. Waits for another process
/// that builds there. The folder is
/// this process's until its end, or until it runs another program.
void port_folder(const struct port *port, char path[PATH_MAX]);

/// The programs of others that a build calls; a path is "" where it needs none.
struct port_tools {
    char cc[PATH_MAX], cxx[PATH_MAX], ninja[PATH_MAX], objcopy[PATH_MAX];
    char *version; ///< The words with which the compiler introduces itself.
};

/// Finds the programs. Refuses a missing one.
void port_find_tools(const struct port *port, struct port_tools *tools);

/// Runs a program and waits for its end. Stores its output; the caller frees it. Returns the status
/// that waitpid gives.
int port_call(const char *const *arguments, char **output);

/// The harness as one file, and as an object that all ports of this compiler are linked with.
struct port_harness {
    char folder[PATH_MAX];
    char headers[PATH_MAX]; ///< The folder of heapfuzz/port.h.
    char object[PATH_MAX];
};

/// Finds the folder of the harness.
void port_find_harness(struct port_harness *harness);

/// Compiles the harness where that has not been done.
void port_compile_harness(const struct port *port, const struct port_tools *tools,
                          struct port_harness *harness);

/// Returns whether the harness depends on a word for the compiler.
bool port_reaches_harness(const char *word);

/// The macros that make library.c the port of each library.
struct port_libraries {
    struct words macros[2]; ///< Words for the compiler.
};

/// Looks into the libraries of a port. Refuses one that is none, or has no malloc. Makes room for
/// their thread-local variables in the programs that this process runs.
void port_look(const struct port *port, const struct port_tools *tools,
               const struct port_harness *harness, const char *folder,
               struct port_libraries *libraries);

/// All that the rules of a build follow from.
struct port_rules {
    const struct port *port;
    const struct port_tools *tools;
    const struct port_harness *harness;
    const struct port_libraries *libraries;
    const char *folder;
};

/// Ninja prints it for each step.
#define PORT_STEP "heapfuzz: a step"

/// Writes build.ninja and names.c to the folder, where they differ from those that are there.
void port_write_rules(const struct port_rules *rules);

#endif
