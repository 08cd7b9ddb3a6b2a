// Names of the laws of the op language, from language_laws.def.

#include "laws/language_law.h"

static const struct {
    const char *name;
    const char *sentence;
} table[LANGUAGE_LAWS] = {
#define LAW_DEF(id, name, sentence) [LANGUAGE_##id] = {name, sentence},
#include "laws/language_laws.def"
#undef LAW_DEF
};

const char *language_law_name(enum language_law law)
{
    return table[law].name;
}

const char *language_law_sentence(enum language_law law)
{
    return table[law].sentence;
}
