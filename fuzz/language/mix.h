// A mix: the kinds of ops that make up a stretch of a program. Each mix is drawn at random and
// leaves much out (swarm testing). A stretch without free, of one size, or on four slots reaches
// states that an even mixture does not.
#ifndef LANGUAGE_MIX_H
#define LANGUAGE_MIX_H

#include "language/op.h"

/// The programs to draw: their verbs, and sizes that suit the memory of a heap.
struct scope {
    unsigned families;  ///< Those of the verbs, a bit each.
    size_t arena_bytes; ///< The memory that most heaps begin with.
    size_t limit_bytes; ///< The heap refuses more; SIZE_MAX: it has no limit.
    bool is_range;      ///< It is a range, which the heap is given as a whole.
};

struct mix {
    struct scope scope;
    unsigned weights[VERBS];
    unsigned weight_sum;
    uint32_t first_slot, slots; ///< Most ops use one of these.
    unsigned size_kind;         ///< Most sizes are of this kind,
    uint32_t size_code;         ///< or are this one.
};

/// Returns a number below `below`, or 0 where `below` is 0. Advances the random state.
uint32_t draw(uint64_t *random, uint32_t below);

/// Returns a number from 1 to `most`, every magnitude equally likely.
uint32_t draw_magnitude(uint64_t *random, uint32_t most);

/// Draws a mix for such programs.
struct mix mix_draw(const struct scope *scope, uint64_t *random);

/// Draws an op. The mix limits its verb; every size and every slot below 2048 stays possible.
struct op mix_op(const struct mix *mix, uint64_t *random);

/// Draws the first op of a stretch: a world with room for the limits, where most sizes are limits.
struct op mix_first_op(const struct mix *mix, uint64_t *random);

/// Draw a part of an op.
enum verb mix_verb(const struct mix *mix, uint64_t *random);
uint16_t mix_slot(const struct mix *mix, uint64_t *random);
uint32_t mix_size(const struct mix *mix, uint64_t *random);

/// Draws a number of repeats: mostly a few, now and then enough to fill a heap.
uint16_t mix_repeats(uint64_t *random);

#endif
