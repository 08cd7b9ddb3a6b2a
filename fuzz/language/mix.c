// Draws mixes, and ops from them. Knows at which sizes allocators go wrong, not why.

#include "language/mix.h"

#include "language/size.h"

// The kinds of sizes. KIND_ANY: any code at all. KIND_ALIKE: one code again and again.
enum {
    KIND_SMALL,
    KIND_STEP,
    KIND_PAGES,
    KIND_RELATIVE,
    KIND_LARGE,
    KIND_LIMIT,
    KIND_ANY,
    KIND_ALIKE,
    KINDS
};

#define SLOTS_NARROW 2048U // The slots that a record reaches without a wide one.

uint32_t draw(uint64_t *random, uint32_t below)
{
    *random = *random * 0x5851f42d4c957f2dU + 0x14057b7ef767814fU;
    return (uint32_t)((*random >> 32) * below >> 32);
}

uint32_t draw_magnitude(uint64_t *random, uint32_t most)
{
    unsigned bits = 32 - (unsigned)__builtin_clz(most);
    uint32_t below = 1U << (1 + draw(random, bits));
    uint32_t number = 1 + draw(random, below - 1);
    return number < most ? number : most;
}

static int draw_distance(uint64_t *random, uint32_t most)
{
    uint32_t away = draw(random, 2) == 0 ? 0 : draw_magnitude(random, most);
    return draw(random, 2) == 0 ? (int)away : -(int)away;
}

// Draws a limit, mostly CComHeap's own, INT_MAX, and mostly within a byte, where errors show.
static uint32_t draw_limit(const struct scope *scope, uint64_t *random)
{
    int away = (int)draw(random, 3) - 1;
    if (scope->limit_bytes < SIZE_LITERAL_MAX && draw(random, 4) != 0) {
        uint32_t least = scope->limit_bytes < 64 ? 0 : (uint32_t)scope->limit_bytes - 64;
        return size_literal(draw(random, 2) == 0 ? least + draw(random, 96)
                                                 : (uint32_t)scope->limit_bytes + draw(random, 2));
    }
    return size_make(SIZE_LIMIT, draw(random, 2) * draw(random, 4),
                     draw(random, 2) == 0 ? away : draw_distance(random, 512));
}

static unsigned bits_of(size_t number)
{
    return 63 - (unsigned)__builtin_clzll(number);
}

// Returns a part of the arena, not less than 1 nor more than most.
static uint32_t part_of(const struct scope *scope, size_t over, uint32_t most)
{
    size_t part = scope->arena_bytes / over;
    return part == 0 ? 1 : part < most ? (uint32_t)part : most;
}

// Draws a large size: in a range mostly up to a quarter of it, so that it is not always full.
static uint32_t draw_large(const struct scope *scope, uint64_t *random)
{
    unsigned bits = bits_of(scope->arena_bytes);
    if (scope->is_range) {
        return size_make(SIZE_SCALED,
                         draw(random, 512) << 4 |
                             draw(random, bits > 10 ? bits - (draw(random, 4) == 0 ? 8 : 10) : 1),
                         0);
    }
    return draw(random, 2) == 0
               ? size_make(SIZE_MIB, draw_magnitude(random, 4096), 0)
               : size_make(SIZE_SCALED, draw(random, 512) << 4 | (4 + draw(random, 12)), 0);
}

static uint32_t draw_relative(uint64_t *random)
{
    return draw(random, 2) == 0
               ? size_make(SIZE_OWN, draw(random, 8), draw_distance(random, 64))
               : size_make(SIZE_OTHER, draw_magnitude(random, 256) - 1, draw_distance(random, 15));
}

static uint32_t draw_size(const struct scope *scope, unsigned kind, uint64_t *random)
{
    unsigned steps = bits_of(scope->arena_bytes) - (scope->is_range ? 6 : 3);
    switch (kind) {
    case KIND_SMALL:
        return size_literal(
            draw_magnitude(random, part_of(scope, scope->is_range ? 512 : 32, 2048)) -
            draw(random, 2));
    case KIND_STEP: // M*2^K from 16 bytes to the arena, smaller sizes more often.
        return size_make(SIZE_STEP, (2 + draw(random, draw(random, steps))) << 2 | draw(random, 4),
                         draw_distance(random, 15));
    case KIND_PAGES:
        return size_make(SIZE_PAGES, draw_magnitude(random, part_of(scope, 4 * 4096, 64)),
                         draw_distance(random, 3));
    case KIND_RELATIVE:
        return draw_relative(random);
    case KIND_LARGE:
        return draw_large(scope, random);
    case KIND_LIMIT:
        return draw_limit(scope, random);
    default: // KIND_ANY
        return draw(random, 1U << 16);
    }
}

// Makes half of all sizes small: most size classes are, and their calls take the least time.
static unsigned draw_kind(uint64_t *random)
{
    return draw(random, 2) == 0 ? KIND_SMALL : draw(random, KINDS);
}

struct mix mix_draw(const struct scope *scope, uint64_t *random)
{
    struct mix mix = {.scope = *scope};
    bool keeps_all = draw(random, 4) == 0;
    for (unsigned verb = 0; verb < VERBS; verb++) {
        bool is_meant = (scope->families >> verb_family((enum verb)verb) & 1) != 0;
        bool is_kept = keeps_all || verb == VERB_ALLOCATE || draw(random, 2) == 0;
        mix.weights[verb] = is_meant && is_kept ? verb_weight((enum verb)verb) : 0;
        mix.weight_sum += mix.weights[verb];
    }
    mix.slots = draw_magnitude(random, SLOTS_NARROW);
    mix.first_slot = draw(random, 4) == 0 ? draw(random, SLOTS_NARROW - mix.slots + 1) : 0;
    mix.size_kind = draw_kind(random);
    if (scope->is_range && mix.size_kind == KIND_LIMIT && scope->limit_bytes > scope->arena_bytes) {
        mix.size_kind = KIND_STEP; // No range has room for any of them.
    }
    mix.size_code = draw_size(scope, draw(random, KIND_ALIKE), random);
    return mix;
}

enum verb mix_verb(const struct mix *mix, uint64_t *random)
{
    uint32_t at = draw(random, mix->weight_sum);
    unsigned verb = 0;
    while (at >= mix->weights[verb]) {
        at -= mix->weights[verb++];
    }
    return (enum verb)verb;
}

uint16_t mix_slot(const struct mix *mix, uint64_t *random)
{
    uint32_t slot = draw(random, 16) == 0 ? draw(random, SLOTS_NARROW)
                                          : mix->first_slot + draw(random, mix->slots);
    return (uint16_t)slot;
}

uint32_t mix_size(const struct mix *mix, uint64_t *random)
{
    unsigned kind = draw(random, 4) == 0 ? draw_kind(random) : mix->size_kind;
    return kind == KIND_ALIKE ? mix->size_code : draw_size(&mix->scope, kind, random);
}

// Draws an arena with room for one block of INT_MAX bytes, and not for two.
static uint32_t draw_roomy(uint64_t *random)
{
    return size_make(SIZE_MIB, 2200 + draw(random, 1800), 0);
}

// Draws a range: mostly up to 2 MiB, of any magnitude, odd sizes included.
static uint32_t draw_range(uint64_t *random)
{
    switch (draw(random, 8)) {
    case 0:
        return size_make(SIZE_MIB, draw_magnitude(random, 1024), 0);
    case 1:
    case 2:
        return size_literal(512 + draw(random, 7680));
    default:
        return size_make(SIZE_STEP, (7 + draw(random, 12)) << 2 | draw(random, 4),
                         draw_distance(random, 15));
    }
}

// Draws an arena, from a few spans to all addresses of the world.
static uint32_t draw_arena(const struct scope *scope, uint64_t *random)
{
    if (scope->is_range) {
        return draw_range(random);
    }
    switch (draw(random, 4)) {
    case 0:
        return draw_roomy(random);
    case 1:
        return draw_size(scope, KIND_LARGE, random);
    default:
        return draw_size(scope, KIND_STEP, random);
    }
}

uint16_t mix_repeats(uint64_t *random)
{
    return (uint16_t)draw_magnitude(random, draw(random, 8) == 0 ? 2000 : 50);
}

struct op mix_op(const struct mix *mix, uint64_t *random)
{
    struct op op = {
        .verb = mix_verb(mix, random),
        .slot = mix_slot(mix, random),
        .size_code = mix_size(mix, random),
    };
    if (op.verb == VERB_REPEAT) {
        op.slot = mix_repeats(random);
    } else if (op.verb == VERB_REFUSE) {
        op.slot = (uint16_t)(draw_magnitude(random, 64) - 1);
    } else if (op.verb == VERB_ALIGN) {
        op.slot = (uint16_t)draw(random, draw(random, ALIGN_DOUBLINGS) + 1);
    } else if (op.verb == VERB_LANE) {
        op.slot = (uint16_t)draw(random, LANES);
    } else if (op.verb == VERB_SPY) {
        op.slot = (uint16_t)draw(random, SPY_NUMBERS);
    } else if (op.verb == VERB_RANGE) {
        op.slot = (uint16_t)(draw(random, 2) == 0 ? 0 : draw_magnitude(random, 64));
        op.size_code = draw_range(random);
    } else if (op.verb == VERB_WORLD) { // Half of the worlds have unlimited pages.
        op.slot = (uint16_t)(draw(random, 2) == 0 ? 0 : draw_magnitude(random, 32768));
        op.size_code = draw_arena(&mix->scope, random);
    }
    return op_canonical(op);
}

struct op mix_first_op(const struct mix *mix, uint64_t *random)
{
    bool needs_room =
        mix->size_kind == KIND_LIMIT && mix->weights[VERB_WORLD] > 0 && !mix->scope.is_range;
    return needs_room ? (struct op){VERB_WORLD, 0, draw_roomy(random)} : mix_op(mix, random);
}
