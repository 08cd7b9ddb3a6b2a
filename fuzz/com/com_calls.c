// Queries of the COM calls that a subject offers.

#include "com/com_calls.h"

bool com_has_faces(const struct subject *subject)
{
    const struct com_calls *calls = subject->parts.com;
    return calls != NULL && calls->task_alloc != NULL && calls->task_realloc != NULL &&
           calls->task_free != NULL && calls->get_malloc != NULL;
}

bool com_has_spies(const struct subject *subject)
{
    return com_has_faces(subject) && subject->parts.com->register_spy != NULL &&
           subject->parts.com->revoke_spy != NULL;
}
