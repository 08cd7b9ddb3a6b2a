// The laws that are off for a subject.
#ifndef FINDINGS_LAWS_OFF_H
#define FINDINGS_LAWS_OFF_H

#include <stdio.h>

#include "laws/heap.h"

/// Prints the laws that are off for a subject with an extension, or NULL, each with its reason;
/// nothing if there is none.
void laws_off_print(FILE *file, const struct subject *subject, const struct extension *extension);

/// Does the same for some laws only, without an extension.
void laws_off_print_among(FILE *file, const struct subject *subject, const enum law *laws,
                          size_t count);

#endif
