// heapfuzz fuzz: runs a target under libFuzzer as a process of its own, shows how far it is, and
// ends with what was done or found. This file watches and decides how it ended.

#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/child.h"
#include "cli/finding.h"
#include "cli/listen.h"
#include "cli/places.h"
#include "cli/progress.h"
#include "cli/texts.h"
#include "harness/counters.h"
#include "harness/report.h"

#define SECONDS_MOST 86400000U
#define TICK_MILLISECONDS 250

// libFuzzer ends a program after 25 seconds. A target that for longer than this neither says nor
// does anything, its handlers included, will not end by itself.
#define IDLE_TICKS 240U

// How long a target that was asked to end may take until it is made to.
#define STOPPING_TICKS 12U

struct fuzzing {
    struct choice choice;
    size_t seconds;
    struct places places;
    struct child child;
    struct heard heard;
    struct progress progress;
    uint64_t done_before; ///< At the last tick.
    unsigned idle_ticks;
    unsigned stopping_ticks;
    bool is_hung;
};

static volatile sig_atomic_t stop_signal;

static void on_stop(int signal_number)
{
    stop_signal = signal_number;
}

static void take_signals(void)
{
    // No SA_RESTART: a signal has to end the wait for the child.
    const struct sigaction action = {.sa_handler = on_stop};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

// Returns the folder of the working corpus, or NULL.
static const char *read_words(int argc, char **argv, struct fuzzing *fuzzing)
{
    const char *folder = NULL;
    fuzzing->choice = (struct choice){.target = targets[0]};
    fuzzing->seconds = 60;
    for (int at = 1; at < argc; at++) {
        const char *value;
        if (take_choice(argc, argv, &at, &fuzzing->choice)) {
            continue;
        }
        if ((value = take_option(argc, argv, &at, "--time")) != NULL) {
            fuzzing->seconds = choose_number("--time", value, 1, SECONDS_MOST);
        } else if ((value = take_option(argc, argv, &at, "--corpus")) != NULL) {
            folder = value;
        } else if (argv[at][0] == '-') {
            refuse("fuzz: there is no option '%.40s'", argv[at]);
        } else {
            refuse("fuzz: what is '%.40s'? Every word follows an option", argv[at]);
        }
    }
    settle_choice(argv[0], &fuzzing->choice);
    return folder;
}

static void start(struct fuzzing *fuzzing)
{
    struct places *places = &fuzzing->places;
    char max_len[32];
    char max_total_time[32];
    char artifact_prefix[PATH_MAX + 32];
    (void)snprintf(max_len, sizeof max_len, "-max_len=%u", PROGRAM_BYTES);
    (void)snprintf(max_total_time, sizeof max_total_time, "-max_total_time=%zu", fuzzing->seconds);
    (void)snprintf(artifact_prefix, sizeof artifact_prefix, "-artifact_prefix=%s",
                   places->artifacts);
    char *arguments[] = {
        places->fuzzer,
        max_total_time,
        max_len,
        artifact_prefix,
        (char[]){"-timeout=25"},
        (char[]){"-report_slow_units=25"}, // Saves what is slow as it saves findings.
        (char[]){"-rss_limit_mb=2048"},
        (char[]){"-print_final_stats=1"},
        (char[]){"-entropic_scale_per_exec_time=1"}, // What is quick is tried more often.
        places->corpus,
        access(places->seeds, F_OK) == 0 ? places->seeds : NULL,
        NULL,
    };
    int error = 0;
    const struct subject *other = fuzzing->choice.other;
    if (setenv("HEAPFUZZ_SUBJECT", fuzzing->choice.subject->name, 1) != 0 ||
        (other != NULL && setenv("HEAPFUZZ_OTHER", other->name, 1) != 0) ||
        setenv("HEAPFUZZ_COUNTERS", places->counters, 1) != 0) {
        error = errno;
    }
    if (error != 0 || (error = child_start(&fuzzing->child, arguments)) != 0) {
        places_close(places);
        refuse("fuzz: can't start %s: %s", places->fuzzer, strerror(error));
    }
}

// Takes in what the target has written. Returns false iff there was nothing.
static bool hear(struct fuzzing *fuzzing)
{
    char bytes[16384];
    size_t length = child_read(&fuzzing->child, bytes, sizeof bytes);
    listen_to(&fuzzing->heard, bytes, length);
    for (size_t done = 0; done < length;) {
        ssize_t written = write(fuzzing->places.log_file, bytes + done, length - done);
        if (written <= 0) {
            break; // The log is a courtesy: what matters has been heard.
        }
        done += (size_t)written;
    }
    return length > 0;
}

static void tick(struct fuzzing *fuzzing)
{
    progress_tick(&fuzzing->progress, &fuzzing->heard);
    uint64_t done = counters->calls + counters->programs;
    fuzzing->idle_ticks = done != fuzzing->done_before ? 0 : fuzzing->idle_ticks + 1;
    fuzzing->done_before = done;
    if (fuzzing->idle_ticks >= IDLE_TICKS) {
        fuzzing->is_hung = true;
        child_signal(&fuzzing->child, SIGKILL);
    }
    if (stop_signal != 0 && ++fuzzing->stopping_ticks >= STOPPING_TICKS) {
        child_signal(&fuzzing->child, SIGKILL);
    }
}

static void watch(struct fuzzing *fuzzing)
{
    double next_tick = 0;
    bool is_stopping = false;
    while (!fuzzing->child.has_ended) {
        child_wait(&fuzzing->child, TICK_MILLISECONDS);
        if (hear(fuzzing)) {
            fuzzing->idle_ticks = 0;
        }
        if (stop_signal != 0 && !is_stopping) {
            is_stopping = true;
            child_signal(&fuzzing->child, SIGINT);
        }
        if (seconds_now() >= next_tick) {
            next_tick = seconds_now() + TICK_MILLISECONDS * 1e-3;
            tick(fuzzing);
        }
    }
    while (hear(fuzzing)) {
    }
    progress_end(&fuzzing->progress);
}

static uint64_t sum(const uint64_t *counts, size_t length)
{
    uint64_t total = 0;
    for (size_t i = 0; i < length; i++) {
        total += counts[i];
    }
    return total;
}

// How many of the laws were checked, and how often in all.
static size_t count_laws(const uint64_t *checks_by, size_t laws, uint64_t *checks)
{
    size_t checked = 0;
    for (size_t law = 0; law < laws; law++) {
        checked += checks_by[law] > 0;
    }
    *checks = sum(checks_by, laws);
    return checked;
}

static void print_done(const struct fuzzing *fuzzing, const char *how)
{
    char subjects_text[CHOICE_BYTES];
    uint64_t checks;
    double seconds = seconds_now() - fuzzing->progress.began;
    if (fuzzing->choice.target->reads_texts) {
        size_t laws = count_laws(counters->checks_by_language, LANGUAGE_LAWS, &checks);
        printf("%s after %.0f s: %" PRIu64 " texts, %" PRIu64 " checks of %zu laws", how, seconds,
               counters->programs, checks, laws);
    } else {
        size_t laws = count_laws(counters->checks_by, LAWS, &checks);
        print_subjects(&fuzzing->choice, subjects_text);
        printf("%s after %.0f s: %" PRIu64 " programs, %" PRIu64 " calls of %s, %" PRIu64
               " checks of %zu laws",
               how, seconds, counters->programs, counters->calls, subjects_text, checks, laws);
    }
    if (fuzzing->heard.coverage > 0) {
        printf("; coverage %lu, corpus %lu", fuzzing->heard.coverage,
               fuzzing->heard.corpus_programs);
    }
    printf("\n");
}

static void print_tables(const struct fuzzing *fuzzing)
{
    printf("\n");
    if (fuzzing->choice.target->reads_texts) {
        language_print();
        printf("\n");
        return;
    }
    counters_print(counters);
    report_laws_off(stdout, fuzzing->choice.subject);
    if (fuzzing->choice.other != NULL) {
        report_laws_off(stdout, fuzzing->choice.other);
    }
    printf("\n");
}

// Says why a run that neither found anything nor came to its end did not. Always returns 2.
static int tell_failure(const struct fuzzing *fuzzing)
{
    const struct heard *heard = &fuzzing->heard;
    const char *fuzzer = strrchr(fuzzing->places.fuzzer, '/') + 1;
    int status = fuzzing->child.status;
    bool has_exited = WIFEXITED(status);
    int number = has_exited ? WEXITSTATUS(status) : WTERMSIG(status);
    printf("%s", heard->report);
    fflush(stdout);
    if (fuzzing->is_hung) {
        fprintf(stderr, "heapfuzz: %s hung and had to be killed; its log is %s\n", fuzzer,
                fuzzing->places.log);
    } else if (heard->refusal[0] != '\0') {
        fprintf(stderr, "%s\n", heard->refusal);
    } else if (!heard->has_engine && has_exited && (number == 0 || number == 2)) {
        fprintf(stderr, "heapfuzz: this build has no fuzzing engine: use the preset fuzz\n");
    } else if (has_exited) {
        fprintf(stderr, "heapfuzz: %s ended with status %d: %s\n", fuzzer, number,
                heard->last_line);
    } else {
        fprintf(stderr,
                "heapfuzz: %s was ended by signal %d, %s, and left no program; its log is %s\n",
                fuzzer, number, strsignal(number), fuzzing->places.log);
    }
    return 2;
}

static uint64_t frees(void)
{
    return sum(counters->calls_by[VERB_FREE], OUTCOMES) +
           sum(counters->calls_by[VERB_TASK_FREE], OUTCOMES) +
           sum(counters->calls_by[VERB_IMALLOC_FREE], OUTCOMES);
}

static int tell_end(const struct fuzzing *fuzzing)
{
    const struct heard *heard = &fuzzing->heard;
    bool is_refusal = heard->has_exited && heard->refusal[0] != '\0';
    if (heard->is_law || (heard->artifact[0] != '\0' && !is_refusal)) {
        print_done(fuzzing, "A finding");
        printf("\n");
        if (fuzzing->choice.target->reads_texts) {
            texts_tell_finding(heard, &fuzzing->choice);
        } else {
            finding_tell(heard, &fuzzing->choice);
        }
        return 1;
    }
    if (stop_signal != 0) {
        print_tables(fuzzing);
        print_done(fuzzing, "Stopped, no finding");
        return 128 + stop_signal;
    }
    if (fuzzing->child.status != 0 || !heard->has_engine) {
        (void)unlink(heard->artifact); // A refusal's program is not to blame.
        return tell_failure(fuzzing);
    }
    print_tables(fuzzing);
    if (fuzzing->choice.target->reads_texts) {
        if (sum(counters->inputs_by, READINGS) == 0) {
            refuse("a run that reads no text proves nothing");
        }
    } else if (counters->calls == 0 || frees() == 0 || sum(counters->checks_by, LAWS) == 0) {
        fflush(stdout);
        fprintf(stderr,
                "heapfuzz: a run with %" PRIu64 " calls, %" PRIu64 " of them frees, and %" PRIu64
                " checks proves nothing\n",
                counters->calls, frees(), sum(counters->checks_by, LAWS));
        return 2;
    }
    print_done(fuzzing, "No finding");
    return 0;
}

int command_fuzz(int argc, char **argv)
{
    static struct fuzzing fuzzing;
    const char *folder = read_words(argc, argv, &fuzzing);
    char subjects_text[CHOICE_BYTES];
    print_subjects(&fuzzing.choice, subjects_text);
    places_open(&fuzzing.places, fuzzing.choice.target, folder);
    printf("Fuzzing %s by target %s for %zu s, from %zu programs in %s", subjects_text,
           fuzzing.choice.target->name, fuzzing.seconds, fuzzing.places.programs,
           fuzzing.places.corpus);
    if (fuzzing.places.seed_programs > 0) {
        printf(" and %zu seeds\n", fuzzing.places.seed_programs);
    } else {
        printf("; there are no seeds in %s\n", fuzzing.places.seeds);
    }
    fflush(stdout);
    take_signals();
    progress_begin(&fuzzing.progress, fuzzing.seconds);
    start(&fuzzing);
    watch(&fuzzing);
    int status = tell_end(&fuzzing);
    places_close(&fuzzing.places);
    return status;
}
