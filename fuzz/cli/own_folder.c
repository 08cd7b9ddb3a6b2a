// The folder of this program, as Linux tells it. Files of a build lie beside it.

#include "cli/own_folder.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

void own_folder(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0) {
        refuse("can't tell where this program is: %s", strerror(errno));
    }
    path[length] = '\0';
    *strrchr(path, '/') = '\0';
}
