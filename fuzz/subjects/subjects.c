// The list of subjects, and what one has of the members that it may leave out.

#include "laws/subject.h"

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

bool subject_has_com(const struct subject *subject)
{
    const struct com_calls *com = subject->com;
    return com != NULL && com->task_alloc != NULL && com->task_realloc != NULL &&
           com->task_free != NULL && com->get_malloc != NULL;
}

bool subject_has_spies(const struct subject *subject)
{
    return subject_has_com(subject) && subject->com->register_spy != NULL &&
           subject->com->revoke_spy != NULL;
}

bool subject_has_lanes(const struct subject *subject)
{
    return subject->select_lane != NULL && subject->minimize != NULL;
}

bool subject_survives_misuse(const struct subject *subject)
{
    return subject->misuse != NULL && subject->misuse->fault != NULL &&
           subject->misuse->pages != NULL && subject->fault != NULL;
}

bool subject_must_grant(const struct subject *subject, size_t arena_bytes, size_t since_empty_bytes,
                        size_t since_empty_blocks)
{
    return subject->must_grant != NULL &&
           subject->must_grant(arena_bytes, since_empty_bytes, since_empty_blocks);
}

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
