// Files that are there whole or not at all. Knows nothing of their content.

#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world/os.h"

// Names that a process tries. Earlier processes of its number may have left some.
#define NAMES_TRIED 100U

static bool print_path(char *path, size_t capacity_bytes, const char *text)
{
    if (strlen(text) >= capacity_bytes) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(path, text, strlen(text) + 1);
    return true;
}

static bool open_beside(struct output *output)
{
    const char *slash = strrchr(output->path, '/');
    int folder = slash == NULL ? 0 : (int)(slash + 1 - output->path);
    for (unsigned i = 0; i < NAMES_TRIED && output->file == NULL; i++) {
        (void)snprintf(output->beside, sizeof output->beside, "%.*s.heapfuzz-%ld-%u", folder,
                       output->path, (long)getpid(), i);
        output->file = fopen(output->beside, "wbx");
        if (output->file == NULL && errno != EEXIST) {
            break;
        }
    }
    return output->file != NULL;
}

bool output_name(char name[OUTPUT_PATH_BYTES], const char *folder, const char *path,
                 const char *rest)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(base, '.');
    int length = dot == NULL || dot == base ? (int)strlen(base) : (int)(dot - base);
    return snprintf(name, OUTPUT_PATH_BYTES, "%s/%.*s%s", folder, length, base, rest) <
           (int)OUTPUT_PATH_BYTES;
}

bool output_open(struct output *output, const char *path)
{
    char *real = os_real_path(path); // A link stays one.
    *output = (struct output){0};
    bool fits = print_path(output->path, sizeof output->path, real == NULL ? path : real);
    free(real);
    if (!fits) {
        return false;
    }
    if (os_is_special(output->path)) {
        output->file = fopen(output->path, "wb");
        return output->file != NULL;
    }
    bool is_open = open_beside(output);
    if (is_open) {
        os_copy_mode(output->path, output->file);
    }
    return is_open;
}

bool output_open_new(struct output *output, const char *path)
{
    *output = (struct output){0};
    return print_path(output->path, sizeof output->path, path) && open_beside(output);
}

// Returns false, with errno, iff not all of it could be written; then it is gone.
static bool finish(struct output *output)
{
    FILE *file = output->file;
    output->file = NULL;
    errno = 0;
    bool is_bad = fflush(file) != 0 || ferror(file) != 0;
    int error = errno != 0 ? errno : EIO; // An earlier error may be the only one.
    if (fclose(file) != 0 && !is_bad) {
        is_bad = true;
        error = errno;
    }
    if (is_bad && output->beside[0] != '\0') {
        (void)remove(output->beside);
    }
    errno = error;
    return !is_bad;
}

static bool put(struct output *output, const char *path, bool replaces)
{
    bool is_put = os_rename(output->beside, path, replaces);
    int error = errno;
    if (!is_put && (replaces || error != EEXIST)) {
        (void)remove(output->beside);
    }
    errno = error;
    return is_put;
}

bool output_close(struct output *output)
{
    return finish(output) && (output->beside[0] == '\0' || put(output, output->path, true));
}

bool output_close_new(struct output *output, const char *path)
{
    return (output->file == NULL || finish(output)) && put(output, path, false);
}

void output_drop(struct output *output)
{
    int error = errno;
    if (output->file != NULL) {
        (void)fclose(output->file);
        output->file = NULL;
    }
    (void)remove(output->beside);
    errno = error;
}
