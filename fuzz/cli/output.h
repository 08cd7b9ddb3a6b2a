// A file that is there whole or not at all: it is written beside its place, under a hidden name,
// and put there when all of it is written.
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#define OUTPUT_PATH_BYTES 4096U

struct output {
    FILE *file; ///< To write to. An error is seen when it is closed; NULL: it is closed.
    char path[OUTPUT_PATH_BYTES];
    char beside[OUTPUT_PATH_BYTES + 32]; ///< Where it is until then; "": at its place.
};

/// Opens a file that takes the place of the one at the path, if there is any. A device or a pipe
/// there is written to as it is. Returns false, with errno, iff it can't be written.
bool output_open(struct output *output, const char *path);

/// Closes it and puts it in its place. Returns false, with errno, iff that can't be; then nothing
/// of it is left, and a file that was there still is.
bool output_close(struct output *output);

/// The same for a file that takes no other's place. output_close_new puts it at a path, and with
/// errno EEXIST, for a path that is taken, may be called again with another one.
bool output_open_new(struct output *output, const char *path);
bool output_close_new(struct output *output, const char *path);

/// Closes it, if it is not closed yet, and leaves nothing of it.
void output_drop(struct output *output);

#endif
