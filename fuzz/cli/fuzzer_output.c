// The lines of a target's output: libFuzzer's progress, the harness's report of a finding, the
// errors of the sanitizers. Selects the lines for people. The log keeps the rest: stacks of
// libFuzzer itself, and the bytes in three notations. Does no input or output.

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

// A target records the broken law before it prints the report.
static bool is_law_broken(struct fuzzer_output *fuzzer, const char *line)
{
    fuzzer->is_law = broken_is_noted(&counters->broken) && begins(line, "law ");
    if (fuzzer->is_law) {
        fuzzer->fault = broken_name(&counters->broken);
        fuzzer->fault_sentence = broken_sentence(&counters->broken);
    }
    return fuzzer->is_law;
}

static bool is_error(struct fuzzer_output *fuzzer, const char *line)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (strstr(line, errors[i].words) != NULL) {
            fuzzer->fault = errors[i].fault;
            fuzzer->fault_sentence = errors[i].sentence;
            return true;
        }
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

// Reads a line while no fault is known. The first fault counts: after a broken law libFuzzer also
// reports the signal that ends it.
static void read_fault(struct fuzzer_output *fuzzer, const char *line)
{
    if (is_law_broken(fuzzer, line) || begins(line, "AddressSanitizer stopped ") ||
        begins(line, "UndefinedBehaviorSanitizer stopped ")) {
        fuzzer->part = PART_PROGRAM;
        add_to_report(fuzzer, line);
    } else if (is_error(fuzzer, line)) {
        const char *error = strstr(line, "ERROR: ");
        fuzzer->part = PART_ERROR;
        add_to_report(fuzzer, error == NULL ? line : error);
    } else if (fuzzer->part == PART_PROGRAM) {
        add_to_report(fuzzer, line);
    }
}

static void read_report(struct fuzzer_output *fuzzer, const char *line)
{
    bool is_foreign = begins(line, "==") || begins(line, "AddressSanitizer:");
    if (fuzzer->part == PART_PROGRAM && is_foreign) {
        fuzzer->part = PART_NONE;
    }
    if (fuzzer->fault == NULL) {
        read_fault(fuzzer, line);
    } else if (fuzzer->part == PART_PROGRAM) {
        add_to_report(fuzzer, line);
    } else if (fuzzer->part == PART_ERROR) {
        read_error_part(fuzzer, line);
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
    if (path != NULL && strstr(path, ".slow-unit-") == NULL) {
        (void)snprintf(fuzzer->artifact, sizeof fuzzer->artifact, "%s", path + strlen(saved));
        if (fuzzer->fault == NULL) {
            fuzzer->fault = "stop";
            fuzzer->fault_sentence = "it stopped, and did not say why";
        }
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
