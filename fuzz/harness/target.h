// What a fuzz target is: which faces its programs use, and what runs when an engine hands it bytes.
#ifndef HARNESS_TARGET_H
#define HARNESS_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct target {
    const char *name;
    const char *sentence; ///< Its property, for people who choose one.
    bool mixes_faces;     ///< See run.h.
    bool misuses;         ///< Likewise.
};

extern const struct target target_heap;
extern const struct target target_com;
extern const struct target target_misuse;

/// All targets; ends with NULL.
extern const struct target *const targets[];
const struct target *target_find(const char *name);

/// Decodes bytes and runs them on the subject that the environment variable HEAPFUZZ_SUBJECT names,
/// the default one without it. HEAPFUZZ_COUNTERS names a file to keep the counters in. Always
/// returns 0; a broken law aborts. An environment that can't be followed ends the process with a
/// sentence, status 2.
int target_run(const struct target *target, const uint8_t *bytes, size_t size_bytes);

/// What an engine calls.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

#endif
