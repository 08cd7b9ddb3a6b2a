// Runs trials by fork. The child has this process's memory as it stands, in which no run leaves a
// trace for the next. The exit status that it notes, or the signal that ended it, is the verdict.
//
// Memory that it shares with the child has that note. So a subject that ends the child by any
// status, past every handler, is known to have done so. The report of a child is at the end of its
// output, however much the subject prints: the end is shown.

#include "runner/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "laws/finding.h"
#include "runner/stop.h"
#include "world/clock.h"
#include "world/os.h"

// A child ends itself by SIGALRM when its time is over. A child that blocks the signal, or hangs in
// its handler, gets this much longer.
#define GRACE_SECONDS 1.0

#define SHOWN_BYTES 16384U

#define NOT_NOTED (-1) // No exit status.

static unsigned seconds = TRIAL_SECONDS;

// The output of a child that is shown: its last bytes, in a ring.
static struct {
    char bytes[SHOWN_BYTES];
    size_t total;
} said;

void trial_may_take(unsigned most_seconds)
{
    seconds = most_seconds;
}

// Sends the child's output to one file. Both streams: sanitizers write to the second.
static void redirect(int file)
{
    if (dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0) {
        finding_note(2);
        _exit(2);
    }
}

// `output` is for both streams; -1: they are not shown.
static _Noreturn void run_child(void (*act)(const void *context), const void *context, int output,
                                int *noted)
{
    finding_note_in(noted);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    redirect(output >= 0 ? output : nowhere < 0 ? STDOUT_FILENO : nowhere);
    stop_watch(true);
    if (output < 0) {
        finding_silence();
    }
    (void)alarm(seconds);
    finding_ends(FINDING_EXITS_BY_LAW);
    act(context);
    finding_note(TRIAL_CLEAN);
    _exit(TRIAL_CLEAN);
}

static trial_verdict verdict_of(int status, int noted)
{
    int verdict = WIFSIGNALED(status)  ? STOP_SIGNAL_STATUS + WTERMSIG(status)
                  : noted == NOT_NOTED ? STOP_EXIT_STATUS
                                       : noted;
    return verdict == STOP_SIGNAL_STATUS + SIGALRM ? TRIAL_TIMEOUT : verdict;
}

static _Noreturn void fail(void)
{
    perror("heapfuzz: can't run a program in a process of its own");
    exit(2);
}

// Keeps the next output of the child. Returns false iff there is none now.
static bool hear(int output)
{
    char bytes[4096];
    ssize_t length = output < 0 ? 0 : read(output, bytes, sizeof bytes);
    for (ssize_t i = 0; i < length; i++) {
        said.bytes[said.total++ % SHOWN_BYTES] = bytes[i];
    }
    return length > 0;
}

static void print_said(void)
{
    size_t from = said.total < SHOWN_BYTES ? 0 : said.total - SHOWN_BYTES;
    if (from > 0) {
        printf("(the subject printed a lot: %zu bytes are left out here)\n", from);
    }
    for (size_t at = from; at < said.total; at++) {
        (void)putchar(said.bytes[at % SHOWN_BYTES]);
    }
}

// Waits for the child, and hears its output. `alive` is the read end of a pipe that the child
// closes when it ends. Returns false iff it had to be killed.
static bool wait_for(pid_t child, int alive, int output, int *status)
{
    double ends = clock_seconds() + seconds + GRACE_SECONDS;
    struct pollfd files[2] = {{.fd = alive, .events = POLLIN}, {.fd = output, .events = POLLIN}};
    while (clock_seconds() < ends) {
        (void)poll(files, 2, files[0].fd < 0 ? 1 : 100);
        if (files[0].revents != 0) {
            files[0].fd = -1; // It is closed, and the child is about to end.
        }
        if (files[1].revents != 0 && !hear(output)) {
            files[1].fd = -1;
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

// Prints the output, and the end that the child could not report.
static void show(bool has_ended, int status, int noted)
{
    print_said();
    if (!has_ended) {
        printf("it did not end in %u s, not even by a signal, and was killed\n", seconds);
    } else if (WIFSIGNALED(status)) {
        printf("signal %d, %s, ended the process\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else if (noted == NOT_NOTED && (status == 0 || WEXITSTATUS(status) == STOP_EXIT_STATUS)) {
        printf("the subject ended the process, past its exit handlers\n");
    } else if (noted == NOT_NOTED) {
        printf("exit status %d ended the process\n", WEXITSTATUS(status));
    }
}

trial_verdict trial_call(void (*act)(const void *context), const void *context, bool is_shown)
{
    int status;
    int ends[2];
    int outputs[2] = {-1, -1};
    fflush(NULL); // Otherwise buffered output would be written twice.
    said.total = 0;
    int *noted = os_share(sizeof *noted);
    if (noted == NULL || pipe(ends) != 0 ||
        (is_shown && (pipe(outputs) != 0 || fcntl(outputs[0], F_SETFL, O_NONBLOCK) != 0))) {
        fail();
    }
    *noted = NOT_NOTED;
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(act, context, outputs[1], noted);
    }
    if (child < 0) {
        fail();
    }
    (void)close(ends[1]);
    (void)close(outputs[1]); // -1 is no file, and changes nothing.
    bool has_ended = wait_for(child, ends[0], outputs[0], &status);
    trial_verdict verdict = has_ended ? verdict_of(status, *noted) : TRIAL_TIMEOUT;
    (void)close(ends[0]);
    while (hear(outputs[0])) {
    }
    (void)close(outputs[0]);
    if (is_shown) {
        show(has_ended, status, *noted);
    }
    os_share_end(noted, sizeof *noted);
    return verdict;
}
