// Finds subjects, whatever this build lists.

#include <string.h>

#include "subjects/subjects.h"

const struct subject *subject_beside(const struct subject *subject)
{
    return subject_at(0) != subject ? subject_at(0) : subject_at(1);
}

const struct subject *subject_find(const char *name)
{
    const struct subject *subject;
    for (size_t i = 0; (subject = subject_at(i)) != NULL; i++) {
        if (strcmp(subject->name, name) == 0) {
            return subject;
        }
    }
    return NULL;
}
