// The list of subjects. The build writes subjects.def from the files of this folder.

#include "subjects/subjects.h"

#include <string.h>

#define SUBJECT_DEF(name) extern const struct subject subject_##name;
#include "subjects/subjects.def"
#undef SUBJECT_DEF

const struct subject *const subjects[] = {
#define SUBJECT_DEF(name) &subject_##name,
#include "subjects/subjects.def"
#undef SUBJECT_DEF
    NULL,
};

const struct subject *subject_beside(const struct subject *subject)
{
    return subjects[0] != subject ? subjects[0] : subjects[1];
}

const struct subject *subject_find(const char *name)
{
    for (size_t i = 0; subjects[i] != NULL; i++) {
        if (strcmp(subjects[i]->name, name) == 0) {
            return subjects[i];
        }
    }
    return NULL;
}
