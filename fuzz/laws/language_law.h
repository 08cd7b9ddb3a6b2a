// The laws of the op language: their names, and one reporting function each.
#ifndef LAWS_LANGUAGE_LAW_H
#define LAWS_LANGUAGE_LAW_H

enum language_law {
#define LAW_DEF(id, name, sentence) LANGUAGE_##id,
#include "laws/language_laws.def"
#undef LAW_DEF
    LANGUAGE_LAWS
};

const char *language_law_name(enum language_law law);
const char *language_law_sentence(enum language_law law);

/// Reports the values seen of the current input under language_broken_<id>, and ends the process as
/// finding.h says. Never inlined, so that each law's crash has a stack of its own: see law.h.
#define LAW_DEF(id, name, sentence)                                                                \
    __attribute__((noinline, noreturn, cold, format(printf, 1, 2))) void language_broken_##id(     \
        const char *format, ...);
#include "laws/language_laws.def"
#undef LAW_DEF

/// Ways to read an input, with the result.
enum reading {
    READING_TEXT,    ///< It was a program as text,
    READING_TRACE,   ///< or a recorded trace;
    READING_NO_TEXT, ///< or it was not, and was refused.
    READING_NO_TRACE,
    READINGS
};

#endif
