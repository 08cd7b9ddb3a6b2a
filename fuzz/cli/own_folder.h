// The folder that this program lies in, and its siblings there.
#ifndef CLI_OWN_FOLDER_H
#define CLI_OWN_FOLDER_H

#include <limits.h>
#include <stdbool.h>

/// Writes its whole path. Refuses where the system does not tell it.
void own_folder(char path[PATH_MAX]);

/// Writes the path of NAME_END beside this program, which a CMake project builds as NAME_heapfuzz.
/// Returns false iff it has no such name; the path then means nothing.
bool own_sibling(const char *end, char path[PATH_MAX]);

#endif
