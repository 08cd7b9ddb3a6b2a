// Subjects whose ports leave policies unstated.
#ifndef ENGINES_PROBED_H
#define ENGINES_PROBED_H

#include "runner/probe.h"

/// Probes a subject of the list, the first time that it is asked to, and settles its policies.
/// Returns the answers; NULL iff its port states every policy.
const struct probed *subject_probe(const struct subject *subject);

#endif
