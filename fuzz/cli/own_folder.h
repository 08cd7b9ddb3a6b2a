// The folder that this program lies in.
#ifndef CLI_OWN_FOLDER_H
#define CLI_OWN_FOLDER_H

#include <limits.h>

/// Writes its whole path. Refuses where the system does not tell it.
void own_folder(char path[PATH_MAX]);

#endif
