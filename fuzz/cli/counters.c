// heapfuzz counters: the tables of a target that kept its counters in a file (target.h), for any
// engine and any end.

#include "cli/command.h"

#include <errno.h>
#include <string.h>

#include "laws/counters.h"

static void read_counters(const char *path, struct counters *done)
{
    char more;
    FILE *file = fopen(path, "rb");
    size_t records = file == NULL ? 0 : fread(done, sizeof *done, 1, file);
    if (file == NULL || ferror(file)) {
        refuse("can't read %s: %s", path, strerror(errno));
    }
    if (records != 1 || fread(&more, 1, 1, file) != 0) {
        refuse("%s: it is not what a target of this build leaves", path);
    }
    (void)fclose(file);
}

int command_counters(int argc, char **argv)
{
    struct counters done;
    if (argc != 2) {
        refuse(argc < 2 ? "counters: which file?" : "counters: one file at a time");
    }
    if (argv[1][0] == '-') {
        refuse("counters: there is no option '%s'", argv[1]);
    }
    read_counters(argv[1], &done);
    counters_print(&done, false);
    return 0;
}
