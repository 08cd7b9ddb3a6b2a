// A subject: an allocator under test, as the harness sees it. It is a port (heapfuzz/port.h) whose
// policies are all settled, with the parts that only subjects of this tree have.
#ifndef LAWS_SUBJECT_H
#define LAWS_SUBJECT_H

#include <heapfuzz/port.h>

#include "laws/law.h"

struct com_calls;

/// The parts that a subject of this tree may have beside its port.
struct subject_parts {
    const struct com_calls *com; ///< NULL: it has no COM face; see com/com.h.
    const char *c_form; ///< The features of findings/standalone.c that make it, a blank before and
                        ///< behind each. NULL: its findings as C call its port.
    size_t (*charged_bytes)(void); ///< The bytes that the system charges the process for, of the
                                   ///< heap's memory; SIZE_MAX: unknown. NULL: the world counts.
};

/// No policy of it is unstated, except for those that cannot be settled without a heap.
struct subject {
    const char *name;
    const char *sentence;
    const char *symbol; ///< The port's, in C. subject_make leaves it to its caller.
    struct heapfuzz_port port;
    struct heapfuzz_policies stated;   ///< The policies as the port has them.
    struct heapfuzz_promises promises; ///< Those of the port, if it has any.
    struct subject_parts parts;
    bool is_ours;               ///< Of this tree: it leaves policies open on purpose.
    const char *laws_off[LAWS]; ///< The reason why the port turns a law off; NULL: it does not.
};

/// Makes a subject of a port. `parts` may be NULL. Each policy that is unstated becomes the one
/// that excuses most. Returns the name of a law that laws_off names and that does not exist; NULL:
/// none.
const char *subject_make(struct subject *subject, const char *name,
                         const struct heapfuzz_port *port, const struct subject_parts *parts);

/// Makes each policy of a subject that is unstated the one that excuses most.
void subject_settle(struct subject *subject);

/// Return whether a subject has all members that lanes, and the survival of all misuse, need.
bool subject_has_lanes(const struct subject *subject);
bool subject_survives_misuse(const struct subject *subject);

/// Returns a subject's promises about misuse; `faults` are all of them, without `pages`. And
/// returns whether there is any.
const struct heapfuzz_misuses *subject_misuses(const struct subject *subject);
bool subject_promises_misuse(const struct subject *subject);

/// Return whether the subject takes a range, pages of the world, or neither.
bool subject_takes_range(const struct subject *subject);
bool subject_takes_pages(const struct subject *subject);
bool subject_ignores_world(const struct subject *subject);

/// Returns whether a heap of the subject can be made new, and its capacity returns.
bool subject_can_be_measured(const struct subject *subject);

/// Return whether laws at-most, room, slack and over-read hold of the subject.
bool subject_bounds_blocks(const struct subject *subject);
bool subject_fills_holes(const struct subject *subject);
bool subject_gives_slack(const struct subject *subject);
bool subject_shows_over_reads(const struct subject *subject);

/// Returns the size that is requested in place of a size that the subject avoids; otherwise the
/// same size.
size_t subject_allowed_bytes(const struct subject *subject, size_t size_bytes);

/// Returns whether an answer of `size` is right for a block of this size.
bool subject_size_agrees(const struct subject *subject, size_t answer, size_t size_bytes);

/// Returns the result of must_grant; false without one.
bool subject_must_grant(const struct subject *subject, size_t arena_bytes, size_t since_empty_bytes,
                        size_t since_empty_blocks);

/// Return whether sizes are exact, blocks stay in place, and addresses repeat.
static inline bool subject_is_exact(const struct subject *subject)
{
    return subject->port.policies.size == HEAPFUZZ_SIZE_IS_EXACT;
}

static inline bool subject_stays_in_place(const struct subject *subject)
{
    return subject->port.policies.stays_in_place == HEAPFUZZ_YES;
}

static inline bool subject_is_repeatable(const struct subject *subject)
{
    return subject->port.policies.addresses_repeat == HEAPFUZZ_YES;
}

#endif
