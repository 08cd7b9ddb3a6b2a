// Runs programs as trials. trial_posix.c and trial_windows.c call a function in a process of its
// own.

#include "runner/trial.h"

#include "runner/pair.h"

// A program and how to run it.
struct task {
    const struct plan *plan;
    const struct program *program;
};

static void run_task(const void *context)
{
    const struct task *task = context;
    pair_run(task->plan, task->program);
}

trial_verdict trial_run(const struct plan *plan, const struct program *program)
{
    return trial_call(run_task, &(struct task){plan, program}, false);
}

trial_verdict trial_show(const struct plan *plan, const struct program *program)
{
    return trial_call(run_task, &(struct task){plan, program}, true);
}
