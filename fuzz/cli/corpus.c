// Finds programs of a corpus that were written in part: each is named by the hash of its bytes.
// Other runs that share the folder name their programs likewise.

#define _GNU_SOURCE // For O_TMPFILE.

#include "cli/corpus.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"

// Names a probe where it needs a name; its process's number follows.
#define PROBE ".heapfuzz-probe-"

#define CORPUS_PATH_BYTES (PATH_MAX + 64U)

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void add(struct corpus *corpus, const char *name)
{
    if (corpus->count == corpus->capacity) {
        corpus->capacity = corpus->capacity * 2 + 1024;
        corpus->names = realloc(corpus->names, corpus->capacity * sizeof corpus->names[0]);
        if (corpus->names == NULL) {
            refuse("fuzz: there is no memory for the names in %s", corpus->folder);
        }
    }
    memcpy(corpus->names[corpus->count++], name, SHA1_DIGITS + 1);
}

// A name is the hash and nothing else.
static bool is_program(const char *name)
{
    return sha1_in_name(name) == name;
}

void corpus_open(struct corpus *corpus, const char *folder)
{
    *corpus = (struct corpus){.folder = folder};
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        refuse("fuzz: can't read the folder %s: %s", folder, strerror(errno));
    }
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (is_program(entry->d_name)) {
            add(corpus, entry->d_name);
        } else if (strncmp(entry->d_name, PROBE, strlen(PROBE)) == 0) {
            (void)unlinkat(dirfd(entries), entry->d_name, 0); // Left by a run that was killed.
        }
    }
    (void)closedir(entries);
    if (corpus->count > 0) {
        qsort(corpus->names, corpus->count, sizeof corpus->names[0], by_name);
    }
}

// Writes as many bytes as the largest program has.
static int write_program(int file)
{
    static const uint8_t zeros[TARGET_MOST_BYTES];
    size_t done = 0;
    while (done < sizeof zeros) {
        ssize_t written = write(file, zeros + done, sizeof zeros - done);
        if (written < 0) {
            return errno;
        }
        done += (size_t)written;
    }
    return 0;
}

int corpus_probe(const struct corpus *corpus)
{
    char path[CORPUS_PATH_BYTES] = "";
    int file = -1;
#ifdef O_TMPFILE // It has no name, so libFuzzer never reads it, nor sees that the folder changed.
    file = open(corpus->folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
#endif
    if (file < 0) { // Not every file system has such files; or nothing can be written.
        (void)snprintf(path, sizeof path, "%s/" PROBE "%ld", corpus->folder, (long)getpid());
        file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    }
    if (file < 0) {
        return errno;
    }
    int error = write_program(file);
    if (close(file) != 0 && error == 0) {
        error = errno;
    }
    if (path[0] != '\0') {
        (void)unlink(path);
    }
    return error;
}

static bool is_whole(const char *path, const char *name)
{
    size_t size_bytes;
    char digits[SHA1_DIGITS + 1];
    uint8_t bytes[TARGET_MOST_BYTES + 1];
    FILE *file = fopen(path, "rb");
    if (file == NULL) { // libFuzzer puts a smaller program in the place of another.
        return true;
    }
    size_bytes = fread(bytes, 1, sizeof bytes, file);
    bool is_read = ferror(file) == 0;
    (void)fclose(file);
    if (!is_read) { // Nothing speaks against it.
        return true;
    }
    sha1_print(bytes, size_bytes, digits);
    return size_bytes == sizeof bytes ||
           strcmp(digits, name) == 0; // libFuzzer wrote no longer one.
}

static bool was_there(const struct corpus *corpus, const char *name)
{
    return corpus->count > 0 &&
           bsearch(name, corpus->names, corpus->count, sizeof corpus->names[0], by_name) != NULL;
}

static void print_path(const struct corpus *corpus, const char *name, char *path)
{
    (void)snprintf(path, CORPUS_PATH_BYTES, "%s/%.40s", corpus->folder, name);
}

// Lists the new programs that were written in part.
static void find_parts(const struct corpus *corpus, struct corpus *parts)
{
    char path[CORPUS_PATH_BYTES];
    DIR *entries = opendir(corpus->folder);
    if (entries == NULL) {
        return; // The probe reports why.
    }
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        print_path(corpus, entry->d_name, path);
        if (is_program(entry->d_name) && !was_there(corpus, entry->d_name) &&
            !is_whole(path, entry->d_name)) {
            add(parts, entry->d_name);
        }
    }
    (void)closedir(entries);
}

size_t corpus_sweep(const struct corpus *corpus)
{
    const struct timespec moment = {0, 50000000};
    char path[CORPUS_PATH_BYTES];
    size_t removed = 0;
    struct corpus parts = {.folder = corpus->folder};
    find_parts(corpus, &parts);
    if (parts.count > 0) { // Another run may be writing one.
        (void)nanosleep(&moment, NULL);
    }
    for (size_t i = 0; i < parts.count; i++) {
        print_path(corpus, parts.names[i], path);
        if (!is_whole(path, parts.names[i]) && unlink(path) == 0) {
            removed++;
        }
    }
    corpus_close(&parts);
    return removed;
}

void corpus_close(struct corpus *corpus)
{
    free(corpus->names);
    corpus->names = NULL;
}
