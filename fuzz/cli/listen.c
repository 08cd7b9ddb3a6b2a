// The lines of a target's output: libFuzzer's progress, the harness's report of a finding, the
// errors of the sanitizers. Picks out what is for people and leaves the rest, the stacks of
// libFuzzer itself and the bytes in three notations, to the log. Does no input or output.

#include "cli/listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/language.h"
#include "harness/law.h"

// A stack is shown up to its first frame in the harness, and no further than this.
#define FRAMES_SHOWN 12U

// What ends a run beside the laws, the first that matches.
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

// The number after the words, or the one there was.
static unsigned long number_after(const char *line, const char *words, unsigned long before)
{
    const char *found = strstr(line, words);
    return found == NULL ? before : strtoul(found + strlen(words), NULL, 10);
}

static void hear_progress(struct heard *heard, const char *line)
{
    heard->coverage = number_after(line, " cov: ", heard->coverage);
    heard->corpus_programs = number_after(line, " corp: ", heard->corpus_programs);
    heard->memory_mb = number_after(line, " rss: ", heard->memory_mb);
}

static void add_to_report(struct heard *heard, const char *line)
{
    size_t room = sizeof heard->report - heard->report_bytes;
    int length = snprintf(heard->report + heard->report_bytes, room, "%s\n", line);
    heard->report_bytes += (size_t)length < room ? (size_t)length : room - 1;
}

static bool is_law_broken(struct heard *heard, const char *line)
{
    for (unsigned law = 0; law < LAWS; law++) {
        char words[64];
        (void)snprintf(words, sizeof words, "law %s broken ", law_name((enum law)law));
        if (begins(line, words)) {
            heard->fault = law_name((enum law)law);
            heard->fault_sentence = law_sentence((enum law)law);
            heard->is_law = true;
            return true;
        }
    }
    return false;
}

static bool is_language_law_broken(struct heard *heard, const char *line)
{
    for (unsigned law = 0; law < LANGUAGE_LAWS; law++) {
        char words[64];
        (void)snprintf(words, sizeof words, "law %s broken ",
                       language_law_name((enum language_law)law));
        if (begins(line, words)) {
            heard->fault = language_law_name((enum language_law)law);
            heard->fault_sentence = language_law_sentence((enum language_law)law);
            heard->is_law = true;
            return true;
        }
    }
    return false;
}

static bool is_error(struct heard *heard, const char *line)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (strstr(line, errors[i].words) != NULL) {
            heard->fault = errors[i].fault;
            heard->fault_sentence = errors[i].sentence;
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

// What is under the first stack tells where the memory came from, and its shadow: that is for the
// log.
static void hear_error_part(struct heard *heard, const char *line)
{
    if (begins(line, "    #")) {
        if (!is_noise(line)) {
            add_to_report(heard, line);
            heard->frames++;
        }
        if (heard->frames == FRAMES_SHOWN || strstr(line, "/harness/") != NULL) {
            heard->part = PART_NONE;
        }
    } else if (begins(line, "READ of size") || begins(line, "WRITE of size")) {
        add_to_report(heard, line);
    } else if (heard->frames > 0) {
        heard->part = PART_NONE;
    }
}

// Takes in a line while no fault is known. The first is the one: a broken law also makes libFuzzer
// report the abort that it ends with.
static void hear_fault(struct heard *heard, const char *line)
{
    if (is_law_broken(heard, line) || is_language_law_broken(heard, line) ||
        begins(line, "AddressSanitizer stopped ") ||
        begins(line, "UndefinedBehaviorSanitizer stopped ")) {
        heard->part = PART_PROGRAM;
        add_to_report(heard, line);
    } else if (is_error(heard, line)) {
        const char *error = strstr(line, "ERROR: ");
        heard->part = PART_ERROR;
        add_to_report(heard, error == NULL ? line : error);
    } else if (heard->part == PART_PROGRAM) {
        add_to_report(heard, line);
    }
}

static void hear_report(struct heard *heard, const char *line)
{
    bool is_foreign = begins(line, "==") || begins(line, "AddressSanitizer:");
    if (heard->part == PART_PROGRAM && is_foreign) {
        heard->part = PART_NONE;
    }
    if (heard->fault == NULL) {
        hear_fault(heard, line);
    } else if (heard->part == PART_PROGRAM) {
        add_to_report(heard, line);
    } else if (heard->part == PART_ERROR) {
        hear_error_part(heard, line);
    }
}

static void hear_line(struct heard *heard, const char *line)
{
    static const char saved[] = "Test unit written to ";
    const char *path = strstr(line, saved);
    if (line[0] == '#' && line[1] >= '0' && line[1] <= '9') {
        hear_progress(heard, line);
        return;
    }
    heard->has_engine = heard->has_engine || begins(line, "INFO: Seed:");
    heard->has_exited = heard->has_exited || strstr(line, "libFuzzer: fuzz target exited") != NULL;
    if (path != NULL && strstr(path, ".slow-unit-") == NULL) {
        (void)snprintf(heard->artifact, sizeof heard->artifact, "%s", path + strlen(saved));
        if (heard->fault == NULL) {
            heard->fault = "stop";
            heard->fault_sentence = "it stopped, and did not say why";
        }
    } else if (begins(line, "heapfuzz: ") || strstr(line, "_fuzzer: ") != NULL) {
        (void)snprintf(heard->refusal, sizeof heard->refusal, "%s", line);
    }
    if (line[0] != '\0') {
        memcpy(heard->last_line, line, strlen(line) + 1);
    }
    hear_report(heard, line);
}

void listen_to(struct heard *heard, const char *bytes, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        if (bytes[i] == '\n') {
            heard->line[heard->line_bytes] = '\0';
            heard->line_bytes = 0;
            hear_line(heard, heard->line);
        } else if (heard->line_bytes < sizeof heard->line - 1) {
            heard->line[heard->line_bytes++] = bytes[i];
        }
    }
}
