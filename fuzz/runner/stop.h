// What stops a program other than a broken law: a sanitizer's error, a signal, no end. It is told
// as a finding is, with the program and the table.
#ifndef RUNNER_STOP_H
#define RUNNER_STOP_H

#include <stdbool.h>

/// Sanitizers' errors are told in every program that calls this. Where is_watched, signals are told
/// too, SIGALRM as a program that does not end; a fuzzing engine watches for them itself.
void stop_watch(bool is_watched);

/// Watches this process for a program that does not end, from now on: one in which no law was held
/// for some STOP_HUNG_SECONDS. It is told as a stop, and ends the process.
#define STOP_HUNG_SECONDS 10U
void stop_watch_hang(void);

/// Returns whether a path is of the harness's own sources, subjects excepted.
bool stop_is_harness(const char *path);

/// A process that is stopped by a sanitizer ends with one of these statuses, so that two kinds of
/// errors hardly ever have the same.
#define STOP_FIRST_STATUS 10
#define STOP_STATUSES 80

/// And one that a signal stops with this and the signal's number.
#define STOP_SIGNAL_STATUS 200

#endif
