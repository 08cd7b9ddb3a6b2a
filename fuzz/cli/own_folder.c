// The place of this program, as Linux tells it. Files of a build lie beside it.

#include "cli/own_folder.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

static void own_path(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0) {
        refuse("can't tell where this program is: %s", strerror(errno));
    }
    path[length] = '\0';
}

void own_folder(char path[PATH_MAX])
{
    own_path(path);
    *strrchr(path, '/') = '\0';
}

bool own_sibling(const char *end, char path[PATH_MAX])
{
    static const char own_end[] = "_heapfuzz";
    own_path(path);
    size_t length = strlen(path);
    size_t begin = length < sizeof own_end - 1 ? 0 : length - (sizeof own_end - 1);
    if (strcmp(path + begin, own_end) != 0 || begin + 1 + strlen(end) >= PATH_MAX) {
        return false;
    }
    memcpy(path + begin + 1, end, strlen(end) + 1);
    return true;
}
