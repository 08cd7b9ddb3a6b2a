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

/// law_broken_<id>: reports that the law is broken, with the values seen, and ends the process as
/// finding.h says. Never inlined, and where it ends by a signal the law's function raises it: the
/// first frames of its stack are the law, the check and the check's caller.
#define LAW_DEF(id, name, sentence)                                                                \
    __attribute__((noinline, noreturn, cold, format(printf, 1, 2))) void law_broken_##id(          \
        const char *format, ...);
#include "laws/laws.def"
#undef LAW_DEF

/// Written before a function that holds a heap against laws: the check, never inlined. Two causes
/// of one law are to differ in it or in its caller, which is a function of one kind of op where it
/// can be. Engines compare three frames, so a check is called by such a function itself.
#define CHECK __attribute__((noinline))

/// Holds a heap against a law: counts the check, and reports when the condition is false.
#define LAW(id, condition, ...)                                                                    \
    do {                                                                                           \
        counters->checks_by[LAW_##id]++;                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            law_broken_##id(__VA_ARGS__);                                                          \
        }                                                                                          \
    } while (0)

/// The same, with a call that notes the place which the law is broken at: see place.h.
#define LAW_AT(id, condition, note_place, ...)                                                     \
    do {                                                                                           \
        counters->checks_by[LAW_##id]++;                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            note_place;                                                                            \
            law_broken_##id(__VA_ARGS__);                                                          \
        }                                                                                          \
    } while (0)

#endif
