// The programs of others that a port's build calls: where they are, and a call of one. Knows
// nothing of what they build.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/child.h"
#include "cli/command.h"
#include "cli/path.h"
#include "cli/port_parts.h"
#include "world/os.h"

static bool is_program(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 && S_ISREG(there.st_mode) && access(path, X_OK) == 0;
}

// Looks for a program in the folders of $PATH. Returns false iff it is in none.
static bool find(const char *name, char path[PATH_MAX])
{
    const char *folders = getenv("PATH");
    while (folders != NULL && *folders != '\0') {
        int length = (int)strcspn(folders, ":");
        if (length > 0 && (size_t)length + strlen(name) + 2 <= PATH_MAX) {
            path_print(path, "%.*s/%s", length, folders, name);
            if (is_program(path)) {
                return true;
            }
        }
        folders += length + (folders[length] == ':');
    }
    path[0] = '\0';
    return false;
}

static void need(const char *name, char path[PATH_MAX])
{
    if (!find(name, path)) {
        refuse("a port is built by %s, and no folder of $PATH has it", name);
    }
}

static bool has_cxx(const struct port_side *side)
{
    for (size_t i = 0; i < side->sources.count; i++) {
        if (port_kind(side->sources.at[i]) == PORT_CXX) {
            return true;
        }
    }
    return false;
}

void port_find_tools(const struct port *port, struct port_tools *tools)
{
    *tools = (struct port_tools){.version = NULL};
    need("clang", tools->cc);
    need("ninja", tools->ninja);
    if (has_cxx(&port->sides[0]) || has_cxx(&port->sides[1])) {
        need("clang++", tools->cxx);
    }
    if (port_compares(port) && !find("llvm-objcopy", tools->objcopy)) {
        need("objcopy", tools->objcopy);
    }
    const char *arguments[] = {tools->cc, "--version", NULL};
    if (port_call(arguments, &tools->version) != 0) {
        refuse("%s does not tell its version: %s", tools->cc, tools->version);
    }
}

static void keep_output(struct child *child, FILE *file)
{
    char bytes[16384];
    for (size_t length; (length = child_read(child, bytes, sizeof bytes)) > 0;) {
        (void)fwrite(bytes, 1, length, file);
    }
}

int port_call(const char *const *arguments, char **output)
{
    struct child child;
    struct os_writer writer;
    FILE *file = os_write_bytes(&writer);
    int error = file == NULL ? ENOMEM : child_start(&child, (char **)arguments);
    if (error != 0) {
        refuse("can't start %s: %s", arguments[0], strerror(error));
    }
    while (!child.has_ended && child.output >= 0) {
        child_wait(&child, 1000);
        keep_output(&child, file);
    }
    if (!child.has_ended && waitpid(child.id, &child.status, 0) < 0) {
        refuse("%s was lost: %s", arguments[0], strerror(errno));
    }
    if (child.output >= 0) {
        keep_output(&child, file);
        (void)close(child.output);
    }
    *output = os_written(&writer);
    if (*output == NULL) {
        refuse("there is no memory for the words of %s", arguments[0]);
    }
    return child.status;
}
