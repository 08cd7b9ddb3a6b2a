// Misuses a heap in fixed ways, each in a process of its own, and tells the effect by its end.
// Prints nothing itself.

#include "runner/attack.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "laws/finding.h"
#include "runner/attack_parts.h"
#include "runner/runner.h"
#include "runner/stop.h"
#include "world/os.h"

// A trial takes milliseconds. On a busy machine it may wait for longer, so the first one that does
// not end has more time.
#define SECONDS 1U
#define FIRST_SECONDS 5U

_Noreturn void attack_end_without_memory(void)
{
    fprintf(stderr, "heapfuzz: there is no memory for an attack\n");
    finding_note(2);
    exit(2);
}

static void run_variant(const void *context)
{
    const struct program *program = context;
    static _Alignas(16) unsigned char fixed[ATTACK_OBJECT_BYTES];
    _Alignas(16) unsigned char local[ATTACK_OBJECT_BYTES];
    const struct attack_variant *variant = &attack_trial.variant;
    const char *way = variant->way == NULL ? "" : variant->way;
    const struct plan plan = {
        .subject = variant->subject,
        .misuse = attack_misuse,
        .walks_always = true,
        .after_op = attack_look,
    };
    attack_trial.object = strcmp(way, "stack") == 0   ? local
                          : strcmp(way, "pages") == 0 ? os_map(ATTACK_OBJECT_BYTES)
                                                      : fixed;
    if (attack_trial.object == NULL) {
        attack_end_without_memory();
    }
    size_t word = attack_forged_word((size_t)2 * variant->size_bytes);
    for (size_t at = 0; at < ATTACK_OBJECT_BYTES; at += sizeof word) {
        memcpy(attack_trial.object + at, &word, sizeof word);
    }
    run_program(&plan, program);
}

static trial_verdict try_variant(const struct attack_variant *variant, struct attack_trace *left,
                                 bool is_shown)
{
    static bool has_hung;
    struct program program = {0};
    attack_trial.trace = os_share(sizeof *attack_trial.trace);
    if (attack_trial.trace == NULL) {
        attack_end_without_memory();
    }
    attack_trial.variant = *variant;
    attack_write_program(&program, variant);
    trial_may_take(SECONDS);
    trial_verdict verdict = trial_call(run_variant, &program, is_shown);
    if (verdict == TRIAL_TIMEOUT && !has_hung) {
        *attack_trial.trace = (struct attack_trace){.is_made = false};
        trial_may_take(FIRST_SECONDS);
        verdict = trial_call(run_variant, &program, is_shown);
        has_hung = verdict == TRIAL_TIMEOUT;
    }
    trial_may_take(TRIAL_SECONDS);
    *left = *attack_trial.trace;
    os_share_end(attack_trial.trace, sizeof *attack_trial.trace);
    program_close(&program);
    return verdict;
}

trial_verdict attack_without(const struct subject *subject)
{
    struct attack_trace left;
    trial_verdict verdict = TRIAL_CLEAN;
    for (unsigned i = 0; i < attack_variants(0) && verdict == TRIAL_CLEAN; i++) {
        struct attack_variant variant = attack_variant_at(subject, 0, i);
        variant.way = NULL;
        verdict = try_variant(&variant, &left, false);
    }
    return verdict;
}

// Returns whether the process was ended on purpose.
static bool has_ended_itself(trial_verdict verdict)
{
#ifdef SIGTRAP
    if (verdict == STOP_SIGNAL_STATUS + SIGTRAP) {
        return true;
    }
#endif
    return verdict == STOP_EXIT_STATUS || verdict == STOP_SIGNAL_STATUS + SIGABRT ||
           verdict == STOP_SIGNAL_STATUS + SIGILL;
}

static enum attack_effect effect_of(trial_verdict verdict, enum law law,
                                    const struct attack_trace *left)
{
    if (verdict == TRIAL_CLEAN) {
        return !left->is_made     ? ATTACK_IMPOSSIBLE
               : left->is_caught  ? ATTACK_CAUGHT
               : left->is_granted ? ATTACK_LAW
                                  : ATTACK_IGNORED;
    }
    return verdict == TRIAL_TIMEOUT                            ? ATTACK_HANG
           : has_ended_itself(verdict) || law == LAW_FAULTLESS ? ATTACK_CAUGHT
           : law == LAW_DISJOINT                               ? ATTACK_OVERLAP
           : law == LAW_INSIDE                                 ? ATTACK_OUTSIDE
           : law != LAWS                                       ? ATTACK_LAW
                                                               : ATTACK_CRASH;
}

static struct attack_result make(const struct attack_variant *variant, bool is_shown)
{
    struct attack_trace left;
    trial_verdict verdict = try_variant(variant, &left, is_shown);
    int number = verdict - FINDING_FIRST_STATUS;
    struct attack_result result = {
        .law = number >= 0 && number < (int)LAWS ? (enum law)number : LAWS,
        .promised = left.promised,
    };
    result.effect = effect_of(verdict, result.law, &left);
    result.is_kept =
        result.effect == ATTACK_IMPOSSIBLE || left.promised == HEAPFUZZ_UNDEFINED ||
        result.effect == (left.promised == HEAPFUZZ_CAUGHT ? ATTACK_CAUGHT : ATTACK_IGNORED);
    return result;
}

// A law that is broken at once, such as that of sizes, ends a program before anything else happens.
// So the program goes on without that law. Where nothing else happens, the law is the effect.
struct attack_result attack_make(const struct subject *subject, unsigned misuse, unsigned variant,
                                 bool is_shown)
{
    struct subject lax = *subject;
    struct attack_variant made = attack_variant_at(subject, misuse, variant);
    struct attack_result first = make(&made, false);
    struct attack_result result = first;
    made.subject = &lax;
    while (result.effect == ATTACK_LAW && result.law != LAWS && lax.laws_off[result.law] == NULL) {
        lax.laws_off[result.law] = "it is broken";
        result = make(&made, false);
    }
    if (result.effect == ATTACK_LAW || result.effect == ATTACK_IGNORED) {
        result = first;
        lax = *subject;
    }
    if (is_shown) {
        (void)make(&made, true);
    }
    result.is_kept = first.is_kept;
    if (result.effect == ATTACK_LAW && result.law == LAWS) {
        result.law = LAW_MISUSE; // A stray pointer was granted a block.
    }
    return result;
}
