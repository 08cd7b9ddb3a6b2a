// The subjects that this build has: subjects.c lists those of this tree, ports.c those of a build
// that has ports of its own.
#ifndef SUBJECTS_SUBJECTS_H
#define SUBJECTS_SUBJECTS_H

#include "laws/subject.h"

/// Returns the index-th subject, the default first. Returns NULL iff there are fewer.
const struct subject *subject_at(size_t index);

/// Returns the first subject that is not this one. A target that compares uses it by default.
/// Returns NULL iff there is none.
const struct subject *subject_beside(const struct subject *subject);

/// Returns the subject of that name. Returns NULL iff there is none.
const struct subject *subject_find(const char *name);

#endif
