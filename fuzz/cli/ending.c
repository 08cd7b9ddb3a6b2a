// The end of a fuzzing run: a finding, none, or a sentence with the reason why it proves nothing.

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/finding.h"
#include "cli/fuzzing.h"
#include "cli/port.h"
#include "cli/text_target.h"
#include "findings/laws_off.h"
#include "findings/report.h"
#include "laws/counters.h"
#include "laws/language.h"
#include "world/clock.h"

static uint64_t sum(const uint64_t *counts, size_t length)
{
    uint64_t total = 0;
    for (size_t i = 0; i < length; i++) {
        total += counts[i];
    }
    return total;
}

// Counts the laws that were checked, and all checks.
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
    double seconds = clock_seconds() - fuzzing->progress.began;
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
    if (fuzzing->fuzzer.coverage > 0) {
        printf("; coverage %lu, corpus %lu", fuzzing->fuzzer.coverage,
               fuzzing->fuzzer.corpus_programs);
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
    counters_print(counters, port_words() != NULL);
    laws_off_print(stdout, fuzzing->choice.subject, fuzzing->choice.target->plan.extension);
    if (fuzzing->choice.other != NULL) {
        laws_off_print(stdout, fuzzing->choice.other, fuzzing->choice.target->plan.extension);
    }
    printf("\n");
}

// Reports why a run failed before its end, without a finding. Always returns 2.
static int tell_failure(const struct fuzzing *fuzzing)
{
    const struct fuzzer_output *fuzzer = &fuzzing->fuzzer;
    const char *name = strrchr(fuzzing->files.fuzzer, '/') + 1;
    int status = fuzzing->child.status;
    bool has_exited = WIFEXITED(status);
    int number = has_exited ? WEXITSTATUS(status) : WTERMSIG(status);
    printf("%s", fuzzer->report);
    fflush(stdout);
    if (fuzzing->is_hung) {
        fprintf(stderr, "heapfuzz: %s hung and had to be killed; its log is %s\n", name,
                fuzzing->files.log);
    } else if (fuzzer->refusal[0] != '\0') {
        fprintf(stderr, "%s\n", fuzzer->refusal);
    } else if (!fuzzer->has_engine && has_exited && (number == 0 || number == 2)) {
        fprintf(stderr, "heapfuzz: this build has no fuzzing engine: use the preset fuzz\n");
    } else if (has_exited) {
        fprintf(stderr, "heapfuzz: %s ended with status %d: %s\n", name, number, fuzzer->last_line);
    } else {
        fprintf(stderr,
                "heapfuzz: %s was ended by signal %d, %s, and left no program; its log is %s\n",
                name, number, strsignal(number), fuzzing->files.log);
    }
    return 2;
}

static uint64_t frees(void)
{
    return sum(counters->calls_by[VERB_FREE], OUTCOMES) +
           sum(counters->calls_by[VERB_TASK_FREE], OUTCOMES) +
           sum(counters->calls_by[VERB_IMALLOC_FREE], OUTCOMES);
}

static bool tell_finding(const struct fuzzing *fuzzing)
{
    print_done(fuzzing, "A finding");
    printf("\n");
    if (fuzzing->choice.target->reads_texts) {
        return text_target_tell_finding(&fuzzing->fuzzer, &fuzzing->choice);
    }
    return finding_tell(&fuzzing->fuzzer, &fuzzing->choice);
}

// Reports a file of the corpus or the log that could not be written. Returns false iff none.
static bool tell_unwritten(const struct fuzzing *fuzzing)
{
    const char *path = fuzzing->unwritten.path;
    size_t removed = corpus_sweep(&fuzzing->corpus);
    fflush(stdout);
    if (path != NULL) {
        fprintf(stderr, "heapfuzz: can't write %s%s: %s\n",
                path == fuzzing->corpus.folder ? "in the folder " : "", path,
                strerror(fuzzing->unwritten.error));
        return true;
    }
    // An engine that is stopped while it writes leaves a part of a program. Nothing is lost then.
    bool was_stopped = fuzzing->stop_signal != 0 || WIFSIGNALED(fuzzing->child.status);
    if (removed > 0 && !was_stopped) {
        fprintf(stderr,
                "heapfuzz: can't write in the folder %s: of %zu new program%s only a part was "
                "written\n",
                fuzzing->corpus.folder, removed, removed == 1 ? "" : "s");
        return true;
    }
    return false;
}

// Returns whether a heap that no program finds new has no room left.
static bool is_exhausted(const struct subject *subject)
{
    const uint64_t *done = counters->calls_by[VERB_ALLOCATE];
    return subject_ignores_world(subject) && subject->port.reset == NULL &&
           !subject->port.policies.needs_process &&
           done[OUTCOME_NO_ROOM] > 20 * done[OUTCOME_GRANTED];
}

// Reports why a finished run proves nothing. Returns false iff it proves something.
static bool tell_nothing_done(const struct fuzzing *fuzzing)
{
    uint64_t checks = sum(counters->checks_by, LAWS);
    if (fuzzing->choice.target->reads_texts) {
        if (sum(counters->inputs_by, READINGS) > 0) {
            return false;
        }
        fflush(stdout);
        fprintf(stderr, "heapfuzz: a run that reads no text proves nothing\n");
        return true;
    }
    if (is_exhausted(fuzzing->choice.subject)) {
        fflush(stdout);
        fprintf(stderr,
                "heapfuzz: %s refused nearly every request for want of room, and has no `reset`; "
                "give its port one, or state needs_process\n",
                fuzzing->choice.subject->name);
        return true;
    }
    if (counters->calls > 0 && frees() > 0 && checks > 0) {
        return false;
    }
    fflush(stdout);
    fprintf(stderr,
            "heapfuzz: a run with %" PRIu64 " calls, %" PRIu64 " of them frees, and %" PRIu64
            " checks proves nothing\n",
            counters->calls, frees(), checks);
    return true;
}

// Reports everything except failed writes. Returns the exit status.
static int tell(const struct fuzzing *fuzzing)
{
    const struct fuzzer_output *fuzzer = &fuzzing->fuzzer;
    // The harness refuses between runs. A subject that exits in one is a finding, whatever it says.
    bool is_refusal = fuzzer->has_exited && !fuzzer->is_stop && fuzzer->refusal[0] != '\0';
    bool was_stopped =
        fuzzing->stop_signal != 0 || fuzzing->unwritten.path != NULL || ferror(stdout) != 0;
    if (fuzzer->is_law || (fuzzer->artifact[0] != '\0' && !is_refusal)) {
        return tell_finding(fuzzing) ? 1 : 2;
    }
    if (!was_stopped && (fuzzing->child.status != 0 || !fuzzer->has_engine)) {
        (void)unlink(fuzzer->artifact); // A refusal's program is not to blame.
        return tell_failure(fuzzing);
    }
    print_tables(fuzzing);
    if (!was_stopped && tell_nothing_done(fuzzing)) {
        return 2;
    }
    print_done(fuzzing, was_stopped ? "Stopped, no finding" : "No finding");
    return fuzzing->stop_signal != 0 ? 128 + fuzzing->stop_signal : 0;
}

int fuzzing_tell_end(const struct fuzzing *fuzzing)
{
    int status = tell(fuzzing);
    return tell_unwritten(fuzzing) ? 2 : status;
}
