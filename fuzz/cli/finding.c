// From the bytes that libFuzzer saved to the simplest text that people can read, replay and keep.

#include "cli/finding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/csource.h"
#include "harness/text.h"
#include "harness/trial.h"

// libFuzzer names what it saves by its hash. This is that of no bytes: any other file that is empty
// is one that could not be written.
#define HASH_OF_NOTHING "da39a3ee5e6b4b0d3255bfef95601890afd80709"

static bool read_artifact(const char *path, struct program *program)
{
    uint8_t bytes[PROGRAM_BYTES];
    FILE *file = path[0] == '\0' ? NULL : fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    size_t size_bytes = fread(bytes, 1, sizeof bytes, file);
    bool is_whole = ferror(file) == 0 && (size_bytes > 0 || strstr(path, HASH_OF_NOTHING) != NULL);
    (void)fclose(file);
    program_decode(program, bytes, size_bytes);
    return is_whole;
}

FILE *finding_open(const char *fault, const char *suffix, char name[FINDING_NAME_BYTES])
{
    FILE *file;
    unsigned number = 1;
    (void)snprintf(name, FINDING_NAME_BYTES, "finding-%s.%s", fault, suffix);
    while ((file = fopen(name, "wbx")) == NULL && errno == EEXIST) {
        (void)snprintf(name, FINDING_NAME_BYTES, "finding-%s-%u.%s", fault, ++number, suffix);
    }
    return file;
}

bool finding_close(FILE *file, const char *name)
{
    bool is_bad = ferror(file) != 0;
    if (fclose(file) != 0 || is_bad) {
        int error = errno;
        (void)unlink(name); // Half a finding is another one.
        errno = error;
        return false;
    }
    return true;
}

static bool write_text(const struct heard *heard, const struct program *program,
                       const struct choice *choice, char *name)
{
    char subjects_text[CHOICE_BYTES];
    FILE *file = finding_open(heard->fault, "ops", name);
    if (file == NULL) {
        return false;
    }
    fprintf(file, "# %s%s: %s\n", heard->is_law ? "law " : "", heard->fault, heard->fault_sentence);
    print_subjects(choice, subjects_text);
    fprintf(file, "# on subject %s, target %s\n", subjects_text, choice->target->name);
    text_write(file, program);
    return finding_close(file, name);
}

// Writes the program as C beside its text, and says how to compile it. Nothing is written where it
// does not fail again, nor for two subjects at once.
static void write_as_c(const struct choice *choice, const struct program *program,
                       const char *text_name)
{
    char name[FINDING_NAME_BYTES];
    struct plan plan = choice_plan(choice, program);
    const struct csource_compile *compile = csource_compile(choice->subject);
    if (compile == NULL || choice->other != NULL) {
        return;
    }
    (void)snprintf(name, sizeof name, "%.*s.c", (int)strlen(text_name) - 4, text_name);
    FILE *file = fopen(name, "wx");
    if (file == NULL) {
        fprintf(stderr, "heapfuzz: can't write %s: %s\n", name, strerror(errno));
        return;
    }
    bool fails = csource_write(file, &plan, program, name) != TRIAL_CLEAN;
    bool is_bad = ferror(file) != 0;
    is_bad = fclose(file) != 0 || is_bad;
    if (is_bad || !fails) {
        (void)unlink(name);
    } else {
        printf("  %s compiles alone: %s%s%s\n", name, compile->before, name, compile->after);
    }
}

// Makes the program as simple as it can be and tells what it does, in a process of its own. Where
// it does not fail again, what the target itself said is all there is to tell.
static void shrink_and_report(const struct heard *heard, const struct choice *choice,
                              struct program *program)
{
    struct plan plan = choice_plan(choice, program);
    size_t ops = program->count;
    if (shrink_program(&plan, program)) {
        printf("shrunk from %zu ops to %zu, which fail three times out of three\n", ops,
               program->count);
        (void)trial_show(&plan, program);
    } else {
        printf("%sIt did not happen again in a process of its own.\n", heard->report);
    }
}

void finding_tell(const struct heard *heard, const struct choice *choice)
{
    struct program program = {0};
    char name[FINDING_NAME_BYTES];
    char options[CHOICE_BYTES];
    const char *kept = heard->artifact;
    if (!read_artifact(heard->artifact, &program)) {
        printf("%s", heard->report);
        fflush(stdout); // What goes wrong from here is said after it.
        fprintf(stderr, "heapfuzz: libFuzzer could not save the program of this finding\n");
        return;
    }
    shrink_and_report(heard, choice, &program);
    fflush(stdout);
    if (write_text(heard, &program, choice, name)) {
        (void)unlink(heard->artifact); // The text has it all.
        kept = name;
    } else {
        fprintf(stderr, "heapfuzz: can't write %s: %s\n", name, strerror(errno));
    }
    print_options(choice, options);
    printf("  heapfuzz replay %s %s\n", options, kept);
    if (kept == name) {
        write_as_c(choice, &program, name);
    }
    program_close(&program);
}
