// The subjects that this build has.
#ifndef SUBJECTS_SUBJECTS_H
#define SUBJECTS_SUBJECTS_H

#include "laws/subject.h"

/// Lists all subjects, the default first; ends with NULL.
extern const struct subject *const subjects[];

/// Returns the first subject that is not this one. A target that compares uses it by default.
const struct subject *subject_beside(const struct subject *subject);

/// Returns the subject of that name. Returns NULL iff there is none.
const struct subject *subject_find(const char *name);

#endif
