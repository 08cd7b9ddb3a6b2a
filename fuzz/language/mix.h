// A mix: what kind of ops a stretch of a program is made of. Each is drawn at random and leaves
// much out (swarm testing): a stretch without free, of one size, or on four slots reaches states
// that an even mixture of everything does not.
#ifndef LANGUAGE_MIX_H
#define LANGUAGE_MIX_H

#include "language/op.h"

struct mix {
    unsigned weights[VERBS];
    unsigned weight_sum;
    uint32_t first_slot, slots; ///< Most ops are on one of these.
    unsigned size_kind;         ///< Most sizes are of this kind, or like this one.
    uint32_t size_code;
};

/// Returns a number below `below`, 0 iff that is 0, and moves the random state on.
uint32_t draw(uint64_t *random, uint32_t below);

/// Returns a number from 1 to `most`, each magnitude as likely as any other.
uint32_t draw_magnitude(uint64_t *random, uint32_t most);

/// A mix of verbs of these families, a bit each.
struct mix mix_draw(unsigned families, uint64_t *random);

/// Draws an op, or a part of one. Every value is in reach of every mix, but for the verbs.
struct op mix_op(const struct mix *mix, uint64_t *random);

/// Draws the op that a stretch begins with: where most sizes are limits, a world with room for
/// them.
struct op mix_first_op(const struct mix *mix, uint64_t *random);

enum verb mix_verb(const struct mix *mix, uint64_t *random);
uint16_t mix_slot(const struct mix *mix, uint64_t *random);
uint32_t mix_size(const struct mix *mix, uint64_t *random);

/// How often to repeat an op: mostly a few times, now and then so often that a heap is full.
uint16_t mix_repeats(uint64_t *random);

#endif
