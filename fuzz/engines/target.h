// A fuzz target: the verbs of its programs, and the run of an engine's bytes.
#ifndef ENGINES_TARGET_H
#define ENGINES_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "language/mix.h"
#include "runner/run.h"

struct target {
    const char *name;
    const char *sentence; ///< Its property, for people who choose one.
    unsigned families;    ///< The verbs that its programs are made of, a bit a family.
    struct plan plan;     ///< How its programs run; it names no subject.
    bool compares;        ///< Programs run on two subjects: see pair.h.
    bool reads_texts;     ///< Nothing runs: see language.h.
};

/// Lists all targets, in the order of targets.def; ends with one that has no name.
extern const struct target targets[];

/// Returns the target of that name. Returns NULL iff there is none.
const struct target *target_find(const char *name);

/// Limits the bytes that a target reads of an input, in any engine; it ignores the rest. Some
/// engines make inputs of a megabyte. A run of one takes many seconds and shows no more than a
/// short one.
#define TARGET_MOST_BYTES 4096U

/// Decodes bytes and runs the program, or holds the bytes against the laws of the op language if
/// the target reads texts. Always returns 0; a broken law aborts.
///
/// The environment variable HEAPFUZZ_SUBJECT names the subject, and without it `subject` does. A
/// target that compares takes the other from HEAPFUZZ_OTHER, or else the first that differs. The
/// names are printed once. HEAPFUZZ_COUNTERS names a file for the counters. An environment that
/// can't be followed ends the process with a sentence, status 2.
int target_run(const struct target *target, const char *subject, const uint8_t *bytes,
               size_t size_bytes);

/// Returns the scope of a target's programs on a subject.
struct scope target_scope_of(const struct target *target, const struct subject *subject);

/// Returns the scope of the programs that run in this process. Before the first run it has all
/// families.
struct scope target_scope(void);

/// Runs an engine's bytes on the target of this program, or on the one that HEAPFUZZ_TARGET names.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

#endif
