// Paths of files.
#ifndef CLI_PATH_H
#define CLI_PATH_H

#include <limits.h>

/// Prints a path. Refuses one that is too long.
void path_print(char path[PATH_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
