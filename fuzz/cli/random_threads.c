// Rounds on real threads. The schedule of threads is not the harness's, so a finding may not come
// again: it is repeated, and the report says how often it did.

#include "cli/random_threads.h"

#include <inttypes.h>

#include "cli/port.h"
#include "cli/words.h"
#include "findings/laws_off.h"
#include "runner/stop.h"
#include "runner/threads.h"
#include "world/clock.h"
#include "world/os.h"

#define REPEATS 10U
#define LINE_SECONDS 10.0 // Between two lines of progress.

struct round {
    struct threads_plan plan;
    struct threads_work *work;
};

static void run(const void *context)
{
    const struct round *round = context;
    threads_run(&round->plan, round->work);
}

static void make(const struct random_threads *wanted, struct program *programs, struct round *round)
{
    for (size_t i = 0; i < wanted->threads; i++) {
        wanted->make(&programs[i]);
    }
    round->plan.seed++;
}

static void print_again(const struct random_threads *wanted, size_t number)
{
    printf("  heapfuzz random");
    if (port_words() != NULL) {
        printf(" %s", port_words());
    } else {
        printf(" --subject %s", wanted->choice->subject->name);
    }
    printf(" --threads %zu --seed %zu --round %zu --count 100", wanted->threads, wanted->seed,
           number);
    for (size_t i = 0; i < wanted->files->count; i++) {
        putchar(' ');
        words_print_for_shell(stdout, wanted->files->at[i]);
    }
    putchar('\n');
}

// The child has reported a broken law, or a stop.
static void tell_finding(const struct random_threads *wanted, const struct round *round,
                         size_t number, unsigned repeats)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < repeats; i++) {
        failed += trial_call(run, round, false) != TRIAL_CLEAN;
    }
    printf("round %zu of seed %zu on %zu thread%s; it failed in %u of %u more run%s\n", number,
           wanted->seed, wanted->threads, wanted->threads == 1 ? "" : "s", failed, repeats,
           repeats == 1 ? "" : "s");
    print_again(wanted, number);
}

static void print_done(const struct random_threads *wanted, const struct round *round,
                       double seconds)
{
    static const enum law laws[] = {THREADS_LAWS, THREADS_END_LAWS};
    static const enum law end[] = {THREADS_END_LAWS};
    const size_t count = sizeof laws / sizeof laws[0];
    printf("no finding after %.0f s: %zu rounds of seed %zu on %zu thread%s, %" PRIu64
           " calls of %s, %" PRIu64 " checks\n\n",
           seconds, wanted->count, wanted->seed, wanted->threads, wanted->threads == 1 ? "" : "s",
           round->work->calls, wanted->choice->subject->name, round->work->checks);
    printf("laws on threads:");
    for (size_t i = 0; i < count; i++) {
        printf("%s%s %s", i == 0 ? "" : ",", laws[i] == end[0] ? " at the end" : "",
               law_name(laws[i]));
    }
    putchar('\n');
    laws_off_print_among(stdout, wanted->choice->subject, laws, count);
}

// A line of its own each time: the report of a finding may follow.
static void tell_how_far(size_t done, size_t count, double began)
{
    static double printed;
    double now = clock_seconds();
    if (now - (printed == 0 ? began : printed) >= LINE_SECONDS) {
        printed = now;
        printf("%zu of %zu rounds, %.1f/s\n", done, count, (double)done / (now - began));
        fflush(stdout);
    }
}

int random_threads(const struct random_threads *wanted)
{
    struct round round = {.plan = {.subject = wanted->choice->subject,
                                   .count = (unsigned)wanted->threads,
                                   .seed = (uint64_t)wanted->seed << 32},
                          .work = os_share(sizeof *round.work)};
    static struct program programs[THREADS_MOST];
    double began = clock_seconds();
    if (wanted->choice->target != &targets[0]) {
        refuse("random: --threads: only target %s has programs for threads", targets[0].name);
    }
    if (!wanted->choice->subject->port.policies.is_threadsafe) {
        refuse("random: --threads: subject %s does not say that it is_threadsafe",
               wanted->choice->subject->name);
    }
    if (round.work == NULL) {
        refuse("random: there is no memory for %zu threads", wanted->threads);
    }
    round.plan.programs = programs;
    for (size_t i = 1; i < wanted->round; i++) {
        make(wanted, programs, &round);
    }
    for (size_t done = 0; done < wanted->count; done++) {
        if (wanted->round == 0 || done == 0) {
            make(wanted, programs, &round);
        }
        trial_verdict verdict = trial_call(run, &round, true);
        if (verdict != TRIAL_CLEAN) {
            tell_finding(wanted, &round, wanted->round == 0 ? done + 1 : wanted->round,
                         verdict == TRIAL_TIMEOUT ? 1 : REPEATS);
            return 1;
        }
        tell_how_far(done + 1, wanted->count, began);
    }
    print_done(wanted, &round, clock_seconds() - began);
    os_share_end(round.work, sizeof *round.work);
    return 0;
}
