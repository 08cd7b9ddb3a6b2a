// Trials by fork. The child has this process's memory as it stands, which no run has left anything
// in that the next would see; its exit status, or the signal that ended it, is the verdict.

#include "harness/trial.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/report.h"
#include "harness/stop.h"

static unsigned seconds = TRIAL_SECONDS;

void trial_may_take(unsigned most_seconds)
{
    seconds = most_seconds;
}

// Gives the child's output to one file. Both streams: sanitizers write to the second.
static void redirect(int file)
{
    if (dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0) {
        _exit(2);
    }
}

static _Noreturn void run_child(void (*act)(const void *context), const void *context,
                                bool is_shown)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    redirect(is_shown || nowhere < 0 ? STDOUT_FILENO : nowhere);
    stop_watch(true);
    if (!is_shown) {
        stop_quietly();
    }
    (void)alarm(seconds);
    report_ends(REPORT_EXITS_BY_LAW);
    act(context);
    _exit(TRIAL_CLEAN);
}

static trial_verdict verdict_of(int status)
{
    int verdict = WIFEXITED(status) ? WEXITSTATUS(status) : STOP_SIGNAL_STATUS + WTERMSIG(status);
    return verdict == STOP_SIGNAL_STATUS + SIGALRM ? TRIAL_TIMEOUT : verdict;
}

trial_verdict trial_call(void (*act)(const void *context), const void *context, bool is_shown)
{
    int status;
    fflush(NULL); // What waits in a buffer would be written twice.
    pid_t child = fork();
    if (child == 0) {
        run_child(act, context, is_shown);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("heapfuzz: can't run a program in a process of its own");
        exit(2);
    }
    return verdict_of(status);
}
