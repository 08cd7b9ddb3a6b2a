// The lines of a target's output: libFuzzer's progress, the harness's report of a finding, the
// errors of the sanitizers. Selects the lines for people. The log keeps the rest: stacks of
// libFuzzer itself, and the bytes in three notations. Does no input or output.
//
// The subject may print as well, also a part of a line or a copy of any line here. So a broken law
// is one that the counters note, a saved program has the run's own prefix, and of the other reports
// the last one counts: it ended the run.

#include "cli/fuzzer_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "laws/counters.h"
#include "runner/stop.h"

// A report shows a stack up to its first frame in the harness, and no more frames than this.
#define FRAMES_SHOWN 12U

// Ends of a run except broken laws; the first match counts.
static const struct {
    const char *words, *fault, *sentence;
} errors[] = {
    {"ERROR: AddressSanitizer", "asan", "AddressSanitizer stopped it"},
    {"AddressSanitizer: CHECK failed", "asan", "AddressSanitizer was asked for what can't be"},
    {"ERROR: LeakSanitizer", "leak", "memory was lost"},
    {"ERROR: libFuzzer: timeout", "timeout", "one program took too long"},
    {"ERROR: libFuzzer: out-of-memory", "memory", "one program took too much memory"},
    {"ERROR: libFuzzer: fuzz target exited", "crash", "the subject ended the process"},
    {"ERROR: libFuzzer", "crash", "a signal ended it"},
    {": runtime error: ", "ubsan", "UndefinedBehaviorSanitizer stopped it"},
};

// The harness's own reports of them.
static const struct {
    const char *words, *fault, *sentence;
} stops[] = {
    {"UndefinedBehaviorSanitizer stopped ", "ubsan", "UndefinedBehaviorSanitizer stopped it"},
    {"AddressSanitizer stopped ", "asan", "AddressSanitizer stopped it"},
    {"exit stopped ", "crash", "the subject ended the process"},
};

static bool begins(const char *line, const char *words)
{
    return strncmp(line, words, strlen(words)) == 0;
}

// Returns the number after the words, or the one before.
static unsigned long number_after(const char *line, const char *words, unsigned long before)
{
    const char *found = strstr(line, words);
    return found == NULL ? before : strtoul(found + strlen(words), NULL, 10);
}

static void read_progress(struct fuzzer_output *fuzzer, const char *line)
{
    fuzzer->coverage = number_after(line, " cov: ", fuzzer->coverage);
    fuzzer->corpus_programs = number_after(line, " corp: ", fuzzer->corpus_programs);
    fuzzer->memory_mb = number_after(line, " rss: ", fuzzer->memory_mb);
}

static void add_to_report(struct fuzzer_output *fuzzer, const char *line)
{
    size_t room = sizeof fuzzer->report - fuzzer->report_bytes;
    int length = snprintf(fuzzer->report + fuzzer->report_bytes, room, "%s\n", line);
    fuzzer->report_bytes += (size_t)length < room ? (size_t)length : room - 1;
}

// Begins the report again: the lines so far were the subject's.
static void begin_report(struct fuzzer_output *fuzzer, const char *line)
{
    fuzzer->report_bytes = 0;
    fuzzer->frames = 0;
    fuzzer->has_error = false;
    fuzzer->part = PART_PROGRAM;
    add_to_report(fuzzer, line);
}

// A target records the broken law before it prints the report.
static bool read_law(struct fuzzer_output *fuzzer, const char *line)
{
    char words[64];
    if (!broken_is_noted(&counters->broken)) {
        return false;
    }
    (void)snprintf(words, sizeof words, "law %s broken", broken_name(&counters->broken));
    const char *found = strstr(line, words);
    if (found != NULL) {
        fuzzer->is_law = true;
        fuzzer->fault = broken_name(&counters->broken);
        fuzzer->fault_sentence = broken_sentence(&counters->broken);
        begin_report(fuzzer, found);
    }
    return found != NULL;
}

// Reads the first line of the harness's own report of a stop.
static bool read_stop(struct fuzzer_output *fuzzer, const char *line)
{
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        const char *found = strstr(line, stops[i].words);
        if (found != NULL) {
            fuzzer->fault = stops[i].fault;
            fuzzer->fault_sentence = stops[i].sentence;
            fuzzer->is_stop = true;
            begin_report(fuzzer, found);
            return true;
        }
    }
    return false;
}

// Reads the first line of a report of a sanitizer or of libFuzzer. Behind the harness's own report
// of the same stop it adds a stack.
static bool read_error(struct fuzzer_output *fuzzer, const char *line)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (strstr(line, errors[i].words) == NULL) {
            continue;
        }
        const char *error = strstr(line, "ERROR: ");
        error = error == NULL ? line : error;
        if (fuzzer->is_stop && !fuzzer->has_error) {
            add_to_report(fuzzer, error);
        } else {
            fuzzer->fault = errors[i].fault;
            fuzzer->fault_sentence = errors[i].sentence;
            fuzzer->is_stop = false;
            begin_report(fuzzer, error);
        }
        fuzzer->has_error = true;
        fuzzer->part = PART_ERROR;
        return true;
    }
    return false;
}

// Frames of libFuzzer and of the C library's way to abort say nothing about the subject.
static bool is_noise(const char *frame)
{
    static const char *const words[] = {"fuzzer::", " __sanitizer_", "/libc.so", "(/lib/",
                                        "nptl/",    "sysdeps/",      " abort "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(frame, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

// The lines under the first stack show the origin of the memory and its shadow: they are for the
// log.
static void read_error_part(struct fuzzer_output *fuzzer, const char *line)
{
    if (begins(line, "    #")) {
        if (!is_noise(line)) {
            add_to_report(fuzzer, line);
            fuzzer->frames++;
        }
        if (fuzzer->frames == FRAMES_SHOWN || stop_is_harness(line)) {
            fuzzer->part = PART_NONE;
        }
    } else if (begins(line, "READ of size") || begins(line, "WRITE of size")) {
        add_to_report(fuzzer, line);
    } else if (fuzzer->frames > 0) {
        fuzzer->part = PART_NONE;
    }
}

// A broken law is no copy of the subject's. libFuzzer also reports the signal that ends it.
static void read_report(struct fuzzer_output *fuzzer, const char *line)
{
    if (!fuzzer->is_law &&
        (read_law(fuzzer, line) || read_stop(fuzzer, line) || read_error(fuzzer, line))) {
        return;
    }
    bool is_foreign = begins(line, "==") || begins(line, "AddressSanitizer:");
    if (fuzzer->part == PART_PROGRAM && is_foreign) {
        fuzzer->part = PART_NONE;
    } else if (fuzzer->part == PART_PROGRAM) {
        add_to_report(fuzzer, line);
    } else if (fuzzer->part == PART_ERROR) {
        read_error_part(fuzzer, line);
    }
}

// Reads the path of a program that libFuzzer saved, which names the kind of the end as well. A
// timeout is reported only behind it.
static void read_artifact(struct fuzzer_output *fuzzer, const char *path)
{
    const char *kind = path + strlen(fuzzer->artifacts);
    if (!begins(path, fuzzer->artifacts) || begins(kind, "slow-unit-")) {
        return;
    }
    (void)snprintf(fuzzer->artifact, sizeof fuzzer->artifact, "%s", path);
    if (begins(kind, "timeout-")) {
        (void)read_error(fuzzer, "ERROR: libFuzzer: timeout");
    } else if (fuzzer->fault == NULL) {
        fuzzer->fault = "stop";
        fuzzer->fault_sentence = "it stopped, and did not say why";
    }
}

static void read_line(struct fuzzer_output *fuzzer, const char *line)
{
    static const char saved[] = "Test unit written to ";
    const char *path = strstr(line, saved);
    if (line[0] == '#' && line[1] >= '0' && line[1] <= '9') {
        read_progress(fuzzer, line);
        return;
    }
    fuzzer->has_engine = fuzzer->has_engine || begins(line, "INFO: Seed:");
    fuzzer->has_exited =
        fuzzer->has_exited || strstr(line, "libFuzzer: fuzz target exited") != NULL;
    if (path != NULL) {
        read_artifact(fuzzer, path + strlen(saved));
    } else if (begins(line, "heapfuzz: ") || strstr(line, "_fuzzer: ") != NULL) {
        (void)snprintf(fuzzer->refusal, sizeof fuzzer->refusal, "%s", line);
    }
    if (line[0] != '\0') {
        memcpy(fuzzer->last_line, line, strlen(line) + 1);
    }
    read_report(fuzzer, line);
}

void fuzzer_output_read(struct fuzzer_output *fuzzer, const char *bytes, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        if (bytes[i] == '\n') {
            fuzzer->line[fuzzer->line_bytes] = '\0';
            fuzzer->line_bytes = 0;
            read_line(fuzzer, fuzzer->line);
        } else if (fuzzer->line_bytes < sizeof fuzzer->line - 1) {
            fuzzer->line[fuzzer->line_bytes++] = bytes[i];
        }
    }
}
