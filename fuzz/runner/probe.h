// A probe of a port that leaves policies unstated: each edge is tried once, in a process of its
// own, and the answer becomes the policy. Answers that look like bugs are noted.
#ifndef RUNNER_PROBE_H
#define RUNNER_PROBE_H

#include "laws/subject.h"

#define PROBE_NOTES 16U
#define PROBE_NOTE_BYTES 160U

struct probed {
    struct heapfuzz_policies policies; ///< Stated or seen; HEAPFUZZ_UNSTATED where neither.
    size_t notes;
    char note[PROBE_NOTES][PROBE_NOTE_BYTES]; ///< Sentences about answers that C does not allow,
                                              ///< or that may be bugs.
};

/// Returns whether a port leaves a policy unstated that a probe can see.
bool probe_is_wanted(const struct subject *subject);

/// Tries a subject, and settles the policies that its port leaves unstated. Ends the process with a
/// sentence and status 2 iff there can be no child.
void probe_run(struct subject *subject, struct probed *probed);

#endif
