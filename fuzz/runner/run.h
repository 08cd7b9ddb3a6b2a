// A run: one program on one subject, from the first op to the last law. Its plan, its state, and
// the answers of its ops.
#ifndef RUNNER_RUN_H
#define RUNNER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "language/op.h"
#include "laws/counters.h"
#include "laws/heap.h"

struct run;

/// What a call answered, kept for the reader of a finding.
struct answer {
    enum {
        ANSWER_NONE,
        ANSWER_POINTER,
        ANSWER_SIZE,
        ANSWER_NUMBER,
        ANSWER_STRAY,  ///< No answer, but the pointer that is misused,
        ANSWER_WRITTEN ///< or where bytes are.
    } kind;
    bool is_made; ///< The op was reached.
    uintptr_t value;
    size_t size_bytes; ///< Of the request behind ANSWER_POINTER, or written; or an enum stray.
    bool is_elsewhere; ///< Another run may differ: the subject's blocks may be elsewhere there,
    bool is_in_doubt;  ///< and may be others from here on.
};

/// How to run: what stays the same from program to program.
struct plan {
    const struct subject *subject;
    const struct subject *other;       ///< NULL, or run on this one too, and compare: see pair.h.
    const struct extension *extension; ///< NULL, or it makes the calls, where the subject has all
                                       ///< that it needs.
    bool misuses;          ///< The bad verbs and scribble misuse the heap, where it survives.
    bool walks_always;     ///< Ask for every size and walk the invariants after every op.
    bool runs_twice;       ///< Run every program twice, not one in RUN_TWICE_ONE_IN, and compare.
    size_t refusals_swept; ///< How many page requests sweep.h refuses; run_program does not look at
                           ///< it.
    void (*before_op)(const struct run *run); ///< NULL, or told of each op as it comes
    void (*after_op)(const struct run *run);  ///< and when it is done.
    void (*before_step)(struct run *run,
                        uint32_t slot); ///< Likewise of each step: an op, or a turn
    void (*after_step)(struct run *run, uint32_t slot, size_t size_bytes); ///< of a repeated one.
};

struct run {
    struct plan plan;
    const struct program *program;
    size_t op_index;
    size_t steps;           ///< Done before this one, repeats included.
    enum verb verb;         ///< The op's.
    enum outcome outcome;   ///< Of the last call.
    struct answer *answers; ///< One an op.

    struct heap heap;

    uint32_t repeats; ///< How many more times the next op runs.
    size_t repeated_calls, repeated_bytes;
    size_t sizes_due;      ///< How many sizes may be asked for before the next op.
    uint64_t answer_sum;   ///< Of what the answers so far must have in common with another run's.
    uint64_t calls;        ///< Made so far.
    uint64_t calls_walked; ///< As many had been made when a check last walked the invariants.
};

#endif
