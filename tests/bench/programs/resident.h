/// The memory of this process that is resident now. Reading it allocates nothing.
///
/// The kernel walks the pages for this number. Its counters, as in /proc/self/statm, lag behind by
/// up to 64 pages a thread.
#ifndef BENCH_RESIDENT_H
#define BENCH_RESIDENT_H

#include "block.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static inline unsigned long resident_kibibytes(void)
{
    char text[4096];
    int file = open("/proc/self/smaps_rollup", O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    close(file);
    text[length < 0 ? 0 : length] = '\0';
    const char *found = strstr(text, "\nRss:");
    if (found == NULL) {
        bench_fail("the system does not say how much memory is resident");
    }
    return strtoul(found + sizeof "\nRss:" - 1, NULL, 10);
}

#endif
