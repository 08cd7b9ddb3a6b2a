// heapfuzz shrink: makes a failing program as simple as it can, as long as it fails the same way.

#include "cli/command.h"

#include <unistd.h>

#include "findings/shrink.h"
#include "language/text.h"
#include "runner/sweep.h"

// A reported finding has to happen again, this often.
#define CONFIRMATIONS 3U

static void show_progress(size_t ops, size_t programs)
{
    fprintf(stderr, "\rshrinking: %zu ops left, %zu programs ran ", ops, programs);
}

trial_verdict shrink_program(const struct choice *choice, const struct plan *plan,
                             struct program *program)
{
    struct scope scope = target_scope_of(choice->target, choice->subject);
    bool is_watched = isatty(STDERR_FILENO) == 1;
    trial_verdict verdict = sweep_settle(plan, program);
    if (verdict == TRIAL_CLEAN) {
        return TRIAL_CLEAN;
    }
    (void)shrink(plan, &scope, program, verdict, is_watched ? show_progress : NULL);
    if (is_watched) {
        fprintf(stderr, "\r%*s\r", 50, "");
    }
    bool is_confirmed = true;
    trial_may_take(verdict == TRIAL_TIMEOUT ? SHRINK_HUNG_SECONDS : TRIAL_SECONDS);
    for (unsigned i = 0; i < CONFIRMATIONS && is_confirmed; i++) {
        is_confirmed = trial_run(plan, program) == verdict;
    }
    return is_confirmed ? verdict : TRIAL_CLEAN;
}

int command_shrink(int argc, char **argv)
{
    struct program program = {0};
    char subjects_text[CHOICE_BYTES];
    struct choice choice = choose_run(argc, argv);
    const char *path = choose_one_file(argc, argv, &choice);
    refuse_to_run(argv[0], &choice);
    load_program(path, &program);
    struct plan plan = choice_plan(&choice, &program);
    size_t ops = program.count;
    if (shrink_program(&choice, &plan, &program) == TRIAL_CLEAN) {
        refuse("%s: it breaks no law, or not every time: there is nothing to shrink to", path);
    }
    print_subjects(&choice, subjects_text);
    printf("# shrunk from %zu ops; subject %s, target %s\n", ops, subjects_text,
           choice.target->name);
    text_write(stdout, &program);
    program_close(&program);
    return 0;
}
