// Preloaded behind libcomheap-malloc.so. It writes into the file that $WITNESS names the program
// that it is in, and whether malloc is the library's there. So the tests know that their programs
// ran on it.

#define _GNU_SOURCE // For dladdr and program_invocation_short_name.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void testify(void)
{
    const char *path = getenv("WITNESS");
    int file = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    Dl_info info;
    void *found = dlsym(RTLD_DEFAULT, "malloc");
    if (file < 0 || found == NULL || dladdr(found, &info) == 0) {
        return;
    }
    const char *whose = strstr(info.dli_fname, "libcomheap-malloc") != NULL ? "comheap" : "other";
    char line[128];
    int length = snprintf(line, sizeof line, "%s %s\n", whose, program_invocation_short_name);
    if (length < 0 || length >= (int)sizeof line || write(file, line, (size_t)length) < 0) {
        abort();
    }
    (void)close(file);
}
