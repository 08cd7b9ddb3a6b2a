// What a fuzz target is: which faces its programs use, and what runs when an engine hands it bytes.
#ifndef ENGINES_TARGET_H
#define ENGINES_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct target {
    const char *name;
    const char *sentence;  ///< Its property, for people who choose one.
    unsigned families;     ///< The verbs that its programs are made of, a bit a family.
    bool mixes_faces;      ///< See run.h.
    bool spies;            ///< Likewise.
    bool misuses;          ///< Likewise.
    size_t refusals_swept; ///< See run.h.
    bool compares;         ///< Programs run on two subjects: see pair.h.
    bool reads_texts;      ///< Nothing runs: see language.h.
};

extern const struct target target_heap;
extern const struct target target_com;
extern const struct target target_oom;
extern const struct target target_misuse;
extern const struct target target_lanes;
extern const struct target target_pair;
extern const struct target target_text;

struct extension;

/// Returns the extension that a target's programs use, or NULL.
const struct extension *target_extension(const struct target *target);

/// All targets; ends with NULL.
extern const struct target *const targets[];
const struct target *target_find(const char *name);

/// A target reads this much of an input, whatever runs it, and leaves the rest. Some engines make
/// inputs of a megabyte, on which a run takes many seconds and shows nothing that a short one does
/// not.
#define TARGET_MOST_BYTES 4096U

/// The subject that a target's program runs on unless the environment names another; the build
/// defines it for those that are named after one, as some engines hand on no environment.
#ifndef FUZZER_SUBJECT
#define FUZZER_SUBJECT "comheap"
#endif

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
