// Runs trials by fork. The child has this process's memory as it stands, in which no run leaves a
// trace for the next. Its exit status, or the signal that ended it, is the verdict.

#include "runner/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "laws/finding.h"
#include "runner/stop.h"
#include "world/clock.h"

// A child ends itself by SIGALRM when its time is over. A child that blocks the signal, or hangs in
// its handler, gets this much longer.
#define GRACE_SECONDS 1.0

static unsigned seconds = TRIAL_SECONDS;

void trial_may_take(unsigned most_seconds)
{
    seconds = most_seconds;
}

// Sends the child's output to one file. Both streams: sanitizers write to the second.
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
        finding_silence();
    }
    (void)alarm(seconds);
    finding_ends(FINDING_EXITS_BY_LAW);
    act(context);
    _exit(TRIAL_CLEAN);
}

static trial_verdict verdict_of(int status)
{
    int verdict = WIFEXITED(status) ? WEXITSTATUS(status) : STOP_SIGNAL_STATUS + WTERMSIG(status);
    return verdict == STOP_SIGNAL_STATUS + SIGALRM ? TRIAL_TIMEOUT : verdict;
}

static _Noreturn void fail(void)
{
    perror("heapfuzz: can't run a program in a process of its own");
    exit(2);
}

// Waits for the child. `alive` is the read end of a pipe that the child closes when it ends.
// Returns false iff it had to be killed.
static bool wait_for(pid_t child, int alive, int *status)
{
    double ends = clock_seconds() + seconds + GRACE_SECONDS;
    struct pollfd end = {.fd = alive, .events = POLLIN};
    while (clock_seconds() < ends) {
        if (poll(&end, 1, end.fd < 0 ? 1 : 100) > 0) {
            end.fd = -1; // It is closed, and the child is about to end.
        }
        pid_t ended = waitpid(child, status, WNOHANG);
        if (ended == child) {
            return true;
        }
        if (ended < 0 && errno != EINTR) {
            fail();
        }
    }
    (void)kill(child, SIGKILL);
    if (waitpid(child, status, 0) != child) {
        fail();
    }
    return false;
}

trial_verdict trial_call(void (*act)(const void *context), const void *context, bool is_shown)
{
    int status;
    int ends[2];
    fflush(NULL); // Otherwise buffered output would be written twice.
    if (pipe(ends) != 0) {
        fail();
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(act, context, is_shown);
    }
    if (child < 0) {
        fail();
    }
    (void)close(ends[1]);
    bool has_ended = wait_for(child, ends[0], &status);
    (void)close(ends[0]);
    if (!has_ended && is_shown) {
        printf("it did not end in %u s, not even by a signal, and was killed\n", seconds);
    }
    return has_ended ? verdict_of(status) : TRIAL_TIMEOUT;
}
