// Laws: their names, and one reporting function each.
#ifndef HARNESS_LAW_H
#define HARNESS_LAW_H

#include <stdbool.h>

enum law {
#define LAW_DEF(id, name, sentence) LAW_##id,
#include "harness/laws.def"
#undef LAW_DEF
    LAWS
};

const char *law_name(enum law law);
const char *law_sentence(enum law law);

struct run;

/// law_broken_<id>: reports that the law is broken in this run, with what was seen, and ends the
/// process as report.h says. Never inlined, so that each law's crash has a stack of its own.
#define LAW_DEF(id, name, sentence)                                                                \
    __attribute__((noinline, noreturn, cold, format(printf, 2, 3))) void law_broken_##id(          \
        const struct run *run, const char *format, ...);
#include "harness/laws.def"
#undef LAW_DEF

/// Holds a run against a law: counts the check, and reports when the condition is false.
#define LAW(run, id, condition, ...)                                                               \
    do {                                                                                           \
        counters->checks_by[LAW_##id]++;                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            law_broken_##id(run, __VA_ARGS__);                                                     \
        }                                                                                          \
    } while (0)

/// The same, with a call that notes the place which the law is broken at: see place.h.
#define LAW_AT(run, id, condition, note_place, ...)                                                \
    do {                                                                                           \
        counters->checks_by[LAW_##id]++;                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            note_place;                                                                            \
            law_broken_##id(run, __VA_ARGS__);                                                     \
        }                                                                                          \
    } while (0)

#endif
