// Returns which optional members a subject has.

#include "laws/subject.h"

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
