// Programs on real threads, all at once, against one heap. The model knows one thread; so these
// runs have a loop and checks of their own.
//
// Each thread has slots of its own, and writes bytes of its own into its blocks. It checks the laws
// that hold whatever the others do. Two blocks that overlap break `bytes`. Half of the blocks that
// are freed go to another thread first, which frees them. When all threads have ended, the heap has
// to hold `counts`, `invariant`, `faultless` and `empty`.
//
// Ops that are no call on a block are passed over, except `write`, `check`, `align` and `minimize`.
#ifndef RUNNER_THREADS_H
#define RUNNER_THREADS_H

#include <stdint.h>

#include "language/op.h"
#include "laws/subject.h"

#define THREADS_MOST 64U

/// The laws that threads hold, and those of the end.
#define THREADS_LAWS                                                                               \
    LAW_LIMIT, LAW_ALIGNED, LAW_INSIDE, LAW_EXACT_SIZE, LAW_WRITABLE, LAW_ZEROED, LAW_PREFIX,      \
        LAW_BYTES, LAW_MEMBER
#define THREADS_END_LAWS LAW_COUNTS, LAW_INVARIANT, LAW_FAULTLESS, LAW_EMPTY

struct threads_plan {
    const struct subject *subject; ///< One that is_threadsafe.
    unsigned count;
    const struct program *programs; ///< One for each thread, which runs it again and again.
    uint64_t seed;
};

/// The work of a run.
struct threads_work {
    uint64_t calls, checks;
};

/// Runs the programs in this process. A broken law, or a stop, ends it as finding.h says; its
/// report names the thread and the op. Adds to *work, which may be shared memory.
void threads_run(const struct threads_plan *plan, struct threads_work *work);

#endif
