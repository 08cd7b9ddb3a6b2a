// Findings: what is printed when a law is broken, and how the process ends then.
#ifndef FINDINGS_REPORT_H
#define FINDINGS_REPORT_H

#include <stdarg.h>
#include <stdio.h>

#include "laws/law.h"
#include "runner/run.h"

/// What a process ends with after a finding: a signal, which a fuzzing engine takes for a crash and
/// saves the input of; status 1; or a status of each law's own, for whoever compares findings.
enum report_end { REPORT_ABORTS, REPORT_EXITS, REPORT_EXITS_BY_LAW };
void report_ends(enum report_end end);

/// Has a function called before the process ends so by a status; NULL: none.
void report_before_end(void (*act)(void));

/// The status of the first law; those below are of sanitizers (stop.h) and of our own commands.
#define REPORT_FIRST_STATUS 100

/// Ends the process by a status; `number` tells the laws apart. Returns iff report_ends says that
/// it is to abort: then the law's own function has to end in REPORT_TRAP.
void report_end(unsigned number);

/// An instruction that is none, where it is written: the signal comes from the law's own function,
/// and its frame is the first of the stack that an engine prints and tells crashes apart by. abort
/// would be there with two or three of its own. Elsewhere than on x86 __builtin_trap may be a
/// breakpoint, a signal that engines do not wait for.
#if defined(__aarch64__) || defined(__arm__)
#define REPORT_TRAP()                                                                              \
    do {                                                                                           \
        __asm__ volatile("udf #0");                                                                \
        __builtin_unreachable();                                                                   \
    } while (0)
#elif defined(__riscv)
#define REPORT_TRAP()                                                                              \
    do {                                                                                           \
        __asm__ volatile("unimp");                                                                 \
        __builtin_unreachable();                                                                   \
    } while (0)
#else
#define REPORT_TRAP() __builtin_trap()
#endif

/// Prints the finding to standard error, and ends the process or returns as report_end does. Called
/// by the laws' own functions.
void report_finding(const struct run *run, enum law law, const char *format, va_list arguments);

/// Prints the program up to the op under way, or the last ops of it, to standard error.
void report_program(const struct run *run);

/// Ends the process as report_ends says; returns where that is to abort.
void report_stop(int own_status);

/// Prints an op of a run and what it answered, as one line: its number, its text, its answer.
void report_op(FILE *file, const struct run *run, size_t op_index);

/// Prints which laws are off for a subject, in this build, and why, as one line; nothing when all
/// are on.
void report_laws_off(FILE *file, const struct subject *subject);

#endif
