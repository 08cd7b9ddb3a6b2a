// Tries the edge cases on one allocator, each in a process of its own, and prints a column of a
// matrix for the process that asked for it.

#include <string.h>

#include "cli/command.h"
#include "cli/matrix.h"
#include "cli/words.h"
#include "engines/probed.h"
#include "language/text.h"
#include "laws/finding.h"
#include "laws/law.h"
#include "runner/pair.h"
#include "runner/runner.h"
#include "runner/stop.h"
#include "subjects/subjects.h"
#include "world/os.h"

// A program of a few calls takes milliseconds, and a recorded one a second for each 100,000 ops.
#define SECONDS 5U
#define OPS_PER_SECOND 10000U

// The child tells its parent.
struct told {
    size_t answered; // Ops.
    size_t hidden, rows;
    char reason[FINDING_SEEN_BYTES + TEXT_OP_BYTES + 32];
    char answers[][GIST_BYTES];
};

static struct told *told;

static void tell_answer(const struct run *run)
{
    told->answered++;
    if (told->answered == told->hidden) {
        (void)snprintf(told->answers[told->rows++], GIST_BYTES, "done");
    } else if (told->answered > told->hidden) {
        gist_print(run, told->answers[told->rows++]);
    }
}

// Writes a sentence about an op, or about the end of the program.
static void tell(const struct program *program, size_t op, const char *seen)
{
    char text[TEXT_OP_BYTES];
    if (op < program->count) {
        text_print_op(program->ops[op], text);
        (void)snprintf(told->reason, sizeof told->reason, "op %zu, %s: %s", op + 1, text, seen);
    } else {
        (void)snprintf(told->reason, sizeof told->reason, "at the end, when all was freed: %s",
                       seen);
    }
}

static void tell_law(const struct finding *finding)
{
    tell(run_current()->program, run_current()->op_index, finding->seen);
}

struct task {
    struct plan plan;
    const struct program *program;
};

static void run_task(const void *context)
{
    static const struct finding_hooks hooks = {.law_broken = tell_law};
    const struct task *task = context;
    finding_call(&hooks);
    pair_run(&task->plan, task->program);
}

// Writes why a program has no answer to its last op. A law has told its reason.
static void print_stop(const struct program *program, trial_verdict verdict, unsigned seconds,
                       char word[GIST_BYTES])
{
    const char *reason = "the allocator ended the process";
    int law = verdict - FINDING_FIRST_STATUS;
    if (law >= 0 && law < (int)LAWS && told->reason[0] != '\0') {
        (void)snprintf(word, GIST_BYTES, "law %s", law_name((enum law)law));
        return;
    }
    (void)snprintf(word, GIST_BYTES, "exits");
    if (verdict == TRIAL_TIMEOUT) {
        (void)snprintf(word, GIST_BYTES, "over %u s", seconds);
        reason = "the time was over";
    } else if (verdict >= STOP_SIGNAL_STATUS) {
        (void)snprintf(word, GIST_BYTES, "crashes");
        reason = strsignal(verdict - STOP_SIGNAL_STATUS);
    } else if (verdict >= STOP_FIRST_STATUS && verdict < STOP_FIRST_STATUS + STOP_STATUSES) {
        (void)snprintf(word, GIST_BYTES, "sanitizer");
        reason = "a sanitizer stopped it";
    }
    tell(program, told->answered, reason);
}

static void try_edge(const struct subject *subject, const struct edge *edge)
{
    unsigned seconds = SECONDS + (unsigned)(edge->program.count / OPS_PER_SECOND);
    size_t size_bytes = sizeof *told + edge->rows * sizeof told->answers[0];
    const struct task task = {.plan = {.subject = subject,
                                       .walks_always = edge->hidden == 0,
                                       .runs_twice = edge->hidden == 0,
                                       .before_op = gist_note,
                                       .after_op = tell_answer},
                              .program = &edge->program};
    char word[GIST_BYTES] = "law off";
    told = os_share(size_bytes);
    if (told == NULL) {
        refuse("there is no memory to try %s", edge->name);
    }
    told->hidden = edge->hidden;
    trial_may_take(seconds);
    trial_verdict verdict = trial_call(run_task, &task, false);
    if (verdict != TRIAL_CLEAN) {
        print_stop(&edge->program, verdict, seconds, word);
    } else if (told->rows == edge->rows) {
        memcpy(word, told->answers[edge->rows - 1], GIST_BYTES);
    }
    for (size_t i = 0; i < told->rows; i++) {
        printf("%cA%s\n", MATRIX_MARK, told->answers[i]);
    }
    told->reason[strcspn(told->reason, "\n")] = '\0';
    printf("%cR%s\n%cW%s\n", MATRIX_MARK, told->reason, MATRIX_MARK, word);
    os_share_end(told, size_bytes);
}

int matrix_try(int argc, char **argv)
{
    struct choice choice = {.target = &targets[0]};
    static struct words files; // They live to the end.
    static struct edges edges;
    for (int at = 2; at < argc; at++) {
        const char *value = take_option(argc, argv, &at, "--subject");
        if (value != NULL) {
            choice.subject = choose_subject(value);
        } else if (edges_is_file(argv[at])) {
            words_add(&files, argv[at]);
        } else {
            refuse("%s: unexpected word '%s'", argv[0], argv[at]);
        }
    }
    settle_choice(argv[0], &choice);
    edges_load(&edges, (char **)files.at, files.count);
    printf("\n%cN%s\n", MATRIX_MARK, choice.subject->name);
    for (size_t i = 0; i < edges.count; i++) {
        try_edge(choice.subject, &edges.at[i]);
    }
    return 0;
}
