// Arguments of a command line: options, choices and refusals. Every refusal is one sentence and
// status 2.

#include "cli/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/port.h"
#include "engines/probed.h"
#include "subjects/subjects.h"

// A program of up to this many ops walks the invariants after each, so that a finding names the op
// that broke them. A longer one walks them at the harness's own pace.
#define WALKED_OPS 4096U

// A target that refuses page requests refuses this many of a program: those that the fuzz target
// refuses, and as many between them. All commands refuse the same, so that one shrinks a program
// that another found.
#define REFUSALS_SWEPT 8U

_Noreturn void refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fprintf(stderr, "heapfuzz: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(2);
}

const char *take_option(int argc, char **argv, int *at, const char *name)
{
    if (strcmp(argv[*at], name) != 0) {
        return NULL;
    }
    if (*at + 1 >= argc) {
        refuse("%s: %s needs a value", argv[0], name);
    }
    return argv[++*at];
}

static const char *subject_name(size_t index)
{
    const struct subject *subject = subject_at(index);
    return subject == NULL ? NULL : subject->name;
}

static const char *target_name(size_t index)
{
    return targets[index].name;
}

// Refuses a name, and lists the names that name_of returns before NULL.
static _Noreturn void refuse_name(const char *kind, const char *name,
                                  const char *(*name_of)(size_t index))
{
    char choices[256] = "";
    size_t used = 0;
    for (size_t i = 0; name_of(i) != NULL && used < sizeof choices; i++) {
        used += (size_t)snprintf(choices + used, sizeof choices - used, " %s", name_of(i));
    }
    refuse("there is no %s '%s'; there are:%s", kind, name, choices);
}

const struct subject *choose_subject(const char *name)
{
    const struct subject *subject = subject_find(name);
    if (subject == NULL) {
        refuse_name("subject", name, subject_name);
    }
    return subject;
}

const struct target *choose_target(const char *name)
{
    const struct target *target = target_find(name);
    if (target == NULL) {
        refuse_name("target", name, target_name);
    }
    return target;
}

bool take_choice(int argc, char **argv, int *at, struct choice *choice)
{
    const char *value;
    if ((value = take_option(argc, argv, at, "--subject")) != NULL) {
        choice->subject = choose_subject(value);
    } else if ((value = take_option(argc, argv, at, "--other")) != NULL) {
        choice->other = choose_subject(value);
    } else if ((value = take_option(argc, argv, at, "--target")) != NULL) {
        choice->target = choose_target(value);
    } else {
        return false;
    }
    return true;
}

void settle_choice(const char *command, struct choice *choice)
{
    if (choice->target->reads_texts && (choice->subject != NULL || choice->other != NULL)) {
        refuse("%s: target %s runs nothing, so it has no subject", command, choice->target->name);
    }
    if (choice->subject == NULL) {
        choice->subject = subject_at(0);
    }
    if (!choice->target->compares && choice->other != NULL) {
        refuse("%s: --other: target %s runs a program on one subject", command,
               choice->target->name);
    }
    if (choice->target->compares && choice->other == NULL) {
        choice->other = subject_beside(choice->subject);
        if (choice->other == NULL) {
            refuse("%s: target %s compares two subjects, and this build has only '%s'", command,
                   choice->target->name, choice->subject->name);
        }
    }
    if (choice->other == choice->subject) {
        refuse("%s: --other: a pair is two subjects, and both are '%s'", command,
               choice->subject->name);
    }
    if (!choice->target->reads_texts) {
        (void)subject_probe(choice->subject);
        (void)(choice->other == NULL ? NULL : subject_probe(choice->other));
    }
}

void print_replay(const struct choice *choice, const char *path)
{
    printf("  heapfuzz replay");
    if (!choice->target->reads_texts) {
        if (port_words() != NULL) {
            printf(" %s", port_words()); // They build the subjects, and name them.
        } else {
            printf(" --subject %s", choice->subject->name);
            if (choice->other != NULL) {
                printf(" --other %s", choice->other->name);
            }
        }
    }
    printf(" --target %s %s\n", choice->target->name, path);
}

void print_subjects(const struct choice *choice, char text[CHOICE_BYTES])
{
    (void)snprintf(text, CHOICE_BYTES, "%s%s%s",
                   choice->target->reads_texts ? "the op language" : choice->subject->name,
                   choice->other == NULL ? "" : " and ",
                   choice->other == NULL ? "" : choice->other->name);
}

void refuse_to_run(const char *command, const struct choice *choice)
{
    if (choice->target->reads_texts) {
        refuse("%s: target %s runs no program; replay says what it makes of a file", command,
               choice->target->name);
    }
}

struct choice choose_run(int argc, char **argv)
{
    struct choice choice = {NULL, NULL, &targets[0], argc};
    for (int at = 1; at < argc; at++) {
        if (take_choice(argc, argv, &at, &choice)) {
            continue;
        }
        if (argv[at][0] == '-') {
            refuse("%s: there is no option '%s'", argv[0], argv[at]);
        } else {
            choice.first_file = at;
            break;
        }
    }
    if (choice.first_file == argc) {
        refuse("%s: which file?", argv[0]);
    }
    settle_choice(argv[0], &choice);
    return choice;
}

const char *choose_one_file(int argc, char **argv, const struct choice *choice)
{
    if (choice->first_file + 1 != argc) {
        refuse("%s: one file at a time", argv[0]);
    }
    return argv[choice->first_file];
}

struct plan choice_plan(const struct choice *choice, const struct program *program)
{
    struct plan plan = choice->target->plan;
    plan.subject = choice->subject;
    plan.other = choice->other;
    plan.refusals_swept = plan.refusals_swept == 0 ? 0 : REFUSALS_SWEPT;
    plan.walks_always = program->count <= WALKED_OPS;
    plan.runs_twice = true;
    return plan;
}

size_t choose_number(const char *option, const char *text, size_t least, size_t most)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < least ||
        number > most) {
        refuse("%s: '%s' is not a whole number from %zu to %zu", option, text, least, most);
    }
    return (size_t)number;
}
