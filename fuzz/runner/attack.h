// An attack: a heap is misused on purpose, whatever it promises, each time in a process of its own.
// Programs that follow the misuse show its effect.
//
// Each misuse has variants. They differ in the size of the blocks, in the place of the misused one,
// and in the bytes that are written or that a stray pointer finds.
#ifndef RUNNER_ATTACK_H
#define RUNNER_ATTACK_H

#include "laws/subject.h"
#include "runner/trial.h"

/// The effects of a misuse. CAUGHT: the heap raised a fault, or ended the process by abort, exit or
/// a trap, at once or later. IGNORED: every law holds afterwards. OVERLAP, OUTSIDE: two blocks
/// overlap, or one lies outside of the heap. LAW: another law is broken. IMPOSSIBLE: the variant
/// could not be made.
enum attack_effect {
    ATTACK_CAUGHT,
    ATTACK_IGNORED,
    ATTACK_OVERLAP,
    ATTACK_OUTSIDE,
    ATTACK_LAW,
    ATTACK_CRASH,
    ATTACK_HANG,
    ATTACK_EFFECTS,
    ATTACK_IMPOSSIBLE = ATTACK_EFFECTS,
};

struct attack_result {
    enum attack_effect effect;
    enum law law;                  ///< The broken one; LAWS: none is.
    enum heapfuzz_effect promised; ///< By the heap, for this pointer or place.
    bool is_kept;                  ///< The effect is the promised one, or none is promised.
};

/// Return the number of misuses, the sentence of one, and the number of its variants.
#define ATTACK_MISUSES 11U
const char *attack_sentence(unsigned misuse);
unsigned attack_variants(unsigned misuse);

/// Writes the name of a variant, such as free-again-24-last. Returns the text.
#define ATTACK_NAME_BYTES 64U
const char *attack_name(unsigned misuse, unsigned variant, char text[ATTACK_NAME_BYTES]);

/// Returns how a subject fares in the same calls without any misuse.
trial_verdict attack_without(const struct subject *subject);

/// Makes one variant, in a child that prints nothing, or prints a report.
struct attack_result attack_make(const struct subject *subject, unsigned misuse, unsigned variant,
                                 bool is_shown);

#endif
