// Handles exceptions that no other code handles, and abort. Both come from any place inside the
// subject, so they only read the state that the run has kept. A thread watches for a program that
// does not end. There are no sanitizers here.

#include "runner/stop.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "laws/finding.h"
#include "laws/place.h"
#include "runner/stop_parts.h"

#include <windows.h> // Last: it defines macros with names that the other headers use.

static const struct {
    DWORD code;
    int number;
    const char *name, *sentence;
} exceptions[] = {
    {EXCEPTION_ACCESS_VIOLATION, SIGSEGV, "Windows", "it touched memory that is not its own"},
    {EXCEPTION_ILLEGAL_INSTRUCTION, SIGILL, "Windows", "it ran into an invalid instruction"},
    {EXCEPTION_INT_DIVIDE_BY_ZERO, SIGFPE, "Windows", "it divided by 0"},
    {EXCEPTION_STACK_OVERFLOW, SIGSEGV, "Windows", "it ran out of stack"},
};

static LONG WINAPI on_exception(EXCEPTION_POINTERS *exception)
{
    const EXCEPTION_RECORD *record = exception->ExceptionRecord;
    bool is_access = record->ExceptionCode == EXCEPTION_ACCESS_VIOLATION;
    bool has_address = is_access && record->ExceptionInformation[1] != UINTPTR_MAX;
    const void *address = has_address ? (const void *)record->ExceptionInformation[1] : NULL;
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++) {
        if (exceptions[i].code == record->ExceptionCode && stop_tell_where(exceptions[i].name)) {
            fprintf(stderr, "%s\n", exceptions[i].sentence);
            if (is_access) {
                fprintf(stderr, "  at %s\n",
                        has_address ? place_name((uintptr_t)address)
                                    : "an address that no memory can have");
            }
            stop_tell_rest(address, "touched");
            finding_stop(STOP_SIGNAL_STATUS + exceptions[i].number);
        }
    }
    return EXCEPTION_CONTINUE_SEARCH;
}

static void on_abort(int number)
{
    if (stop_tell_where("SIGABRT")) {
        fprintf(stderr, "it called abort, or an assertion did\n");
        stop_tell_rest(NULL, "");
    }
    finding_stop(STOP_SIGNAL_STATUS + number);
}

static uint64_t processor_ms(void)
{
    FILETIME unused, kernel = {0}, user = {0};
    (void)GetProcessTimes(GetCurrentProcess(), &unused, &unused, &kernel, &user);
    uint64_t kernel_100ns = (uint64_t)kernel.dwHighDateTime << 32 | kernel.dwLowDateTime;
    uint64_t user_100ns = (uint64_t)user.dwHighDateTime << 32 | user.dwLowDateTime;
    return (kernel_100ns + user_100ns) / 10000;
}

// Waits until the process has worked for a time, or surely waits itself. The system copies a block
// of 2 GiB page by page: where others work, too, that takes longer than a hung program may.
static void wait_for_work(uint64_t work_ms)
{
    const uint64_t patience = 6, begin = GetTickCount64(), begin_work = processor_ms();
    while (GetTickCount64() - begin < patience * work_ms && processor_ms() - begin_work < work_ms) {
        Sleep(250);
    }
}

static DWORD WINAPI watch(void *unused)
{
    (void)unused;
    do {
        wait_for_work(STOP_HUNG_SECONDS * 1000 / 2);
    } while (!stop_is_hung());
    if (stop_tell_where("A timer")) {
        fprintf(stderr, "it does not end\n");
        stop_tell_rest(NULL, "");
    }
    finding_stop(STOP_SIGNAL_STATUS);
    return 0;
}

void stop_watch_hang(void)
{
    HANDLE thread = CreateThread(NULL, 0, watch, NULL, 0, NULL);
    if (thread != NULL) {
        (void)CloseHandle(thread);
    }
}

void stop_watch(bool is_watched)
{
    stop_watch_exit();
    if (is_watched) {
        (void)SetUnhandledExceptionFilter(on_exception);
        (void)signal(SIGABRT, on_abort);
    }
}
