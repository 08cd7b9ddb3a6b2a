// heapfuzz replay and heapfuzz explain: programs from files, run in this process.

#include "cli/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/counters.h"
#include "harness/report.h"
#include "harness/run.h"

// Up to this many ops the invariants are walked after each, so that a finding names the op that
// broke them; beyond, at the harness's own pace.
#define WALKED_OPS 4096U

struct choice {
    const struct subject *subject;
    const struct target *target;
    int first_file;
};

static struct choice read_words(int argc, char **argv)
{
    struct choice choice = {subjects[0], targets[0], argc};
    for (int at = 1; at < argc; at++) {
        const char *value;
        if ((value = take_option(argc, argv, &at, "--subject")) != NULL) {
            choice.subject = choose_subject(value);
        } else if ((value = take_option(argc, argv, &at, "--target")) != NULL) {
            choice.target = choose_target(value);
        } else if (argv[at][0] == '-') {
            refuse("%s: there is no option '%.40s'", argv[0], argv[at]);
        } else {
            choice.first_file = at;
            break;
        }
    }
    if (choice.first_file == argc) {
        refuse("%s: which file?", argv[0]);
    }
    return choice;
}

static struct plan plan_of(const struct choice *choice, const struct program *program)
{
    return (struct plan){
        .subject = choice->subject,
        .mixes_faces = choice->target->mixes_faces,
        .walks_always = program->count <= WALKED_OPS,
    };
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int command_replay(int argc, char **argv)
{
    struct choice choice = read_words(argc, argv);
    struct program program = {0};
    report_ends(REPORT_EXITS);
    report_laws_off(stdout, choice.subject);
    for (int at = choice.first_file; at < argc; at++) {
        load_program(argv[at], &program);
        printf("%s: ", argv[at]);
        fflush(stdout); // A finding ends the process, and the reader must know where.
        struct plan plan = plan_of(&choice, &program);
        uint64_t calls_before = counters->calls;
        double started = seconds_now();
        run_program(&plan, &program);
        printf("%zu ops, %" PRIu64 " calls, %.2f s, no finding\n", program.count,
               counters->calls - calls_before, seconds_now() - started);
    }
    program_close(&program);
    return 0;
}

static void print_done(const struct run *run)
{
    report_op(stdout, run, run->op_index);
    fflush(stdout); // What follows may crash, and this must be seen.
}

int command_explain(int argc, char **argv)
{
    struct choice choice = read_words(argc, argv);
    struct program program = {0};
    if (choice.first_file + 1 != argc) {
        refuse("explain: one file at a time");
    }
    report_ends(REPORT_EXITS);
    load_program(argv[choice.first_file], &program);
    struct plan plan = plan_of(&choice, &program);
    plan.walks_always = true;
    plan.after_op = print_done;
    run_program(&plan, &program);
    printf("no law is broken\n\n");
    counters_print(counters);
    report_laws_off(stdout, choice.subject);
    program_close(&program);
    return 0;
}
