// heapfuzz replay and heapfuzz explain: programs from files, run in this process, or printed as C.

#include "cli/command.h"

#include <inttypes.h>
#include <string.h>

#include "cli/port.h"
#include "cli/progress.h"
#include "cli/text_target.h"
#include "findings/csource.h"
#include "findings/laws_off.h"
#include "findings/report.h"
#include "laws/counters.h"
#include "runner/pair.h"
#include "runner/run.h"
#include "runner/stop.h"
#include "runner/sweep.h"
#include "world/clock.h"

// A program without ops would break no law.
static void refuse_empty(const char *path, const struct program *program)
{
    if (program->count == 0) {
        refuse("%s: there is no op in it", path);
    }
}

static void print_laws_off(const struct choice *choice)
{
    laws_off_print(stdout, choice->subject, choice->target->plan.extension);
    if (choice->other != NULL) {
        laws_off_print(stdout, choice->other, choice->target->plan.extension);
    }
}

int command_replay(int argc, char **argv)
{
    struct choice choice = choose_run(argc, argv);
    struct program program = {0};
    report_findings(FINDING_EXITS);
    stop_watch(true);
    stop_watch_hang();
    if (choice.target->reads_texts) {
        text_target_replay(argc, argv, choice.first_file);
        return 0;
    }
    tell_probed(&choice);
    print_laws_off(&choice);
    for (int at = choice.first_file; at < argc; at++) {
        load_program(argv[at], &program);
        refuse_empty(argv[at], &program);
        printf("%s: ", argv[at]);
        fflush(stdout); // A finding ends the process; the reader must see in which file.
        struct plan plan = choice_plan(&choice, &program);
        uint64_t calls_before = counters->calls;
        double started = clock_seconds();
        sweep_run(&plan, &program);
        printf("%zu ops, %" PRIu64 " calls, %.2f s, no finding\n", program.count,
               counters->calls - calls_before, clock_seconds() - started);
    }
    program_close(&program);
    return 0;
}

static void print_subject(const struct run *run)
{
    if (run->op_index == 0) {
        printf("%s\n", run->plan.subject->name);
    }
}

static void print_done(const struct run *run)
{
    report_op(stdout, run, run->op_index);
    fflush(stdout); // The next op may crash; the reader must see this one.
}

// Removes an option without a value from argv. Returns whether it was there.
static bool take_flag(int *argc, char **argv, const char *name)
{
    for (int at = 1; at < *argc; at++) {
        if (strcmp(argv[at], name) == 0) {
            memmove(argv + at, argv + at + 1, (size_t)(*argc - at) * sizeof argv[0]);
            (*argc)--;
            return true;
        }
    }
    return false;
}

// Prints the program as C, under the name that a finding's would have.
static void print_as_c(const struct choice *choice, const struct program *program, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(base, '.');
    char name[256];
    struct plan plan = choice_plan(choice, program);
    if (choice->other != NULL) {
        refuse("explain: a program as C runs on one subject, so --as-c and target %s do not "
               "go together",
               choice->target->name);
    }
    (void)snprintf(name, sizeof name, "%.*s.c", dot == NULL ? (int)strlen(base) : (int)(dot - base),
                   base);
    (void)csource_write(stdout, &plan, program, name);
}

int command_explain(int argc, char **argv)
{
    bool is_as_c = take_flag(&argc, argv, "--as-c");
    struct choice choice = choose_run(argc, argv);
    const char *path = choose_one_file(argc, argv, &choice);
    struct program program = {0};
    refuse_to_run(argv[0], &choice);
    report_findings(FINDING_EXITS);
    stop_watch(true);
    stop_watch_hang();
    load_program(path, &program);
    refuse_empty(path, &program);
    if (is_as_c) {
        print_as_c(&choice, &program, path);
        program_close(&program);
        return 0;
    }
    struct plan plan = choice_plan(&choice, &program);
    plan.walks_always = true;
    plan.after_op = print_done;
    plan.before_op = choice.other == NULL ? NULL : print_subject;
    pair_run(&plan, &program);
    printf("no law is broken\n\n");
    counters_print(counters, port_words() != NULL);
    print_laws_off(&choice);
    program_close(&program);
    return 0;
}
