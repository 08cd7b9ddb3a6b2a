// A file that is there whole or not at all: it is written beside its place under a hidden name, and
// renamed when it is complete.
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#define OUTPUT_PATH_BYTES 4096U

struct output {
    FILE *file; ///< To write to. Closing it reports errors. NULL: it is closed.
    char path[OUTPUT_PATH_BYTES];
    char beside[OUTPUT_PATH_BYTES + 32]; ///< Its path until then; "": its own.
};

/// Writes the path of an output of a file: FOLDER/NAMEREST, where NAME is the file's without its
/// folder and suffix. Returns false iff it is too long.
bool output_name(char name[OUTPUT_PATH_BYTES], const char *folder, const char *path,
                 const char *rest);

/// Opens a file that replaces the one at the path, if there is any. A device or a pipe is written
/// to directly. Returns false, with errno, iff it can't be written.
bool output_open(struct output *output, const char *path);

/// Closes it and puts it in its place. Returns false, with errno, iff that fails; then nothing of
/// it is left, and a former file is unchanged.
bool output_close(struct output *output);

/// Do the same for a file that replaces none. output_close_new puts it at a path. After errno
/// EEXIST, for a path that is taken, another path may follow.
bool output_open_new(struct output *output, const char *path);
bool output_close_new(struct output *output, const char *path);

/// Closes it, if it is open, and leaves nothing of it.
void output_drop(struct output *output);

#endif
