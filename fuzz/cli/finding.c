// A finding, from the bytes that libFuzzer saved to the simplest text to read, replay and keep.

#include "cli/finding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/port.h"
#include "cli/sha1.h"
#include "findings/csource.h"
#include "findings/shrinker.h"
#include "language/text.h"
#include "laws/finding.h"
#include "laws/law.h"
#include "runner/trial.h"

bool finding_read(const struct fuzzer_output *fuzzer, uint8_t *bytes, size_t *size_bytes)
{
    const char *path = fuzzer->artifact;
    char digits[SHA1_DIGITS + 1];
    const char *hash = sha1_in_name(path); // Of its bytes: a file may have been written in part.
    FILE *file = path[0] == '\0' ? NULL : fopen(path, "rb");
    bool is_whole = false;
    if (file != NULL) {
        *size_bytes = fread(bytes, 1, TARGET_MOST_BYTES, file);
        sha1_print(bytes, *size_bytes, digits);
        bool is_read = ferror(file) == 0;
        is_whole = is_read && (hash == NULL || strcmp(hash, digits) == 0);
        (void)fclose(file);
        if (is_read && !is_whole) {
            (void)unlink(path);
        }
    }
    if (!is_whole) {
        printf("%s", fuzzer->report);
        fflush(stdout); // Errors from here on follow it.
        fprintf(stderr, "heapfuzz: libFuzzer could not save what it found as %s\n",
                path[0] == '\0' ? "a file" : path);
    }
    return is_whole;
}

static bool tell_unwritten(const char *name)
{
    int error = errno;
    fflush(stdout);
    fprintf(stderr, "heapfuzz: can't write %s: %s\n", name, strerror(error));
    return false;
}

static void print_name(char name[FINDING_NAME_BYTES], const char *fault, unsigned number,
                       const char *suffix)
{
    if (number == 1) {
        (void)snprintf(name, FINDING_NAME_BYTES, "finding-%s.%s", fault, suffix);
    } else {
        (void)snprintf(name, FINDING_NAME_BYTES, "finding-%s-%u.%s", fault, number, suffix);
    }
}

bool finding_open(struct output *output, const char *fault, const char *suffix)
{
    char name[FINDING_NAME_BYTES];
    print_name(name, fault, 1, suffix);
    return output_open_new(output, name) || tell_unwritten(name);
}

bool finding_close(struct output *output, const char *fault, const char *suffix,
                   char name[FINDING_NAME_BYTES])
{
    char c_name[FINDING_NAME_BYTES];
    for (unsigned number = 1;; number++) {
        print_name(name, fault, number, suffix);
        print_name(c_name, fault, number, "c"); // It gets the same name.
        if (access(c_name, F_OK) == 0) {
            continue;
        }
        if (output_close_new(output, name)) {
            return true;
        }
        if (errno != EEXIST) {
            return tell_unwritten(name);
        }
    }
}

// A finding as its file has it.
struct named {
    const char *fault, *sentence;
    bool is_law;
};

static bool write_text(const struct named *named, const struct program *program,
                       const struct choice *choice, char *name)
{
    char subjects_text[CHOICE_BYTES];
    struct output output;
    if (!finding_open(&output, named->fault, "ops")) {
        return false;
    }
    fprintf(output.file, "# %s%s: %s\n", named->is_law ? "law " : "", named->fault,
            named->sentence);
    print_subjects(choice, subjects_text);
    fprintf(output.file, "# on subject %s, target %s\n", subjects_text, choice->target->name);
    text_write(output.file, program);
    return finding_close(&output, named->fault, "ops", name);
}

// Writes the program as C beside its text, and prints how to compile it. Writes nothing where it
// does not fail again, where the program has no whole form in C, nor for two subjects at once.
static bool write_as_c(const struct choice *choice, const struct program *program,
                       const char *text_name)
{
    char name[FINDING_NAME_BYTES];
    struct output output;
    struct plan plan = choice_plan(choice, program);
    if (choice->other != NULL || port_is_library() || !csource_is_whole(&plan, program)) {
        return true; // Nor for a library, whose port is no file of the user's.
    }
    (void)snprintf(name, sizeof name, "%.*s.c", (int)strlen(text_name) - 4, text_name);
    if (!output_open_new(&output, name)) {
        return tell_unwritten(name);
    }
    if (csource_write(output.file, &plan, program, name) == TRIAL_CLEAN) {
        output_drop(&output);
        return true;
    }
    if (!output_close_new(&output, name)) {
        output_drop(&output);
        return tell_unwritten(name);
    }
    printf(choice->subject->parts.c_form == NULL ? "  %s needs no harness: "
                                                 : "  %s compiles alone: ",
           name);
    csource_print_command(stdout, choice->subject, name);
    printf("\n");
    return true;
}

// Makes the program as simple as it can and prints its report, in a process of its own. A simpler
// program, or one whose heap is walked after each op, may break another law first, which then names
// the finding. Where nothing fails again, prints the target's own report.
static void shrink_and_report(const struct fuzzer_output *fuzzer, const struct choice *choice,
                              struct program *program, struct named *named)
{
    struct plan plan = choice_plan(choice, program);
    struct program whole = {0};
    size_t ops = program->count;
    bool is_hung = strcmp(named->fault, "timeout") == 0;
    program_copy(&whole, program);
    if (is_hung) { // It had its time under the engine.
        trial_may_take(SHRINK_HUNG_SECONDS);
    }
    trial_verdict verdict = shrink_program(choice, &plan, program);
    trial_may_take(TRIAL_SECONDS);
    if (is_hung && verdict == TRIAL_TIMEOUT && trial_run(&plan, program) == TRIAL_CLEAN) {
        verdict = TRIAL_CLEAN; // A simpler program is only slow.
        program_copy(program, &whole);
    }
    program_close(&whole);
    if (verdict == TRIAL_CLEAN) {
        printf("%sIt did not happen again in a process of its own.%s\n", fuzzer->report,
               port_words() == NULL ? ""
                                    : " A heap whose state outlives a program needs `reset`, or "
                                      "states needs_process.");
        return;
    }
    printf("shrunk from %zu ops to %zu, which fail three times out of three\n", ops,
           program->count);
    (void)trial_show(&plan, program);
    if (verdict >= FINDING_FIRST_STATUS && verdict < FINDING_FIRST_STATUS + (int)LAWS) {
        enum law law = (enum law)(verdict - FINDING_FIRST_STATUS);
        *named = (struct named){law_name(law), law_sentence(law), true};
    }
}

bool finding_tell(const struct fuzzer_output *fuzzer, const struct choice *choice)
{
    struct program program = {0};
    uint8_t bytes[TARGET_MOST_BYTES];
    size_t size_bytes;
    char name[FINDING_NAME_BYTES];
    if (!finding_read(fuzzer, bytes, &size_bytes)) {
        return false;
    }
    struct named named = {fuzzer->fault, fuzzer->fault_sentence, fuzzer->is_law};
    program_decode(&program, bytes, size_bytes);
    shrink_and_report(fuzzer, choice, &program, &named);
    fflush(stdout);
    bool is_kept = write_text(&named, &program, choice, name);
    if (is_kept) {
        (void)unlink(fuzzer->artifact); // The text is complete.
    }
    print_replay(choice, is_kept ? name : fuzzer->artifact);
    is_kept = is_kept && write_as_c(choice, &program, name);
    program_close(&program);
    return is_kept;
}
