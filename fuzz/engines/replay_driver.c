// Runs each given file through the fuzz target that it is linked with, and exits. Serves compilers
// without a fuzzing engine. The files are bytes, as an engine saves them.

#include <stdio.h>
#include <stdlib.h>

#include "engines/target.h"

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t size_bytes = 0;
    size_t capacity_bytes = 0;
    if (file == NULL) {
        fprintf(stderr, "can't read %s\n", path);
        exit(2);
    }
    for (size_t more = 1; more > 0; size_bytes += more) {
        if (size_bytes == capacity_bytes) {
            capacity_bytes = capacity_bytes * 2 + 4096;
            uint8_t *larger = realloc(bytes, capacity_bytes);
            if (larger == NULL) {
                fprintf(stderr, "no memory for %s\n", path);
                exit(2);
            }
            bytes = larger;
        }
        more = fread(bytes + size_bytes, 1, capacity_bytes - size_bytes, file);
    }
    if (ferror(file)) {
        fprintf(stderr, "can't read %s to its end\n", path);
        exit(2);
    }
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(bytes, size_bytes);
    free(bytes);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    printf("%d inputs, no finding\n", argc - 1);
    if (fflush(stdout) != 0) {
        fprintf(stderr, "can't write to standard output\n");
        return 2;
    }
    return 0;
}
