// Sizes made as small as they can be, and then worded. A size becomes 0, 1, the number that its
// code stands for, and that number lowered by halves and by one; where it is too large for a
// number, the lowest of the edges that does. Each step down is tried once a pass: where only some
// sizes fail the same way, going down one by one would take all the trials there are.

#include "findings/shrink_parts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "language/size.h"

// Below this a number says as much as an edge.
#define WORDED_BYTES 1024U

#define MIB ((size_t)1024 * 1024)
#define PAGE ((size_t)4096)

static size_t sizes[SLOTS];

static size_t size_of(const void *unused, uint32_t slot)
{
    (void)unused;
    return sizes[slot];
}

// The sizes of the slots as they are before an op.
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

size_t shrink_size_at(const struct program *program, size_t at)
{
    struct op op = program->ops[at];
    play(program, at);
    return size_resolve(op.size_code, op.slot, size_of, NULL);
}

static bool set_code(struct shrinker *shrinker, size_t at, uint32_t code)
{
    struct op op = shrinker->program->ops[at];
    op.size_code = code;
    return shrink_replace(shrinker, at, op);
}

static bool set_size(struct shrinker *shrinker, size_t at, size_t size_bytes)
{
    return set_code(shrinker, at, size_literal((uint32_t)size_bytes));
}

// Reads a text that size.h knows.
static uint32_t code_of(const char *text)
{
    uint32_t code = 0;
    const char *why;
    (void)size_parse(text, &code, &why);
    return code;
}

// The edges that no number reaches, in their order.
static bool lower_large(struct shrinker *shrinker, size_t at, size_t size_bytes)
{
    static const char *const edges[] = {
        "2^29",     "6*2^27", "2^30",   "6*2^28", "INT_MAX-1", "INT_MAX", "2^31", "6*2^29",
        "UINT_MAX", "2^32",   "6*2^30", "2^33",   "2^34",      "2^40",    "2^48", "PTRDIFF_MAX"};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        uint32_t code = code_of(edges[i]);
        if (size_resolve(code, 0, size_of, NULL) < size_bytes && set_code(shrinker, at, code)) {
            return true;
        }
    }
    return false;
}

static bool lower_one(struct shrinker *shrinker, size_t at)
{
    size_t size_bytes = shrink_size_at(shrinker->program, at);
    uint32_t code = shrinker->program->ops[at].size_code;
    if (code == 0) {
        return false;
    }
    if (set_size(shrinker, at, 0) || (code != 1 && set_size(shrinker, at, 1))) {
        return true;
    }
    if (size_bytes > SIZE_LITERAL_MAX) {
        return set_size(shrinker, at, SIZE_LITERAL_MAX) || lower_large(shrinker, at, size_bytes);
    }
    bool is_changed = set_size(shrinker, at, size_bytes);
    for (size_t step = size_bytes / 2; step > 0; step /= 2) {
        if (size_bytes > step && set_size(shrinker, at, size_bytes - step)) {
            size_bytes -= step;
            is_changed = true;
        }
    }
    return is_changed;
}

bool shrink_lower(struct shrinker *shrinker)
{
    bool is_simpler = false;
    for (size_t at = 0; at < shrinker->program->count; at++) {
        if (verb_takes_size(shrinker->program->ops[at].verb)) {
            is_simpler = lower_one(shrinker, at) || is_simpler;
        }
    }
    return is_simpler;
}

// The op that gave the slot its size before an op; `at` itself: none did.
static size_t maker_of(const struct program *program, size_t at)
{
    for (size_t i = at; i-- > 0;) {
        enum verb verb = program->ops[i].verb;
        if ((verb_allocates(verb) || verb_reallocates(verb)) &&
            program->ops[i].slot == program->ops[at].slot) {
            return i;
        }
    }
    return at;
}

static bool set_pair(struct shrinker *shrinker, size_t maker, size_t at, size_t before,
                     size_t after)
{
    struct op first = shrinker->program->ops[maker];
    struct op second = shrinker->program->ops[at];
    first.size_code = size_literal((uint32_t)before);
    second.size_code = size_literal((uint32_t)after);
    return shrink_replace_two(shrinker, maker, first, at, second);
}

// Where a block grows or shrinks by little, both sizes go down at once.
static bool lower_pair(struct shrinker *shrinker, size_t at)
{
    size_t maker = maker_of(shrinker->program, at);
    size_t after = shrink_size_at(shrinker->program, at);
    size_t before = sizes[shrinker->program->ops[at].slot];
    size_t away = after > before ? after - before : before - after;
    bool is_simpler = false;
    if (maker == at || away == 0 || away > PAGE || before <= away) {
        return false;
    }
    size_t larger = before > after ? before : after;
    if (larger > SIZE_LITERAL_MAX) {
        size_t over = larger - SIZE_LITERAL_MAX;
        if (!set_pair(shrinker, maker, at, before - over, after - over)) {
            return false;
        }
        before -= over;
        after -= over;
        is_simpler = true;
    }
    for (size_t step = before / 2; step > 0; step /= 2) {
        if (before > step && after > step &&
            set_pair(shrinker, maker, at, before - step, after - step)) {
            before -= step;
            after -= step;
            is_simpler = true;
        }
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

// The edges near a number, the most telling first; "": there is none.
static void word(size_t size_bytes, char text[SIZE_TEXT_BYTES])
{
    text[0] = '\0';
    if (size_bytes % MIB == 0 && size_bytes / MIB < 8192) {
        (void)snprintf(text, SIZE_TEXT_BYTES, "MiB*%zu", size_bytes / MIB);
        return;
    }
    for (int away = -2; away <= 2; away++) {
        size_t edge = size_bytes - (size_t)away;
        char sign[4] = "";
        if (away != 0) {
            (void)snprintf(sign, sizeof sign, "%+d", away);
        }
        if (edge % PAGE == 0 && edge / PAGE < 1024) {
            (void)snprintf(text, SIZE_TEXT_BYTES, "page*%zu%s", edge / PAGE, sign);
            return;
        }
        unsigned shift = 0;
        while (edge % 2 == 0) {
            edge /= 2;
            shift++;
        }
        if (edge == 1) {
            (void)snprintf(text, SIZE_TEXT_BYTES, "2^%u%s", shift, sign);
            return;
        }
        if (edge <= 7 && shift > 1) { // 3 is 6 of the half.
            (void)snprintf(text, SIZE_TEXT_BYTES, "%zu*2^%u%s", edge == 3 ? 6 : edge,
                           edge == 3 ? shift - 1 : shift, sign);
            return;
        }
    }
}

static void word_one(struct shrinker *shrinker, size_t at)
{
    char text[SIZE_TEXT_BYTES];
    struct op op = shrinker->program->ops[at];
    size_t size_bytes = shrink_size_at(shrinker->program, at);
    size_t before = sizes[op.slot];
    uint32_t number = size_literal((uint32_t)size_bytes);
    if (size_bytes > SIZE_LITERAL_MAX || op.size_code != number) {
        return; // It says what it is already.
    }
    if (verb_reallocates(op.verb) && before >= 16 && size_bytes + 1 >= before &&
        size_bytes <= before + 1 && size_bytes != before) {
        (void)set_code(shrinker, at, code_of(size_bytes > before ? "size+1" : "size-1"));
    } else if (size_bytes >= WORDED_BYTES) {
        word(size_bytes, text);
        if (text[0] != '\0') {
            (void)set_code(shrinker, at, code_of(text));
        }
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
