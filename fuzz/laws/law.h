// Laws: their names, and one reporting function each.
#ifndef LAWS_LAW_H
#define LAWS_LAW_H

#include <stdbool.h>

enum law {
#define LAW_DEF(id, name, sentence) LAW_##id,
#include "laws/laws.def"
#undef LAW_DEF
    LAWS
};

const char *law_name(enum law law);
const char *law_sentence(enum law law);

/// Reports a broken law, law_broken_<id>, with the values seen, and ends the process as finding.h
/// says. Never inlined. Where the process ends by a signal, the law's own function raises it. The
/// first frames of its stack are the law, the check and the check's caller.
#define LAW_DEF(id, name, sentence)                                                                \
    __attribute__((noinline, noreturn, cold, format(printf, 1, 2))) void law_broken_##id(          \
        const char *format, ...);
#include "laws/laws.def"
#undef LAW_DEF

/// Marks a check: a function that holds a heap against laws. It is never inlined. Two causes of one
/// law should differ in the check or in its caller. The caller is a function of one kind of op
/// where possible. Engines compare three frames, so such a function calls a check directly.
#define CHECK __attribute__((noinline))

/// Set the laws that are off: those with a reason here. NULL: none. A breach of such a law is
/// passed over. Where the checks that follow rely on it, `abandon` is called, which ends the
/// program and does not return.
void law_turn_off(const char *const reasons[LAWS], void (*abandon)(void));

/// Returns whether a law that is broken is on.
bool law_stands(enum law law);

/// Checks a heap against a law: counts the check, and reports iff the condition is false.
#define LAW(id, condition, ...)                                                                    \
    do {                                                                                           \
        counters->checks_by[LAW_##id]++;                                                           \
        if (__builtin_expect(!(condition), 0) && law_stands(LAW_##id)) {                           \
            law_broken_##id(__VA_ARGS__);                                                          \
        }                                                                                          \
    } while (0)

/// Does the same, with a call that records the place of the breach: see place.h.
#define LAW_AT(id, condition, note_place, ...)                                                     \
    do {                                                                                           \
        counters->checks_by[LAW_##id]++;                                                           \
        if (__builtin_expect(!(condition), 0) && law_stands(LAW_##id)) {                           \
            note_place;                                                                            \
            law_broken_##id(__VA_ARGS__);                                                          \
        }                                                                                          \
    } while (0)

#endif
