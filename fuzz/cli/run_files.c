// The folders and files of a fuzzing run. Runs may share a corpus: each takes the first log that no
// other run has open, and names its other files after it.

#include "cli/run_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/own_folder.h"
#include "cli/path.h"
#include "cli/port.h"
#include "laws/counters.h"

// More runs than this do not share a corpus.
#define RUNS_MOST 99U

// Refuses a folder of texts where programs are bytes: libFuzzer would read their letters as ops and
// put its own files among them.
static size_t count_programs(const struct target *target, const char *folder)
{
    size_t programs = 0;
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        refuse("fuzz: can't read the folder %s: %s", folder, strerror(errno));
    }
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        const char *suffix = strrchr(entry->d_name, '.');
        if (!target->reads_texts && suffix != NULL && strcmp(suffix, ".ops") == 0) {
            refuse("fuzz: %s holds texts; a corpus is what 'heapfuzz compile' makes of them",
                   folder);
        }
        programs += entry->d_name[0] != '.';
    }
    (void)closedir(entries);
    return programs;
}

static void open_corpus(struct run_files *files, const struct target *target, const char *folder)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        refuse("fuzz: can't make the folder %s: %s", folder, strerror(errno));
    }
    // A whole path never looks like one of libFuzzer's flags.
    char *whole = realpath(folder, NULL);
    if (whole == NULL) {
        refuse("fuzz: can't find the folder %s: %s", folder, strerror(errno));
    }
    path_print(files->corpus, "%s", whole);
    free(whole);
    files->programs = count_programs(target, files->corpus);
    if (access(files->corpus, W_OK) != 0) {
        refuse("fuzz: can't write in the folder %s: %s", files->corpus, strerror(errno));
    }
}

// Returns false iff another run has that log.
static bool take_log(struct run_files *files)
{
    files->log_file = open(files->log, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (files->log_file < 0) {
        refuse("fuzz: can't write %s: %s", files->log, strerror(errno));
    }
    if (flock(files->log_file, LOCK_EX | LOCK_NB) != 0) {
        (void)close(files->log_file);
        return false;
    }
    return true;
}

static void open_log(struct run_files *files)
{
    char name[PATH_MAX];
    path_print(name, "%s", files->corpus);
    path_print(files->log, "%s.log", name);
    for (unsigned run = 2; !take_log(files); run++) {
        if (run > RUNS_MOST) {
            refuse("fuzz: %u runs already share %s", RUNS_MOST, files->corpus);
        }
        path_print(name, "%s-%u", files->corpus, run);
        path_print(files->log, "%s.log", name);
    }
    path_print(files->counters, "%s.counters", name);
    path_print(files->artifacts, "%s.", name);
}

// Removes a log that is still empty.
static _Noreturn void refuse_to_write(const struct run_files *files, const char *path)
{
    struct stat log;
    int error = errno;
    if (fstat(files->log_file, &log) == 0 && log.st_size == 0) {
        (void)unlink(files->log);
    }
    refuse("fuzz: can't write %s: %s", path, strerror(error));
}

// The log of the former run stays until this one can begin.
static void open_counters(const struct run_files *files)
{
    (void)unlink(files->counters);
    if (!counters_share(files->counters)) {
        refuse_to_write(files, files->counters);
    }
    if (ftruncate(files->log_file, 0) != 0) {
        (void)unlink(files->counters);
        refuse_to_write(files, files->log);
    }
}

static void find_fuzzer(struct run_files *files, const struct target *target, const char *own)
{
    if (!own_sibling("fuzzer", files->fuzzer)) {
        path_print(files->fuzzer, "%s/%s_fuzzer", own, target->name);
    }
    if (access(files->fuzzer, X_OK) != 0 && port_words() != NULL) {
        path_print(files->fuzzer, "%s/port_fuzzer", own);
    }
    if (access(files->fuzzer, X_OK) != 0) {
        refuse("fuzz: can't run %s: %s", files->fuzzer, strerror(errno));
    }
}

static void find_seeds(struct run_files *files, const struct target *target, const char *own)
{
    if (!own_sibling("corpus", files->seeds)) {
        path_print(files->seeds, "%s/corpus-%s", own, target->name);
    }
}

void run_files_open(struct run_files *files, const struct choice *choice, const char *folder)
{
    const struct target *target = choice->target;
    const struct subject *subject = target->reads_texts ? NULL : choice->subject;
    char own[PATH_MAX];
    char work[PATH_MAX];
    own_folder(own);
    find_fuzzer(files, target, own);
    find_seeds(files, target, own);
    bool has_seeds = access(files->seeds, F_OK) == 0;
    files->seed_programs = has_seeds ? count_programs(target, files->seeds) : 0;
    path_print(work, "%s/work-%s%s%s%s%s", own, target->name, subject == NULL ? "" : "-",
               subject == NULL ? "" : subject->name, choice->other == NULL ? "" : "-",
               choice->other == NULL ? "" : choice->other->name);
    open_corpus(files, target, folder == NULL ? work : folder);
    open_log(files);
    open_counters(files);
}

void run_files_close(struct run_files *files)
{
    (void)unlink(files->counters);
    (void)close(files->log_file);
}
