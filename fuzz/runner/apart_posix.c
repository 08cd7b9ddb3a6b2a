// Runs programs by fork. The child begins as this process is, in which no program has run. It may
// be an engine's child: it then saves its input and ends, and this process has nothing to add.

#define _GNU_SOURCE // For prctl and MAP_ANONYMOUS.

#include "runner/apart.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "laws/counters.h"
#include "laws/finding.h"
#include "runner/stop.h"
#include "world/os.h"

// An engine takes these for coverage: of the subject, and of reach.c. No engine: both are NULL.
extern uint8_t __start___sancov_cntrs[] __attribute__((weak));
extern uint8_t __stop___sancov_cntrs[] __attribute__((weak));
extern uint8_t __start___libfuzzer_extra_counters[] __attribute__((weak));
extern uint8_t __stop___libfuzzer_extra_counters[] __attribute__((weak));

static struct {
    uint8_t *bytes; // Of both, one behind the other, in memory that parent and child share. At the
                    // end, a byte that a child sets which came to its end.
    bool is_ready;
} coverage;

static size_t code_bytes(void)
{
    return (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs);
}

static size_t extra_bytes(void)
{
    return (size_t)(__stop___libfuzzer_extra_counters - __start___libfuzzer_extra_counters);
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "heapfuzz: can't run a program in a process of its own: %s: %s\n", what,
            strerror(errno));
    finding_note(2);
    _Exit(2);
}

static void get_ready(void)
{
    if (coverage.is_ready) {
        return;
    }
    coverage.is_ready = true;
    coverage.bytes = os_share(code_bytes() + extra_bytes() + 1);
    if (coverage.bytes == NULL || !counters_share_with_forks()) {
        fail("no memory");
    }
}

static uint8_t *has_ended(void)
{
    return coverage.bytes + code_bytes() + extra_bytes();
}

static void save_coverage(void)
{
    *has_ended() = 1;
    memcpy(coverage.bytes, __start___sancov_cntrs, code_bytes());
    memcpy(coverage.bytes + code_bytes(), __start___libfuzzer_extra_counters, extra_bytes());
}

static void load_coverage(void)
{
    memcpy(__start___sancov_cntrs, coverage.bytes, code_bytes());
    memcpy(__start___libfuzzer_extra_counters, coverage.bytes + code_bytes(), extra_bytes());
}

bool apart_is_needed(const struct plan *plan)
{
    return plan->subject->port.policies.needs_process ||
           (plan->other != NULL && plan->other->port.policies.needs_process);
}

void apart_run(void (*run)(const struct plan *plan, const struct program *program),
               const struct plan *plan, const struct program *program)
{
    int status;
    get_ready();
    *has_ended() = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        fail("fork");
    }
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // An engine may end this process by a timeout.
        stop_watch_in_fork();
        run(plan, program);
        save_coverage();
        fflush(NULL);
        _exit(0);
    }
    while (waitpid(child, &status, 0) != child) {
        if (errno != EINTR) {
            fail("waitpid");
        }
    }
    if (status != 0) { // The child has reported why.
        fflush(NULL);
        if (WIFSIGNALED(status)) {
            finding_note(STOP_SIGNAL_STATUS + WTERMSIG(status));
        }
        _Exit(WIFEXITED(status) ? WEXITSTATUS(status) : STOP_SIGNAL_STATUS + WTERMSIG(status));
    }
    if (*has_ended() == 0) { // The subject ended it, past every handler.
        fflush(NULL);
        _Exit(STOP_EXIT_STATUS);
    }
    load_coverage();
}
