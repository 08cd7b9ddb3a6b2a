// The folders of ports in the user's cache. Knows nothing of their files, except the lock.

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/path.h"
#include "cli/port_parts.h"
#include "cli/sha1.h"
#include "world/os.h"

// Digits of a hash in a folder's name: enough to keep a user's ports apart.
#define NAME_DIGITS 12

// Makes a folder, and those that it lies in.
static void make_folder(char path[PATH_MAX])
{
    for (char *end = path; *end != '\0';) {
        end += 1 + strcspn(end + 1, "/");
        char rest = *end;
        *end = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST &&
            (rest == '\0' || access(path, F_OK) != 0)) {
            refuse("can't make the folder %s: %s", path, strerror(errno));
        }
        *end = rest;
    }
}

void port_cache(const char *name, char path[PATH_MAX])
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (cache != NULL && cache[0] == '/') {
        path_print(path, "%s/heapfuzz/%s", cache, name);
    } else if (home != NULL && home[0] == '/') {
        path_print(path, "%s/.cache/heapfuzz/%s", home, name);
    } else {
        refuse("a port's build is kept in $XDG_CACHE_HOME or $HOME/.cache, and neither is set");
    }
    if (strchr(path, '\n') != NULL) {
        refuse("ninja can't build in %s, whose name has two lines", path);
    }
    make_folder(path);
}

// The same words mean other files in another folder.
static void print_hash(const struct port *port, char digits[SHA1_DIGITS + 1])
{
    struct os_writer writer;
    char folder[PATH_MAX];
    FILE *file = os_write_bytes(&writer);
    if (getcwd(folder, sizeof folder) == NULL) {
        refuse("can't tell the current folder: %s", strerror(errno));
    }
    if (file != NULL) {
        (void)fwrite(folder, 1, strlen(folder) + 1, file);
        for (size_t i = 0; i < port->typed.count; i++) {
            (void)fwrite(port->typed.at[i], 1, strlen(port->typed.at[i]) + 1, file);
        }
    }
    char *bytes = file == NULL ? NULL : os_written(&writer);
    if (bytes == NULL) {
        refuse("there is no memory for the words of a port");
    }
    sha1_print((const uint8_t *)bytes, writer.size_bytes, digits);
    free(bytes);
}

void port_folder(const struct port *port, char path[PATH_MAX])
{
    char digits[SHA1_DIGITS + 1];
    char name[PORT_NAME_BYTES + NAME_DIGITS + 1];
    char lock[PATH_MAX];
    port_name(port->sides[0].sources.at[0], name);
    print_hash(port, digits);
    (void)snprintf(name + strlen(name), NAME_DIGITS + 2, "-%.*s", NAME_DIGITS, digits);
    port_cache(name, path);
    path_print(lock, "%s/lock", path);
    int file = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) {
        refuse("can't write in the folder %s: %s", path, strerror(errno));
    }
    while (flock(file, LOCK_EX) != 0) {
        if (errno != EINTR) {
            refuse("can't lock %s: %s", lock, strerror(errno));
        }
    }
}
