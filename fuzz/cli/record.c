// heapfuzz record: runs a command with the recorder in front of its allocator, and makes a program
// of the calls. The recorder is a library beside this program, or where it is installed.

#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <heapfuzz/recording.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/own_folder.h"
#include "cli/path.h"
#include "language/events.h"
#include "language/text.h"
#include "world/os.h"

#define RECORDER "libheapfuzz-record.so"
#ifndef TO_INSTALLED_LIBRARIES
#define TO_INSTALLED_LIBRARIES "../lib"
#endif

extern char **environ;

static char recording_path[PATH_MAX];
static struct output output;
static volatile sig_atomic_t child; // The command; 0: it does not run.

static void clean_up(void)
{
    (void)unlink(recording_path);
    output_drop(&output);
}

static void find_recorder(char path[PATH_MAX])
{
    char own[PATH_MAX];
    own_folder(own);
    path_print(path, "%s/" RECORDER, own);
    if (access(path, R_OK) != 0) {
        path_print(path, "%s/" TO_INSTALLED_LIBRARIES "/heapfuzz/" RECORDER, own);
    }
    if (access(path, R_OK) != 0) {
        refuse("record: " RECORDER " is neither in %s nor in %s/" TO_INSTALLED_LIBRARIES
               "/heapfuzz",
               own, own);
    }
    if (strpbrk(path, ": ") != NULL) {
        refuse("record: LD_PRELOAD takes no path with a colon or a blank: %s", path);
    }
}

// Makes the file of the recording, and returns its header.
static const struct recording *make_recording(void)
{
    const char *chosen = getenv("TMPDIR");
    const char *folder = chosen == NULL || chosen[0] == '\0' ? "/tmp" : chosen;
    char *real = os_real_path(folder); // The command may enter another folder.
    path_print(recording_path, "%s/heapfuzz-recording-XXXXXX", real == NULL ? folder : real);
    free(real);
    int file = mkstemp(recording_path);
    if (file < 0) {
        refuse("record: can't write %s: %s", recording_path, strerror(errno));
    }
    (void)atexit(clean_up);
    void *header = MAP_FAILED;
    if (ftruncate(file, RECORDING_HEADER_BYTES) == 0) {
        header = mmap(NULL, RECORDING_HEADER_BYTES, PROT_READ, MAP_SHARED, file, 0);
    }
    if (header == MAP_FAILED) {
        refuse("record: can't write %s: %s", recording_path, strerror(errno));
    }
    (void)close(file);
    return header;
}

static void set(const char *name, const char *value)
{
    if (setenv(name, value, 1) != 0) {
        refuse("record: there is no memory for the environment of the command");
    }
}

static void pass_on(int number)
{
    if (child != 0) {
        (void)kill((pid_t)child, number);
    }
}

// Starts the command. A signal from the keyboard is for the command alone, and one that asks this
// process to end is passed on. None of them comes in between.
static void start(char **command)
{
    posix_spawnattr_t attributes;
    sigset_t ends, old;
    pid_t id;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGQUIT);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &ends, &old);
    int error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        (void)posix_spawnattr_setsigmask(&attributes, &old);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        error = posix_spawnp(&id, command[0], NULL, &attributes, command, environ);
        (void)posix_spawnattr_destroy(&attributes);
    }
    if (error != 0) {
        refuse("record: can't run %s: %s", command[0], strerror(error));
    }
    child = id;
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGQUIT, SIG_IGN);
    (void)signal(SIGTERM, pass_on);
    if (signal(SIGHUP, pass_on) == SIG_IGN) {
        (void)signal(SIGHUP, SIG_IGN); // The command ignores it, too.
    }
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
}

// Runs the command to its end, and returns its wait status.
static int run(char **command)
{
    char recorder[PATH_MAX];
    char preload[2 * PATH_MAX];
    const char *before = getenv("LD_PRELOAD");
    int status;
    find_recorder(recorder);
    if (snprintf(preload, sizeof preload, "%s%s%s", recorder, before == NULL ? "" : ":",
                 before == NULL ? "" : before) >= (int)sizeof preload) {
        refuse("record: LD_PRELOAD is too long");
    }
    set("LD_PRELOAD", preload);
    set(RECORDING_VARIABLE, recording_path);
    start(command);
    while (waitpid((pid_t)child, &status, 0) != (pid_t)child) {
        if (errno != EINTR) {
            refuse("record: can't wait for %s: %s", command[0], strerror(errno));
        }
    }
    child = 0;
    return status;
}

static struct event event_of(const struct record *record)
{
    static const enum event_call calls[] = {
        [RECORD_EMPTY] = EVENT_NONE,
        [RECORD_ALLOCATE] = EVENT_ALLOCATE,
        [RECORD_ALLOCATE_ZEROED] = EVENT_ALLOCATE_ZEROED,
        [RECORD_ALLOCATE_ALIGNED] = EVENT_ALLOCATE_ALIGNED,
        [RECORD_FREE] = EVENT_FREE,
        [RECORD_MOVE] = EVENT_RENAME,
        [RECORD_MOVED] = EVENT_REALLOCATE,
        [RECORD_STAYED] = EVENT_RENAME,
    };
    enum record_kind kind = record_kind(record);
    uint64_t moving = EVENT_MOVING(record_thread(record));
    return (struct event){
        .call = calls[kind],
        .block = kind == RECORD_MOVE ? moving : record->block,
        .old = kind == RECORD_MOVE ? record->block : moving,
        .size_bytes = record_size(record),
        .alignment_bytes = record_alignment(record),
        .thread = record_thread(record),
    };
}

// Makes the calls a program, up to the first that exceeds a limit. Returns the sentence of the
// limit; NULL: the program is whole.
static const char *read_calls(const struct recording *recording, struct program *program)
{
    static char cut[2 * PATH_MAX];
    struct stat stat;
    int file = open(recording_path, O_RDONLY | O_CLOEXEC);
    void *start = MAP_FAILED;
    if (file >= 0 && fstat(file, &stat) == 0) {
        start = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, file, 0);
    }
    if (start == MAP_FAILED) {
        refuse("record: can't read %s: %s", recording_path, strerror(errno));
    }
    (void)close(file);
    const struct record *records = (const void *)((const char *)start + RECORDING_HEADER_BYTES);
    uint64_t room = ((uint64_t)stat.st_size - RECORDING_HEADER_BYTES) / sizeof *records;
    uint64_t count = recording->records < room ? recording->records : room;
    const char *limit = NULL;
    if (recording->error != 0) {
        (void)snprintf(cut, sizeof cut, "%s can't grow: %s", recording_path,
                       strerror((int)recording->error));
        limit = cut;
    }
    events_begin(program, 0, SIZE_MAX);
    for (uint64_t i = 0; i < count; i++) {
        struct event event = event_of(&records[i]);
        const char *why = events_add(&event);
        if (why != NULL) {
            limit = why;
            break;
        }
    }
    (void)munmap(start, (size_t)stat.st_size);
    return limit;
}

// Opens the file of the program before the command runs: it may run for long.
static void open_program(const char *path)
{
    if (!output_open(&output, path) || fcntl(fileno(output.file), F_SETFD, FD_CLOEXEC) != 0) {
        refuse("can't write %s: %s", path, strerror(errno));
    }
}

static bool put_program(const struct program *program)
{
    text_write(output.file, program);
    return output_close(&output);
}

// Where the file can't be written any more, the program goes to the place of the recording.
static void write_program(const char *path, const struct program *program)
{
    char other[PATH_MAX];
    if (put_program(program)) {
        return;
    }
    int error = errno;
    path_print(other, "%s.ops", recording_path);
    (void)unlink(recording_path); // It makes room.
    if (output_open(&output, other) && put_program(program)) {
        refuse("can't write %s: %s; the program is in %s", path, strerror(error), other);
    }
    refuse("can't write %s: %s", path, strerror(error));
}

// Tells on standard error: the command may have printed to the other.
static void tell(const char *path, const char *name, int status, const char *limit,
                 const struct recording *recording)
{
    const struct event_counts *counts = events_counts();
    fprintf(stderr,
            "%s: %zu calls by %" PRIu32 " thread%s; most live %zu block%s, %" PRIu64
            " bytes; at the end %zu, %" PRIu64 "; ",
            path, counts->calls, recording->threads, recording->threads == 1 ? "" : "s",
            counts->peak_blocks, counts->peak_blocks == 1 ? "" : "s", counts->peak_bytes,
            counts->live_blocks, counts->live_bytes);
    if (counts->left_out > 0) {
        fprintf(stderr, "%zu call%s left out, on blocks from before or freed twice; ",
                counts->left_out, counts->left_out == 1 ? "" : "s");
    }
    if (recording->processes > 0) {
        fprintf(stderr, "%" PRIu32 " other process%s not recorded; ", recording->processes,
                recording->processes == 1 ? "" : "es");
    }
    if (limit != NULL) {
        fprintf(stderr, "the program ends early: %s; ", limit);
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "%s: signal %d\n", name, WTERMSIG(status));
    } else {
        fprintf(stderr, "%s: status %d\n", name, WEXITSTATUS(status));
    }
}

// Reads the words in front of the command. Returns the index of the command.
static int read_words(int argc, char **argv, const char **to)
{
    int at = 1;
    for (; at < argc && argv[at][0] == '-' && strcmp(argv[at], "--") != 0; at++) {
        const char *value = take_option(argc, argv, &at, "--to");
        if (value == NULL) {
            refuse("record: there is no option '%s'", argv[at]);
        }
        *to = value;
    }
    at += at < argc && strcmp(argv[at], "--") == 0;
    if (at == argc) {
        refuse("record: which command?");
    }
    size_t length = *to == NULL ? 0 : strlen(*to);
    if (*to != NULL && (length < 5 || strcmp(*to + length - 4, ".ops") != 0)) {
        refuse("record: --to %s: the name of a program as text ends in .ops", *to);
    }
    return at;
}

int command_record(int argc, char **argv)
{
    struct program program = {0};
    const char *to = NULL;
    char own_choice[PATH_MAX];
    int at = read_words(argc, argv, &to);
    const char *slash = strrchr(argv[at], '/');
    const char *name = slash == NULL ? argv[at] : slash + 1;
    path_print(own_choice, "%s.ops", name);
    to = to == NULL ? own_choice : to;
    const struct recording *recording = make_recording();
    open_program(to);
    int status = run(argv + at);
    if (recording->process == 0) {
        refuse("record: %s did not load the recorder: it is linked statically, runs as another "
               "user, has AddressSanitizer, or has pointers of another size",
               name);
    }
    if (recording->records == 0) {
        refuse("record: %s made no call, or has an allocator of its own", name);
    }
    const char *limit = read_calls(recording, &program);
    if (program.count == 0) {
        refuse("record: the program ends before the first call of %s: %s", name,
               limit == NULL ? "none is on a block that it was given" : limit);
    }
    write_program(to, &program);
    tell(to, name, status, limit, recording);
    program_close(&program);
    return 0;
}
