// Draws programs, of which chance makes some fail: new ones of a few ops, and by turns some that
// are near the program that is there. Each number draws one program, so a search can be repeated.
//
// A process takes as long as many short programs, so that many run in each. It ends where one
// fails, and the next goes on behind that one. A program that fails the same way is tried alone.

#include "findings/shrink_search.h"

#include "language/size.h"
#include "laws/finding.h"
#include "laws/law.h"
#include "runner/apart.h"
#include "runner/pair.h"
#include "world/os.h"

#define OPS_MOST 10U  // Chance hits hardly any longer program.
#define SLOTS_MOST 4U // Few, so that the ops meet.
#define LITTLE_BYTES 4096U
#define TOGETHER 500U // Programs in one process.

static size_t size_of(const void *unused, uint32_t slot)
{
    (void)unused, (void)slot;
    return 0;
}

static size_t bytes_of(uint32_t code)
{
    return size_resolve(code, 0, size_of, NULL);
}

// Returns the code of the sum of two sizes: one block in place of two.
static uint32_t sum_of(uint32_t code, uint32_t other)
{
    size_t sum_bytes = size_sum(bytes_of(code), bytes_of(other));
    return sum_bytes > SIZE_LITERAL_MAX ? code : size_literal((uint32_t)sum_bytes);
}

static struct op draw_known(const struct program *program, uint64_t *random)
{
    return program->ops[draw(random, (uint32_t)program->count)];
}

// Draws a program of ops in any order, some of them the program's with other slots.
static void draw_new(const struct program *program, const struct mix *mix, uint64_t *random,
                     struct program *guess)
{
    uint32_t most = program->count <= OPS_MOST ? (uint32_t)program->count - 1 : OPS_MOST;
    uint32_t known = draw(random, 4); // So many ops of four.
    for (uint32_t ops = 1 + draw(random, most); ops > 0; ops--) {
        struct op op = mix_op(mix, random);
        if (draw(random, 4) < known) {
            op = draw_known(program, random);
            op.slot = verb_takes_slot(op.verb) ? mix_slot(mix, random) : op.slot;
        }
        program_add(guess, op);
    }
}

// Gives an op another operand, or draws another op.
static struct op draw_change(struct op op, const struct program *program, const struct mix *mix,
                             uint64_t *random)
{
    struct op other = draw(random, 2) == 0 ? mix_op(mix, random) : draw_known(program, random);
    switch (draw(random, 4)) {
    case 0:
        return other;
    case 1:
        op.slot = other.slot;
        break;
    case 2:
        op.size_code = sum_of(op.size_code, other.size_code);
        break;
    default:
        op.size_code = other.size_code;
    }
    return op_canonical(op);
}

// Leaves out some ops of the program, and changes some. May put a world before them, which fewer
// blocks fill.
static void draw_near(const struct program *program, const struct mix *mix, uint64_t *random,
                      struct program *guess)
{
    uint32_t left_out = 1 + draw(random, (uint32_t)program->count - 1);
    uint32_t kept = draw(random, 8); // So many ops of eight.
    if (left_out > 1 && draw(random, 4) == 0) {
        program_add(guess, (struct op){VERB_WORLD, 0, mix_size(mix, random)});
    }
    for (uint32_t left = (uint32_t)program->count; left > 0; left--) {
        struct op op = program->ops[program->count - left];
        if (draw(random, left) < left_out) {
            left_out--;
        } else {
            program_add(guess, draw(random, 8) < kept ? op : draw_change(op, program, mix, random));
        }
    }
}

// Gives an op the size that the others leave of the arena, or a little less: one block in place of
// all those that fill a heap.
static void fill_arena(size_t arena_bytes, uint64_t *random, struct program *guess)
{
    size_t filler = draw(random, (uint32_t)guess->count);
    size_t taken_bytes = draw_magnitude(random, LITTLE_BYTES);
    for (size_t at = 0; at < guess->count; at++) {
        size_t size_bytes = bytes_of(guess->ops[at].size_code);
        if (guess->ops[at].verb == VERB_WORLD) {
            arena_bytes = size_bytes;
        } else if (at != filler) {
            taken_bytes = size_sum(taken_bytes, size_bytes);
        }
    }
    if (guess->ops[filler].verb != VERB_WORLD && verb_takes_size(guess->ops[filler].verb) &&
        taken_bytes < arena_bytes && arena_bytes - taken_bytes <= SIZE_LITERAL_MAX) {
        guess->ops[filler].size_code = size_literal((uint32_t)(arena_bytes - taken_bytes));
    }
}

static void draw_guess(const struct shrinker *shrinker, struct program *guess)
{
    uint64_t random = *shrinker->searched * 0x9e3779b97f4a7c15U + 1;
    struct mix mix = mix_draw(shrinker->scope, &random);
    mix.first_slot = 0;
    mix.slots = 1 + draw(&random, SLOTS_MOST);
    program_clear(guess);
    (*shrinker->searched % 2 == 0 ? draw_new : draw_near)(shrinker->program, &mix, &random, guess);
    if (draw(&random, 4) == 0) {
        fill_arena(shrinker->scope->arena_bytes, &random, guess);
    }
}

// Runs the next programs. Only a law about two runs needs both.
static void run_guesses(const void *context)
{
    const struct shrinker *shrinker = context;
    struct plan plan = *shrinker->plan;
    struct program guess = {0};
    size_t guesses = apart_is_needed(&plan) ? 1 : TOGETHER;
    plan.runs_twice = shrinker->verdict == FINDING_FIRST_STATUS + (int)LAW_SAME;
    for (size_t i = 0; i < guesses && os_processor_seconds() < shrinker->search_seconds;
         i++, ++*shrinker->searched) {
        draw_guess(shrinker, &guess);
        pair_run(&plan, &guess);
    }
    program_close(&guess);
}

bool shrink_search(struct shrinker *shrinker)
{
    if (shrinker->program->count <= SEARCH_ABOVE_OPS || shrinker->search_seconds <= 0) {
        return false;
    }
    bool is_found = false;
    bool is_half_done = !shrinker_has_trials(shrinker) && shrinker->trials_most < SHRINK_TRIALS;
    size_t ends = *shrinker->searched + SEARCH_PROGRAMS_AN_OP * shrinker->program->count;
    shrinker->trials_most = SHRINK_TRIALS;
    shrinker->ends = shrinker->began + SHRINK_SECONDS;
    while (!is_found && *shrinker->searched < ends && shrinker->search_seconds > 0 &&
           shrinker_has_trials(shrinker)) {
        double began = os_processor_seconds();
        trial_may_take(SHRINK_HUNG_SECONDS);
        trial_verdict verdict = trial_call(run_guesses, shrinker, false);
        shrinker->search_seconds -= os_processor_seconds() - began;
        shrinker->search_seconds -= verdict == TRIAL_TIMEOUT ? SHRINK_HUNG_SECONDS : 0;
        if (verdict == shrinker->verdict) {
            draw_guess(shrinker, &shrinker->guess);
            is_found = shrinker_try(shrinker);
        }
        *shrinker->searched += verdict != TRIAL_CLEAN; // The next process begins behind it.
        shrinker_tell(shrinker);
    }
    return is_found || is_half_done;
}
