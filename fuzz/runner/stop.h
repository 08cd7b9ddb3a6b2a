// Stops: a program ends by a sanitizer's error, a signal, or no end, and not by a broken law. A
// stop is reported as a finding is, with the program and the table.
#ifndef RUNNER_STOP_H
#define RUNNER_STOP_H

#include <stdbool.h>

/// Reports sanitizers' errors in every program that calls this. Where is_watched, it also reports
/// signals; SIGALRM counts as a program that does not end. A fuzzing engine watches for signals
/// itself.
void stop_watch(bool is_watched);

/// Watches this process from now on for a program that does not end: no law was checked for
/// STOP_HUNG_SECONDS. Reports it as a stop, and ends the process. On Windows these are seconds of
/// the processor, and a process that does not work gets a minute.
#define STOP_HUNG_SECONDS 10U
void stop_watch_hang(void);

/// Sets a function that begins the report of a stop outside of any program of runner.h. It prints
/// the place, up to a colon and a blank, and returns whether it did.
void stop_tell_by(bool (*tell)(const char *who));

/// Watches a fork of this process as this process is watched.
void stop_watch_in_fork(void);

/// Returns whether a path is of the harness's own sources, subjects excepted.
bool stop_is_harness(const char *path);

/// The exit statuses of a process that a sanitizer stops. Two kinds of errors hardly ever share
/// one.
#define STOP_FIRST_STATUS 10
#define STOP_STATUSES 80

/// The exit status of a process whose subject calls exit.
#define STOP_EXIT_STATUS 90

/// The exit status of a process that a signal stops, to which the signal's number is added.
#define STOP_SIGNAL_STATUS 200

#endif
