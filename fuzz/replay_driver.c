// Replays files through a fuzz target, with any compiler: the main of a target that no fuzzing
// engine drives.
//
// A finding ends the process inside the target, as it does under an engine. A file that can't be
// read is exit status 2, and so is no file at all: a run that replays nothing has shown nothing.

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

// Reads a file to its end. The block is given back in `bytes` also when it returns false.
static bool read_all(FILE *file, uint8_t **bytes, size_t *size_bytes)
{
    size_t room_bytes = 0;
    while (!feof(file)) {
        if (*size_bytes == room_bytes) {
            room_bytes = room_bytes * 2 + 4096;
            uint8_t *larger = realloc(*bytes, room_bytes);
            if (larger == NULL) {
                return false;
            }
            *bytes = larger;
        }
        *size_bytes += fread(*bytes + *size_bytes, 1, room_bytes - *size_bytes, file);
        if (ferror(file)) {
            return false;
        }
    }
    return true;
}

// The target gets a block of exactly the program's size, so that reading past it is seen.
static bool replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    uint8_t *bytes = NULL;
    size_t size_bytes = 0;
    bool is_read = read_all(file, &bytes, &size_bytes);
    int why = errno;
    fclose(file);
    if (is_read) {
        uint8_t *exact = realloc(bytes, size_bytes > 0 ? size_bytes : 1);
        bytes = exact != NULL ? exact : bytes;
        LLVMFuzzerTestOneInput(bytes, size_bytes);
    }
    free(bytes);
    errno = why;
    return is_read;
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (!replay(arguments[i])) {
            fprintf(stderr, "%s: can't be read: %s\n", arguments[i], strerror(errno));
            return 2;
        }
    }
    if (count < 2) {
        fprintf(stderr, "usage: %s FILE...\n", arguments[0]);
        return 2;
    }
    printf("replayed %d files\n", count - 1);
    return 0;
}
