// An attack between its parts: the programs of its variants, the misuse itself, and the trial.
#ifndef RUNNER_ATTACK_PARTS_H
#define RUNNER_ATTACK_PARTS_H

#include "runner/run.h"

struct attack_variant {
    const struct subject *subject;
    unsigned misuse;
    unsigned size_bytes; ///< Of each of three blocks.
    unsigned slot;       ///< Of the misused one.
    const char *way;     ///< Names bytes, or an object. NULL: nothing is misused.
};

struct attack_variant attack_variant_at(const struct subject *subject, unsigned misuse,
                                        unsigned index);

/// Makes the program of a variant.
void attack_write_program(struct program *program, const struct attack_variant *variant);

/// The bytes of a header that a heap may keep in front of a block, and the word there that could be
/// its size.
#define ATTACK_HEADER_BYTES (2 * sizeof(void *))
size_t attack_forged_word(size_t size_bytes);

/// Added to a number in front of a block that may be its size.
#define ATTACK_FORGED_BYTES ((size_t)256)

/// An object of the caller's. A foreign pointer leads into it. There is room behind the pointer for
/// the largest block of a program.
#define ATTACK_OBJECT_BYTES ((size_t)32 * 1024)
#define ATTACK_POINTER_OFFSET ((size_t)64)

/// The trial of a process.
struct attack_trial {
    struct attack_variant variant;
    unsigned char *object;
    struct attack_trace { ///< The trace that a child leaves, however it ends.
        bool is_made, is_caught, is_granted;
        enum heapfuzz_effect promised;
    } * trace; ///< Shared with the child.
};
extern struct attack_trial attack_trial;

/// Fit a plan. Make the misuse of an op; look for blocks in the object.
void attack_misuse(struct run *run, uint32_t slot, size_t size_bytes);
void attack_look(const struct run *run);

/// Ends the process with a sentence.
_Noreturn void attack_end_without_memory(void);

#endif
