// Ports on the command line: sources that heapfuzz builds, and runs a command on.
#ifndef CLI_PORT_H
#define CLI_PORT_H

#include <stdbool.h>

/// Reads the words of a command, with its name in argv[0]. If they name a port, builds it and runs
/// the command on it, in place of this process. Returns iff they name none. Refuses a port that
/// can't be built.
void port_run(int argc, char **argv);

/// Prints the words that name a port, for people who look for them.
void port_help(void);

/// Returns the words that named the port of this program, quoted for a shell. Returns NULL iff it
/// was built for no port.
const char *port_words(void);

/// Returns whether the subject of this program is a shared library, whose port is no file of its
/// user's.
bool port_is_library(void);

#endif
