// A size becomes 0, the number that its code stands for, and that number lowered by halves and by
// one. Each step down is tried once a pass: where only some sizes fail the same way, steps of one
// would take all the trials there are.

#include "findings/shrink_sizes.h"

#include <string.h>

#include "language/size.h"

// Below this a number says as much as an edge.
#define WORDED_BYTES 1024U

// A size that is lower by a smaller part is hardly lower. No coarse way is tried again for it:
// sizes that go down by turns would take all the trials there are.
#define HARDLY 16U

#define NEAR_BYTES 4096U // Sizes of a pair differ by this at most.
#define FURTHEST_EDGE 2
#define HEADS 1024U // Of every form that has edges; heads that are too large repeat the lower ones.

static size_t sizes[SLOTS];

static size_t size_of(const void *unused, uint32_t slot)
{
    (void)unused;
    return sizes[slot];
}

// Computes the sizes of the slots before an op, as if no request were refused.
static void play(const struct program *program, size_t end)
{
    uint32_t repeats = 0;
    memset(sizes, 0, sizeof sizes);
    for (size_t i = 0; i < end; i++) {
        struct op op = program->ops[i];
        if (op.verb == VERB_WORLD) {
            memset(sizes, 0, sizeof sizes);
        }
        for (uint32_t k = 0; k <= repeats && verb_takes_slot(op.verb); k++) {
            uint32_t slot = (op.slot + k) % SLOTS;
            if (verb_allocates(op.verb) || verb_reallocates(op.verb)) {
                sizes[slot] = size_resolve(op.size_code, slot, size_of, NULL);
            } else if (verb_frees(op.verb)) {
                sizes[slot] = 0;
            }
        }
        repeats = op.verb == VERB_REPEAT ? op.slot : 0;
    }
}

// Returns the number of bytes that an op's size means there.
static size_t size_at(const struct program *program, size_t at)
{
    play(program, at);
    return size_resolve(program->ops[at].size_code, program->ops[at].slot, size_of, NULL);
}

static bool set_code(struct shrinker *shrinker, size_t at, uint32_t code)
{
    struct op op = shrinker->program->ops[at];
    op.size_code = code;
    return shrinker_change(shrinker, at, op);
}

static bool set_size(struct shrinker *shrinker, size_t at, size_t size_bytes)
{
    return set_code(shrinker, at, size_literal((uint32_t)size_bytes));
}

static bool lower_one(struct shrinker *shrinker, size_t at)
{
    size_t size_bytes = size_at(shrinker->program, at);
    if (shrinker->program->ops[at].size_code == 0) {
        return false;
    }
    if (set_size(shrinker, at, 0)) {
        return true;
    }
    if (size_bytes > SIZE_LITERAL_MAX) {
        return set_size(shrinker, at, SIZE_LITERAL_MAX);
    }
    (void)set_size(shrinker, at, size_bytes);
    size_t most = size_bytes - size_bytes / HARDLY;
    for (size_t step = size_bytes / 2; step > 0; step /= 2) {
        if (size_bytes > step && set_size(shrinker, at, size_bytes - step)) {
            size_bytes -= step;
        }
    }
    return size_bytes < most;
}

// Halves all sizes at once, again and again: some are large because others are.
static bool halve_all(struct shrinker *shrinker)
{
    for (bool is_simpler = false;; is_simpler = true) {
        size_t largest = 0;
        program_copy(&shrinker->guess, shrinker->program);
        for (size_t at = 0; at < shrinker->program->count; at++) {
            size_t half = size_at(shrinker->program, at) / 2;
            half = half < SIZE_LITERAL_MAX ? half : SIZE_LITERAL_MAX;
            largest = half > largest ? half : largest;
            if (verb_takes_size(shrinker->guess.ops[at].verb)) {
                shrinker->guess.ops[at].size_code = size_literal((uint32_t)half);
            }
        }
        if (largest < WORDED_BYTES || !shrinker_try(shrinker)) {
            return is_simpler;
        }
    }
}

bool shrink_lower(struct shrinker *shrinker)
{
    bool is_simpler = halve_all(shrinker);
    for (size_t at = 0; at < shrinker->program->count; at++) {
        if (verb_takes_size(shrinker->program->ops[at].verb)) {
            is_simpler = lower_one(shrinker, at) || is_simpler;
        }
    }
    return is_simpler;
}

// Lowers the sizes of two ops by as many bytes.
static bool lower_both(struct shrinker *shrinker, size_t first, size_t second, size_t step)
{
    size_t after = size_at(shrinker->program, second);
    size_t before = size_at(shrinker->program, first);
    if (before <= step || after <= step) {
        return false;
    }
    program_copy(&shrinker->guess, shrinker->program);
    shrinker->guess.ops[first].size_code = size_literal((uint32_t)(before - step));
    shrinker->guess.ops[second].size_code = size_literal((uint32_t)(after - step));
    return shrinker_try(shrinker);
}

// Lowers the size that an op gives a block, and the size that the block had.
static bool lower_pair(struct shrinker *shrinker, size_t at)
{
    const struct op *ops = shrinker->program->ops;
    size_t after = size_at(shrinker->program, at);
    size_t before = sizes[ops[at].slot];
    size_t larger = after > before ? after : before;
    size_t away = after > before ? after - before : before - after;
    size_t maker = at;
    do {
        if (maker-- == 0) {
            return false;
        }
    } while (ops[maker].slot != ops[at].slot ||
             !(verb_allocates(ops[maker].verb) || verb_reallocates(ops[maker].verb)));
    if (away == 0 || away > NEAR_BYTES) {
        return false;
    }
    bool is_simpler = false;
    if (larger > SIZE_LITERAL_MAX) {
        if (!lower_both(shrinker, maker, at, larger - SIZE_LITERAL_MAX)) {
            return false;
        }
        is_simpler = true;
        before -= larger - SIZE_LITERAL_MAX;
    }
    for (size_t step = before / 2; step > 0; step /= 2) {
        is_simpler = lower_both(shrinker, maker, at, step) || is_simpler;
    }
    return is_simpler;
}

bool shrink_lower_pairs(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count; at++) {
        if (verb_reallocates(shrinker->program->ops[at].verb)) {
            is_simpler = lower_pair(shrinker, at) || is_simpler;
        }
    }
    return is_simpler;
}

// Returns the code of the edge next to a number, the most telling one; 0 iff there is none.
static uint32_t edge_of(size_t size_bytes)
{
    static const enum size_form forms[] = {SIZE_MIB, SIZE_PAGES, SIZE_STEP};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        for (uint32_t head = 0; head < HEADS; head++) {
            for (int away = -FURTHEST_EDGE; away <= FURTHEST_EDGE; away++) {
                uint32_t code = size_make(forms[i], head, away);
                if (size_resolve(code, 0, size_of, NULL) == size_bytes) {
                    return code;
                }
            }
        }
    }
    return 0;
}

static void word_one(struct shrinker *shrinker, size_t at)
{
    struct op op = shrinker->program->ops[at];
    size_t size_bytes = size_at(shrinker->program, at);
    size_t before = sizes[op.slot];
    bool is_next = size_bytes == before + 1 || size_bytes + 1 == before;
    if (size_bytes > SIZE_LITERAL_MAX || op.size_code != size_literal((uint32_t)size_bytes)) {
        return; // It is worded.
    }
    if (verb_reallocates(op.verb) && before >= 16 && is_next) {
        (void)set_code(shrinker, at, size_make(SIZE_OWN, 0, size_bytes > before ? 1 : -1));
    } else if (size_bytes >= WORDED_BYTES && edge_of(size_bytes) != 0) {
        (void)set_code(shrinker, at, edge_of(size_bytes));
    }
}

void shrink_word(struct shrinker *shrinker)
{
    for (size_t at = 0; at < shrinker->program->count; at++) {
        if (verb_takes_size(shrinker->program->ops[at].verb)) {
            word_one(shrinker, at);
        }
    }
}
