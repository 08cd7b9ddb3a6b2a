// Five ways to make a program simpler, from the coarse to the fine; whatever works, the coarse ones
// are tried again, until none works any more:
//
//     cut      leave out a stretch of ops, of half the program, a quarter, ... a single op
//     drop     leave out everything that one slot does
//     plain    allocate for reallocate, the interface's own call for a COM one, fewer repeats
//     lower    a size nearer to 0: 0, 1, the number that its code stands for, halves, one less
//     rename   slots b0, b1, ... in the order in which they come
//
// Each is only a guess: the trial decides. Deleting an op renumbers nothing, which is what makes
// most guesses good.

#include "harness/shrink.h"

#include <string.h>

#include "harness/size.h"

struct shrinker {
    const struct plan *plan;
    struct program *program; ///< The simplest so far.
    struct program guess;
    trial_verdict verdict;
    size_t trials;
    shrink_progress progress;
};

static void begin_guess(struct shrinker *shrinker)
{
    program_clear(&shrinker->guess);
    for (size_t i = 0; i < shrinker->program->count; i++) {
        program_add(&shrinker->guess, shrinker->program->ops[i]);
    }
}

// Tries the guess. If it fails the same way it is the program from now on.
static bool accept(struct shrinker *shrinker)
{
    if (shrinker->trials >= SHRINK_TRIALS) {
        return false;
    }
    shrinker->trials++;
    if (trial_run(shrinker->plan, &shrinker->guess) != shrinker->verdict) {
        return false;
    }
    struct program former = *shrinker->program;
    *shrinker->program = shrinker->guess;
    shrinker->guess = former;
    if (shrinker->progress != NULL) {
        shrinker->progress(shrinker->program->count, shrinker->trials);
    }
    return true;
}

static bool cut(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t length = (shrinker->program->count + 1) / 2; length > 0; length /= 2) {
        for (size_t end = shrinker->program->count; end >= length;) {
            size_t begin = end - length;
            program_clear(&shrinker->guess);
            for (size_t i = 0; i < shrinker->program->count; i++) {
                if (i < begin || i >= end) {
                    program_add(&shrinker->guess, shrinker->program->ops[i]);
                }
            }
            is_simpler = accept(shrinker) || is_simpler;
            end = begin;
        }
    }
    return is_simpler;
}

static bool has_slot(struct op op)
{
    return verb_operands(op.verb)[0] == 's';
}

static bool has_size(struct op op)
{
    return strchr(verb_operands(op.verb), 'z') != NULL;
}

static bool drop(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count; at++) {
        struct op first = shrinker->program->ops[at];
        if (!has_slot(first)) {
            continue;
        }
        program_clear(&shrinker->guess);
        for (size_t i = 0; i < shrinker->program->count; i++) {
            struct op op = shrinker->program->ops[i];
            if (!has_slot(op) || op.slot != first.slot) {
                program_add(&shrinker->guess, op);
            }
        }
        is_simpler = accept(shrinker) || is_simpler;
    }
    return is_simpler;
}

// Tries another op in the place of one. Nothing is tried if it is the same.
static bool replace(struct shrinker *shrinker, size_t at, struct op op)
{
    struct op old = shrinker->program->ops[at];
    op = op_canonical(op);
    if (op.verb == old.verb && op.slot == old.slot && op.size_code == old.size_code) {
        return false;
    }
    begin_guess(shrinker);
    shrinker->guess.ops[at] = op;
    return accept(shrinker);
}

static enum verb plainer(enum verb verb)
{
    switch (verb) {
    case VERB_REALLOCATE:
    case VERB_TASK_ALLOCATE:
    case VERB_IMALLOC_ALLOCATE:
        return VERB_ALLOCATE;
    case VERB_TASK_REALLOCATE:
    case VERB_IMALLOC_REALLOCATE:
        return VERB_REALLOCATE;
    case VERB_TASK_FREE:
    case VERB_IMALLOC_FREE:
        return VERB_FREE;
    case VERB_IMALLOC_SIZE:
        return VERB_SIZE;
    default:
        return verb;
    }
}

static bool plain(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count; at++) {
        struct op op = shrinker->program->ops[at];
        op.verb = plainer(op.verb);
        is_simpler = replace(shrinker, at, op) || is_simpler;
        op = shrinker->program->ops[at];
        if (!has_slot(op)) { // A number: half of it, then one less, as long as that works.
            uint16_t number = op.slot;
            while (op.slot = (uint16_t)(number / 2), number > 0 && replace(shrinker, at, op)) {
                number = op.slot;
                is_simpler = true;
            }
            while (op.slot = (uint16_t)(number - 1), number > 0 && replace(shrinker, at, op)) {
                number = op.slot;
                is_simpler = true;
            }
        }
    }
    return is_simpler;
}

static size_t no_size(const void *unused, uint32_t slot)
{
    (void)unused, (void)slot;
    return 0;
}

// The number that a code stands for, if it is one that a literal can be and no block's size is in
// it.
static bool as_number(uint32_t code, uint32_t *number)
{
    char text[SIZE_TEXT_BYTES];
    size_print(code, text);
    size_t size_bytes = size_resolve(code, 0, no_size, NULL);
    *number = (uint32_t)size_bytes;
    return strncmp(text, "size", 4) != 0 && size_bytes <= SIZE_LITERAL_MAX;
}

static bool set_size(struct shrinker *shrinker, size_t at, uint32_t size_bytes)
{
    struct op op = shrinker->program->ops[at];
    op.size_code = size_literal(size_bytes);
    return replace(shrinker, at, op);
}

static bool lower(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count; at++) {
        uint32_t number;
        struct op op = shrinker->program->ops[at];
        if (!has_size(op) || op.size_code == 0) {
            continue;
        }
        if (set_size(shrinker, at, 0) || (op.size_code != 1 && set_size(shrinker, at, 1))) {
            is_simpler = true;
            continue;
        }
        if (!as_number(op.size_code, &number)) {
            continue;
        }
        bool is_changed = set_size(shrinker, at, number);
        for (uint32_t step = number / 2; step > 0; step /= 2) {
            while (number > step && set_size(shrinker, at, number - step)) {
                number -= step;
                is_changed = true;
            }
        }
        is_simpler = is_simpler || is_changed;
    }
    return is_simpler;
}

static bool rename_slots(struct shrinker *shrinker)
{
    static uint32_t names[SLOTS];
    uint32_t count = 0;
    bool differs = false;
    begin_guess(shrinker);
    memset(names, 0xff, sizeof names);
    for (size_t i = 0; i < shrinker->guess.count; i++) {
        struct op *op = &shrinker->guess.ops[i];
        if (has_slot(*op)) {
            uint32_t *name = &names[op->slot];
            *name = *name == UINT32_MAX ? count++ : *name;
            differs = differs || op->slot != *name;
            op->slot = (uint16_t)*name;
        }
    }
    return differs && accept(shrinker);
}

size_t shrink(const struct plan *plan, struct program *program, trial_verdict verdict,
              shrink_progress progress)
{
    static bool (*const ways[])(struct shrinker *) = {cut, drop, plain, lower, rename_slots};
    struct shrinker shrinker = {
        .plan = plan, .program = program, .verdict = verdict, .progress = progress};
    for (size_t way = 0; way < sizeof ways / sizeof ways[0];) {
        way = ways[way](&shrinker) ? 0 : way + 1;
    }
    program_close(&shrinker.guess);
    return shrinker.trials;
}
