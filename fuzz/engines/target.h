// What a fuzz target is: which faces its programs use, and what runs when an engine hands it bytes.
#ifndef ENGINES_TARGET_H
#define ENGINES_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runner/run.h"

struct target {
    const char *name;
    const char *sentence; ///< Its property, for people who choose one.
    unsigned families;    ///< The verbs that its programs are made of, a bit a family.
    struct plan plan;     ///< How its programs run; it names no subject.
    bool compares;        ///< Programs run on two subjects: see pair.h.
    bool reads_texts;     ///< Nothing runs: see language.h.
};

/// All targets, in the order of targets.def; ends with one that has no name.
extern const struct target targets[];

/// Returns the target of that name, or NULL.
const struct target *target_find(const char *name);

/// A target reads this much of an input, whatever runs it, and leaves the rest. Some engines make
/// inputs of a megabyte, on which a run takes many seconds and shows nothing that a short one does
/// not.
#define TARGET_MOST_BYTES 4096U

/// Holds bytes against the laws of the op language, or decodes them and runs them on the subject
/// that the environment variable HEAPFUZZ_SUBJECT names, the given one without it; which that is,
/// is printed once. A target that compares takes the other from HEAPFUZZ_OTHER, or the first that
/// is another. HEAPFUZZ_COUNTERS names a file to keep the counters in. Always returns 0; a broken
/// law aborts. An environment that can't be followed ends the process with a sentence, status 2.
int target_run(const struct target *target, const char *subject, const uint8_t *bytes,
               size_t size_bytes);

/// The families of the target that runs in this process; those of all verbs before any did.
unsigned target_families(void);

/// What an engine calls.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

#endif
