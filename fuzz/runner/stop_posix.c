// Hooks AddressSanitizer and UndefinedBehaviorSanitizer, and handles signals. All of them come from
// any place inside the subject, so they only read the state that the run has kept.

#define _GNU_SOURCE // For sigaltstack.

#include "runner/stop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <unwind.h>

#include "laws/finding.h"
#include "laws/place.h"
#include "runner/stop_parts.h"
#include "world/asan.h"

#define FRAMES_LOOKED_AT 48U
#define FRAMES_SHOWN 6U
#define STACK_BYTES 65536U

#ifdef HAS_ASAN
struct frames {
    uintptr_t pcs[FRAMES_LOOKED_AT];
    size_t count;
};

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *data)
{
    struct frames *frames = data;
    if (frames->count == FRAMES_LOOKED_AT) {
        return _URC_END_OF_STACK;
    }
    frames->pcs[frames->count++] = (uintptr_t)_Unwind_GetIP(context);
    return _URC_NO_REASON;
}

// Returns a path without the folders above the repository's own.
static const char *short_path(const char *path)
{
    static const char *const folders[] = {"/src/", "/fuzz/", "/tests/"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const char *found = strstr(path, folders[i]);
        if (found != NULL) {
            return found + 1;
        }
    }
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

// Prints the calls that led here from the harness, which made the first one. The frames above them
// are sanitizers and the C library, whose sources are not here.
static void tell_stack(void)
{
    struct frames frames = {.count = 0};
    size_t shown = 0;
    (void)_Unwind_Backtrace(add_frame, &frames);
    for (size_t i = 0; i < frames.count && shown < FRAMES_SHOWN; i++) {
        char function[128];
        char path[512];
        void *call = (void *)(frames.pcs[i] - 1); // Not the line that it returns to.
        __sanitizer_symbolize_pc(call, "%f", function, sizeof function);
        __sanitizer_symbolize_pc(call, "%s:%l", path, sizeof path);
        bool is_harness = stop_is_harness(path);
        if (is_harness && shown > 0) {
            break;
        }
        if (!is_harness && path[0] == '/') {
            fprintf(stderr, "    %s %s, %s\n", shown == 0 ? "in" : "  called by", function,
                    short_path(path));
            shown++;
        }
    }
}
#else
static void tell_stack(void)
{
    // Without a sanitizer's help there are no names.
}
#endif

static int status_of(const char *kind)
{
    unsigned hash = 0;
    for (; *kind != '\0'; kind++) {
        hash = hash * 31 + (unsigned char)*kind;
    }
    return STOP_FIRST_STATUS + (int)(hash % STOP_STATUSES);
}

#ifdef HAS_ASAN
// Prints the access of an error. AddressSanitizer knows the address of an access that it checked
// itself, and of a block that is freed wrongly. For a signal, or for two ranges that overlap, it
// reports NULL and a read of no bytes.
static void tell_access(const void *address, size_t size_bytes, bool is_write)
{
    if (size_bytes > 0) {
        fprintf(stderr, "  a %s of %zu byte%s at %s\n", is_write ? "write" : "read", size_bytes,
                size_bytes == 1 ? "" : "s", place_name((uintptr_t)address));
    } else if (address != NULL) {
        fprintf(stderr, "  at %s\n", place_name((uintptr_t)address));
    }
}

// AddressSanitizer calls this before its own report, which a fuzz target leaves to it.
void __asan_on_error(void)
{
    const char *kind = __asan_get_report_description();
    const void *address = __asan_get_report_address();
    bool is_write = __asan_get_report_access_type() != 0;
    size_t size_bytes = __asan_get_report_access_size();
    if (stop_tell_where("AddressSanitizer")) {
        fprintf(stderr, "%s\n", kind);
        tell_access(address, size_bytes, is_write);
        tell_stack();
        stop_tell_rest(address, is_write ? "written" : "read");
    }
    finding_stop(status_of(kind));
}

#endif

extern void __ubsan_get_current_report_data(const char **kind, const char **message,
                                            const char **path, unsigned *line, unsigned *column,
                                            char **address) __attribute__((weak));
void __ubsan_on_report(void);

// UndefinedBehaviorSanitizer calls this likewise.
void __ubsan_on_report(void)
{
    const char *kind = "";
    const char *message = "";
    const char *path = "";
    unsigned line = 0;
    unsigned column = 0;
    char *address = NULL;
    if (&__ubsan_get_current_report_data != NULL) {
        __ubsan_get_current_report_data(&kind, &message, &path, &line, &column, &address);
    }
    if (stop_tell_where("UndefinedBehaviorSanitizer")) {
        fprintf(stderr, "%s\n  %s\n", kind, message);
        tell_stack();
        stop_tell_rest(address, "here");
    }
    finding_stop(status_of(kind));
}

static const struct {
    int number;
    const char *name, *sentence;
} signals[] = {
    {SIGABRT, "SIGABRT", "it called abort, or an assertion did"},
    {SIGILL, "SIGILL", "it ran into an invalid instruction"},
    {SIGALRM, "SIGALRM", "it does not end"},
    {SIGSEGV, "SIGSEGV", "it touched memory that is not its own"},
    {SIGBUS, "SIGBUS", "it touched memory that is not its own"},
    {SIGFPE, "SIGFPE", "it divided by 0"},
};

// Threads may get signals at the same time: the handler stays, and one of them is reported. A
// second signal in the handler of a thread ends the process.
static void on_signal(int number, siginfo_t *info, void *unused)
{
    static _Thread_local volatile sig_atomic_t is_here;
    (void)unused;
    if (is_here) {
        (void)signal(number, SIG_DFL);
        (void)raise(number);
    }
    is_here = true;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (signals[i].number == number && stop_tell_where(signals[i].name)) {
            bool is_access = number == SIGSEGV || number == SIGBUS;
            bool is_raised = info->si_code <= 0; // By a process, which has no address to tell.
            bool has_address = is_access && !is_raised && info->si_code != SI_KERNEL;
            fprintf(stderr, "%s\n",
                    is_access && is_raised ? "a call raised it" : signals[i].sentence);
            if (is_access && !is_raised) {
                fprintf(stderr, "  at %s\n",
                        has_address ? place_name((uintptr_t)info->si_addr)
                                    : "an address that no memory can have");
            }
            tell_stack();
            stop_tell_rest(has_address ? info->si_addr : NULL, "touched");
        }
    }
    finding_stop(STOP_SIGNAL_STATUS + number);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
    if (stop_is_hung()) {
        on_signal(number, info, context);
    }
}

static bool watches_hang;

// A fork has no timer.
void stop_watch_in_fork(void)
{
    if (watches_hang) {
        stop_watch_hang();
    }
}

// A timer that fires while the process is stopped does so once, so a second tick has to pass.
void stop_watch_hang(void)
{
    watches_hang = true;
    const struct timeval half = {STOP_HUNG_SECONDS / 2, 0};
    const struct itimerval ticks = {half, half};
    struct sigaction action = {.sa_sigaction = on_tick};
    action.sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESTART);
    (void)sigaction(SIGALRM, &action, NULL);
    (void)setitimer(ITIMER_REAL, &ticks, NULL);
}

void stop_watch(bool is_watched)
{
    static unsigned char stack[STACK_BYTES]; // The subject's own may have run out.
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_signal};
    action.sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_NODEFER);
    stop_watch_exit();
    if (!is_watched) {
        return;
    }
    (void)sigaltstack(&other, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)sigaction(signals[i].number, &action, NULL);
    }
}
