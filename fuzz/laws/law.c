// The laws' names and reporting functions, made from laws.def.

#include "laws/law.h"

#include <stdarg.h>
#include <stddef.h>

#include "laws/finding.h"

static const struct {
    const char *name;
    const char *sentence;
} table[LAWS] = {
#define LAW_DEF(id, name, sentence) [LAW_##id] = {name, sentence},
#include "laws/laws.def"
#undef LAW_DEF
};

const char *law_name(enum law law)
{
    return table[law].name;
}

const char *law_sentence(enum law law)
{
    return table[law].sentence;
}

static const char *const *off;
static void (*abandon_program)(void);

void law_turn_off(const char *const reasons[LAWS], void (*abandon)(void))
{
    off = reasons;
    abandon_program = abandon;
}

bool law_stands(enum law law)
{
    if (off == NULL || off[law] == NULL) {
        return true;
    }
    if (law == LAW_INSIDE || law == LAW_DISJOINT || law == LAW_WRITABLE || law == LAW_ZEROED ||
        law == LAW_LIMIT) {
        abandon_program(); // The model has no such block, or its bytes can't be written.
    }
    return false;
}

#define LAW_DEF(id, name, sentence)                                                                \
    void law_broken_##id(const char *format, ...)                                                  \
    {                                                                                              \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        finding_report(LAW_##id, name, sentence, format, arguments);                               \
        va_end(arguments);                                                                         \
        FINDING_TRAP();                                                                            \
    }
#include "laws/laws.def"
#undef LAW_DEF
