// Shared by the programs of this folder: threads that begin at once, random numbers, claims.
//
// A program is plain C, without a test framework. The first claim that does not hold is printed,
// whichever thread found it, and ends the process with status 1. Nothing is undone first, because a
// broken heap can't be tidied.
#ifndef TESTS_THREADS_CREW_H
#define TESTS_THREADS_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <comheap/heap.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

/// Ends the process unless the condition holds: with this sentence, formatted as by printf.
#define CLAIM(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            crew_fail(__FILE__, __LINE__, __VA_ARGS__);                                            \
        }                                                                                          \
    } while (0)

_Noreturn void crew_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Returns an operand of the program, or its default where there is none. An operand that is no
/// number ends the process with status 2.
uint64_t crew_operand(int argc, char **argv, int index, uint64_t otherwise);

/// Returns the next of the numbers that follow from a seed.
uint64_t crew_random(uint64_t *state);
size_t crew_below(uint64_t *state, size_t end);

/// Keeps the calling thread on one of the processors of the process, counted from 0. Threads with
/// other numbers run at the same time, where there are enough processors.
void crew_stay(unsigned number);

typedef void (*crew_work)(unsigned number, void *argument);

/// Starts one thread, with a small stack, so that there may be many.
struct crew_thread;
struct crew_thread *crew_start(crew_work work, unsigned number, void *argument);
void crew_join(struct crew_thread *thread);

/// Runs `work` on this number of threads, numbered from 0, which begin together. Returns when all
/// ended.
void crew_run(unsigned count, crew_work work, void *argument);

/// Waits until this number of threads wait at the meeting; all pass the same number. A meeting that
/// is all zeros is new. No thread sleeps, so they go on within nanoseconds of each other.
struct crew_meeting {
    _Atomic unsigned arrived, round;
};
void crew_meet(struct crew_meeting *meeting, unsigned count);

/// Ends the process as a fault handler: these programs break no rule.
void crew_no_fault(void *context, enum ch_fault fault, const void *block);

#endif
