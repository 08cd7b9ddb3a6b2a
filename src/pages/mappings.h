// The mappings of the process, of which the kernel allows only so many: 65,530, unless told
// otherwise.
#ifndef COMHEAP_PAGES_MAPPINGS_H
#define COMHEAP_PAGES_MAPPINGS_H

#include <stdbool.h>

/// Returns whether a mapping may be cut in three. Not when that would take the process past half of
/// its mappings.
bool ch_mappings_may_cut(void);

/// Holds some mappings, for a time when the kernel allows no more. Holds fewer, or none, where it
/// allows no more now.
void ch_mappings_hold(void);

/// Gives back the mappings that are held. Returns false iff there are none.
bool ch_mappings_give(void);

#endif
