// heapfuzz fuzz: runs a target under libFuzzer as a process of its own, shows its progress, and
// ends with tables or a finding. This file starts and watches it.

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/fuzzing.h"
#include "cli/port.h"
#include "laws/counters.h"
#include "world/clock.h"

#define SECONDS_MOST 86400000U
#define TICK_MILLISECONDS 250
#define LOG_MOST_BYTES ((size_t)64 << 20)

// libFuzzer ends a program after 10 to 16 seconds. A target without output and calls for longer
// than this hangs in its handlers, too.
#define IDLE_TICKS 240U

// Ticks between two tries to write a program.
#define PROBE_TICKS 4U

// Ticks that a target gets to end by itself, before it is killed.
#define STOPPING_TICKS 12U

static volatile sig_atomic_t stop_signal;

static void on_stop(int signal_number)
{
    stop_signal = signal_number;
}

static void on_no_reader(int signal_number)
{
    (void)signal_number; // The write fails, too, and reports its error.
}

static void take_signals(void)
{
    const struct sigaction no_reader = {.sa_handler = on_no_reader, .sa_flags = SA_RESTART};
    // No SA_RESTART: a signal has to end the wait for the child.
    const struct sigaction action = {.sa_handler = on_stop};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    (void)sigaction(SIGPIPE, &no_reader, NULL);
}

// Returns the folder of the working corpus, or NULL.
static const char *read_words(int argc, char **argv, struct fuzzing *fuzzing)
{
    const char *folder = NULL;
    fuzzing->choice = (struct choice){.target = &targets[0]};
    fuzzing->seconds = 60;
    for (int at = 1; at < argc; at++) {
        const char *value;
        if (take_choice(argc, argv, &at, &fuzzing->choice)) {
            continue;
        }
        if ((value = take_option(argc, argv, &at, "--time")) != NULL) {
            fuzzing->seconds = choose_number("--time", value, 1, SECONDS_MOST);
        } else if ((value = take_option(argc, argv, &at, "--seed")) != NULL) {
            fuzzing->seed = choose_number("--seed", value, 1, UINT32_MAX);
        } else if ((value = take_option(argc, argv, &at, "--corpus")) != NULL) {
            folder = value;
        } else if (argv[at][0] == '-') {
            refuse("fuzz: there is no option '%s'", argv[at]);
        } else {
            refuse("fuzz: unexpected argument '%s': every word follows an option", argv[at]);
        }
    }
    settle_choice(argv[0], &fuzzing->choice);
    return folder;
}

// Returns the memory that a run may take: a heap may write to all of its range.
static size_t rss_limit_mb(const struct fuzzing *fuzzing)
{
    const struct subject *subject = fuzzing->choice.subject;
    bool has_range = subject != NULL && subject_takes_range(subject);
    return 2048 + (has_range ? subject->port.policies.range_most_bytes >> 20 : 0);
}

static void start(struct fuzzing *fuzzing)
{
    struct run_files *files = &fuzzing->files;
    char max_len[32];
    char max_total_time[32];
    char rss_limit[32];
    char seed[32];
    char artifact_prefix[PATH_MAX + 32];
    (void)snprintf(max_len, sizeof max_len, "-max_len=%u", TARGET_MOST_BYTES);
    (void)snprintf(rss_limit, sizeof rss_limit, "-rss_limit_mb=%zu", rss_limit_mb(fuzzing));
    (void)snprintf(max_total_time, sizeof max_total_time, "-max_total_time=%zu", fuzzing->seconds);
    (void)snprintf(seed, sizeof seed, "-seed=%zu", fuzzing->seed);
    (void)snprintf(artifact_prefix, sizeof artifact_prefix, "-artifact_prefix=%s",
                   files->artifacts);
    char *arguments[] = {
        files->fuzzer,
        max_total_time,
        seed,
        max_len,
        artifact_prefix,
        (char[]){"-timeout=10"},
        (char[]){"-report_slow_units=10"}, // Saves slow programs as it saves findings.
        rss_limit,
        (char[]){"-malloc_limit_mb=1048576"}, // The subject's own requests are no finding.
        (char[]){"-handle_xfsz=0"},           // A file too large to write is no finding.
        (char[]){"-print_final_stats=1"},
        (char[]){"-entropic_scale_per_exec_time=1"}, // Tries quick programs more often.
        files->corpus,
        access(files->seeds, F_OK) == 0 ? files->seeds : NULL,
        NULL,
    };
    int error = 0;
    const struct subject *other = fuzzing->choice.other;
    if (setenv("HEAPFUZZ_TARGET", fuzzing->choice.target->name, 1) != 0 ||
        setenv("HEAPFUZZ_SUBJECT", fuzzing->choice.subject->name, 1) != 0 ||
        (other != NULL && setenv("HEAPFUZZ_OTHER", other->name, 1) != 0) ||
        setenv("HEAPFUZZ_COUNTERS", files->counters, 1) != 0) {
        error = errno;
    }
    if (error != 0 || (error = child_start(&fuzzing->child, arguments)) != 0) {
        run_files_close(files);
        refuse("fuzz: can't start %s: %s", files->fuzzer, strerror(error));
    }
}

// Keeps the first error: later ones have the same cause.
static void note_unwritten(struct fuzzing *fuzzing, const char *path, int error)
{
    if (error != 0 && fuzzing->unwritten.path == NULL) {
        fuzzing->unwritten.path = path;
        fuzzing->unwritten.error = error;
    }
}

// Begins the log again when it is long: a subject may print in each call. The end counts.
static void limit_log(struct fuzzing *fuzzing, size_t length)
{
    fuzzing->log_bytes += length;
    if (fuzzing->log_bytes > LOG_MOST_BYTES && ftruncate(fuzzing->files.log_file, 0) == 0 &&
        lseek(fuzzing->files.log_file, 0, SEEK_SET) == 0) {
        (void)dprintf(fuzzing->files.log_file, "(the first part, %zu bytes, is dropped)\n",
                      fuzzing->log_bytes - length);
        fuzzing->log_bytes = length;
    }
}

// Reads output of the target. Returns false iff there was none.
static bool read_output(struct fuzzing *fuzzing)
{
    char bytes[16384];
    size_t length = child_read(&fuzzing->child, bytes, sizeof bytes);
    fuzzer_output_read(&fuzzing->fuzzer, bytes, length);
    limit_log(fuzzing, length);
    for (size_t done = 0; done < length;) {
        ssize_t written = write(fuzzing->files.log_file, bytes + done, length - done);
        if (written <= 0) {
            note_unwritten(fuzzing, fuzzing->files.log, errno);
            break;
        }
        done += (size_t)written;
    }
    return length > 0;
}

// A signal asked for it, or the run is useless: its programs or its output would be lost.
static bool is_to_stop(const struct fuzzing *fuzzing)
{
    return stop_signal != 0 || fuzzing->unwritten.path != NULL || ferror(stdout) != 0;
}

static void tick(struct fuzzing *fuzzing)
{
    progress_tick(&fuzzing->progress, &fuzzing->fuzzer);
    uint64_t done = counters->calls + counters->programs;
    fuzzing->idle_ticks = done != fuzzing->done_before ? 0 : fuzzing->idle_ticks + 1;
    fuzzing->done_before = done;
    if (fuzzing->idle_ticks >= IDLE_TICKS) {
        fuzzing->is_hung = true;
        child_signal(&fuzzing->child, SIGKILL);
    }
    if (is_to_stop(fuzzing) && ++fuzzing->stopping_ticks >= STOPPING_TICKS) {
        child_signal(&fuzzing->child, SIGKILL);
    }
    if (fuzzing->ticks++ % PROBE_TICKS == 0) {
        note_unwritten(fuzzing, fuzzing->corpus.folder, corpus_probe(&fuzzing->corpus));
    }
}

static void watch(struct fuzzing *fuzzing)
{
    double next_tick = 0;
    bool is_stopping = false;
    while (!fuzzing->child.has_ended) {
        child_wait(&fuzzing->child, TICK_MILLISECONDS);
        if (read_output(fuzzing)) {
            fuzzing->idle_ticks = 0;
        }
        if (is_to_stop(fuzzing) && !is_stopping) {
            is_stopping = true;
            child_signal(&fuzzing->child, SIGINT);
        }
        if (clock_seconds() >= next_tick) {
            next_tick = clock_seconds() + TICK_MILLISECONDS * 1e-3;
            tick(fuzzing);
        }
    }
    while (read_output(fuzzing)) {
    }
    progress_end(&fuzzing->progress);
    fuzzing->stop_signal = stop_signal;
    note_unwritten(fuzzing, fuzzing->corpus.folder, corpus_probe(&fuzzing->corpus));
}

int command_fuzz(int argc, char **argv)
{
    static struct fuzzing fuzzing;
    const char *folder = read_words(argc, argv, &fuzzing);
    char subjects_text[CHOICE_BYTES];
    print_subjects(&fuzzing.choice, subjects_text);
    run_files_open(&fuzzing.files, &fuzzing.choice, folder);
    fuzzing.fuzzer.artifacts = fuzzing.files.artifacts;
    printf("Fuzzing %s by target %s for %zu s, from %zu programs in %s", subjects_text,
           fuzzing.choice.target->name, fuzzing.seconds, fuzzing.files.programs,
           fuzzing.files.corpus);
    if (fuzzing.files.seed_programs > 0) {
        printf(" and %zu seeds\n", fuzzing.files.seed_programs);
    } else if (port_words() != NULL) { // It has none.
        printf("\n");
    } else {
        printf("; there are no seeds in %s\n", fuzzing.files.seeds);
    }
    tell_probed(&fuzzing.choice);
    fflush(stdout);
    corpus_open(&fuzzing.corpus, fuzzing.files.corpus);
    take_signals();
    progress_begin(&fuzzing.progress, fuzzing.seconds);
    start(&fuzzing);
    watch(&fuzzing);
    fuzzing_save_last(&fuzzing);
    int status = fuzzing_tell_end(&fuzzing);
    corpus_close(&fuzzing.corpus);
    run_files_close(&fuzzing.files);
    return status;
}
