// A run: one program on one subject, from the first op to the last law. Holds its plan, its state,
// and the answers of its ops.
#ifndef RUNNER_RUN_H
#define RUNNER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "language/op.h"
#include "laws/counters.h"
#include "laws/heap.h"

struct run;

/// The answer of a call, kept for the reader of a finding.
struct answer {
    enum {
        ANSWER_NONE,
        ANSWER_POINTER,
        ANSWER_SIZE,
        ANSWER_NUMBER,
        ANSWER_STRAY,  ///< No answer, but the misused pointer,
        ANSWER_WRITTEN ///< or the place where bytes are written.
    } kind;
    bool is_made; ///< The op was reached.
    uintptr_t value;
    size_t size_bytes; ///< The request's, for ANSWER_POINTER; or those written; or an stray.
    bool is_elsewhere; ///< Another run may differ: its blocks may have other addresses,
    bool is_in_doubt;  ///< and may be other blocks from here on.
};

/// A plan: the settings that stay the same from program to program.
struct plan {
    const struct subject *subject;
    const struct subject *other; ///< NULL, or a subject to run on too, and compare: see pair.h.
    const struct extension *extension; ///< NULL, or the maker of the calls, where the subject
                                       ///< has all that it needs.
    const struct subject *beside;      ///< NULL, or the other one of a pair: calls that it can't
                                       ///< make, and sizes that it avoids, are left out for both.
    bool misuses;          ///< Let the bad verbs and scribble misuse a heap that survives it.
    bool walks_always;     ///< Check every size and walk the invariants after every op.
    bool runs_twice;       ///< Run every program twice, not one in RUN_TWICE_ONE_IN, and compare.
    size_t refusals_swept; ///< The number of page requests that sweep.h refuses; run_program
                           ///< ignores it.
    /// NULL, or called in place of the bad verbs and scribble, whatever the subject survives.
    void (*misuse)(struct run *run, uint32_t slot, size_t size_bytes);
    void (*before_op)(const struct run *run); ///< NULL, or called before each op,
    void (*after_op)(const struct run *run);  ///< and after it.
    void (*before_step)(struct run *run,
                        uint32_t slot); ///< Likewise for each step: an op, or a turn
    void (*after_step)(struct run *run, uint32_t slot, size_t size_bytes); ///< of a repeated one.
};

struct run {
    struct plan plan;
    const struct program *program;
    size_t op_index;
    bool is_over;           ///< The ops that follow are left out.
    size_t steps;           ///< The steps before this one, repeats included.
    enum verb verb;         ///< The verb of the op.
    enum outcome outcome;   ///< The outcome of the last call.
    struct answer *answers; ///< An answer for each op.

    struct heap heap;

    size_t alignment_bytes;      ///< Of the blocks that this op allocates; 0: the heap's own,
    size_t next_alignment_bytes; ///< and of those that the next one does that allocates.
    uint32_t repeats;            ///< The number of extra times that the next op runs.
    size_t repeated_calls, repeated_bytes;
    size_t zeroed_bytes;   ///< Requested as zeros.
    size_t sizes_due;      ///< The number of sizes that may be checked before the next op.
    uint64_t answer_sum;   ///< A sum of the parts of answers that another run must share.
    uint64_t calls;        ///< The calls made so far.
    uint64_t calls_walked; ///< The value of calls when a check last walked the invariants.
};

#endif
