// heapfuzz random: runs programs by the harness's own mixes and edits in this process, without an
// engine and its coverage. The programs depend on the seed and the files alone.
//
// Each program is a copy of one in the pool, or of none, with some edits. The pool begins with the
// files; now and then a program replaces another one in it.

#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/finding.h"
#include "cli/port.h"
#include "cli/progress.h"
#include "cli/random_threads.h"
#include "cli/words.h"
#include "findings/laws_off.h"
#include "findings/report.h"
#include "language/mix.h"
#include "language/mutate.h"
#include "language/text.h"
#include "laws/counters.h"
#include "runner/stop.h"
#include "runner/sweep.h"
#include "runner/threads.h"
#include "world/clock.h"

#define COUNT_MOST 1000000000U
#define OPS_MOST 256U
#define POOL 512U
#define ROUNDS 4U // Of edits, at most, to a copy.

// One program in FRESH_ONE_IN starts from nothing; one in KEPT_ONE_IN is kept.
#define FRESH_ONE_IN 8U
#define KEPT_ONE_IN 8U

// Seconds between two progress lines, where lines are rewritten and where they are not.
#define LIVE_SECONDS 0.25
#define LINE_SECONDS 10.0

static struct {
    struct choice choice;
    size_t count, seed;
    size_t threads, round; ///< See random_threads.h; 0: this thread, and every program.
    size_t done;
    uint64_t random;
    double began, printed;
    bool is_live;
    struct program program; ///< The current one.
    struct program pool[POOL];
    size_t pooled, given; ///< The files' programs come first, and stay.
    struct words files;
} making;

// Reads the arguments, and the files into the pool.
static void read_words(int argc, char **argv)
{
    making.choice.target = &targets[0];
    making.seed = 1;
    for (int at = 1; at < argc; at++) {
        const char *value;
        if (take_choice(argc, argv, &at, &making.choice)) {
            continue;
        }
        if ((value = take_option(argc, argv, &at, "--count")) != NULL) {
            making.count = choose_number("--count", value, 1, COUNT_MOST);
        } else if ((value = take_option(argc, argv, &at, "--seed")) != NULL) {
            making.seed = choose_number("--seed", value, 0, SIZE_MAX);
        } else if ((value = take_option(argc, argv, &at, "--threads")) != NULL) {
            making.threads = choose_number("--threads", value, 1, THREADS_MOST);
        } else if ((value = take_option(argc, argv, &at, "--round")) != NULL) {
            making.round = choose_number("--round", value, 1, COUNT_MOST);
        } else if (argv[at][0] == '-') {
            refuse("random: there is no option '%s'", argv[at]);
        } else if (making.given == POOL / 2) {
            refuse("random: more than %u files", POOL / 2);
        } else {
            load_program(argv[at], &making.pool[making.given++]);
            words_add(&making.files, argv[at]);
        }
    }
    if (making.count == 0) {
        refuse("random: how many? --count N");
    }
    if (making.round > 0 && making.threads == 0) {
        refuse("random: --round is one of --threads");
    }
    making.pooled = making.given;
    settle_choice(argv[0], &making.choice);
    refuse_to_run(argv[0], &making.choice);
}

static uint64_t draw_seed(uint64_t *random)
{
    uint64_t high = draw(random, UINT32_MAX);
    return high << 32 | draw(random, UINT32_MAX);
}

static void make(uint64_t *random)
{
    struct scope scope = target_scope_of(making.choice.target, making.choice.subject);
    bool is_fresh = making.pooled == 0 || draw(random, FRESH_ONE_IN) == 0;
    program_clear(&making.program);
    if (!is_fresh) {
        program_copy(&making.program, &making.pool[draw(random, (uint32_t)making.pooled)]);
    }
    for (uint32_t rounds = 1 + draw(random, ROUNDS); rounds > 0; rounds--) {
        mutate_program(&making.program, &scope, OPS_MOST, draw_seed(random));
    }
}

static void keep(uint64_t *random)
{
    size_t at = making.pooled;
    if (draw(random, KEPT_ONE_IN) != 0) {
        return;
    }
    if (making.pooled == POOL) {
        at = making.given + draw(random, (uint32_t)(POOL - making.given));
    } else {
        making.pooled++;
    }
    program_copy(&making.pool[at], &making.program);
}

static void tell_how_far(void)
{
    double now = clock_seconds();
    if (now - making.printed < (making.is_live ? LIVE_SECONDS : LINE_SECONDS)) {
        return;
    }
    making.printed = now;
    printf("%s%zu of %zu programs, %.0f/s%s", making.is_live ? "\r" : "", making.done, making.count,
           (double)making.done / (now - making.began), making.is_live ? "\033[K" : "\n");
    fflush(stdout);
}

// Keeps the program of a finding, which is reported already. Ends the process where that fails.
static void keep_finding(void)
{
    char fault[32];
    char name[FINDING_NAME_BYTES];
    (void)snprintf(fault, sizeof fault, "random-%zu", making.seed);
    struct output output;
    bool is_open = finding_open(&output, fault, "ops");
    if (is_open) {
        fprintf(output.file, "# program %zu of seed %zu\n", making.done + 1, making.seed);
        text_write(output.file, &making.program);
    }
    if (!is_open || !finding_close(&output, fault, "ops", name)) {
        _Exit(2);
    }
    printf("program %zu of seed %zu:\n", making.done + 1, making.seed);
    print_replay(&making.choice, name);
    if (fflush(stdout) != 0) {
        fprintf(stderr, "heapfuzz: can't write to standard output: %s\n", strerror(errno));
        _Exit(2);
    }
}

static void print_done(void)
{
    char subjects_text[CHOICE_BYTES];
    print_subjects(&making.choice, subjects_text);
    printf("%sno finding after %.0f s: %zu programs of seed %zu, %" PRIu64 " calls of %s\n\n",
           making.is_live ? "\r\033[K" : "", clock_seconds() - making.began, making.done,
           making.seed, counters->calls, subjects_text);
    counters_print(counters, port_words() != NULL);
    laws_off_print(stdout, making.choice.subject, making.choice.target->plan.extension);
    if (making.choice.other != NULL) {
        laws_off_print(stdout, making.choice.other, making.choice.target->plan.extension);
    }
}

static void make_for_thread(struct program *program)
{
    make(&making.random);
    keep(&making.random);
    program_copy(program, &making.program);
}

int command_random(int argc, char **argv)
{
    read_words(argc, argv);
    making.random = (making.seed + 1) * 0x9e3779b97f4a7c15U;
    if (making.threads > 0) {
        tell_probed(&making.choice);
        return random_threads(&(struct random_threads){&making.choice, making.threads, making.count,
                                                       making.seed, making.round, &making.files,
                                                       make_for_thread});
    }
    report_findings(FINDING_EXITS);
    finding_before_end(keep_finding);
    stop_watch(true);
    stop_watch_hang();
    tell_probed(&making.choice);
    making.is_live = progress_is_live();
    making.began = making.printed = clock_seconds();
    for (; making.done < making.count; making.done++) {
        make(&making.random);
        struct plan plan = choice_plan(&making.choice, &making.program);
        plan.walks_always = false; // More programs find more than a close look at each.
        plan.runs_twice = false;
        sweep_run(&plan, &making.program);
        keep(&making.random);
        tell_how_far();
    }
    print_done();
    return 0;
}
