// The copies of this library in the process, of which each plugin may contain one. The loader keeps
// the names of plugins apart. So the file of each copy has a note, and a copy reads the others'.
//
// This layer does not know what a copy offers.
#ifndef COMHEAP_PAGES_COPIES_H
#define COMHEAP_PAGES_COPIES_H

#include <stdbool.h>

/// The offer of this copy to the others. Its user defines it. Its layout is the same in all
/// versions of the library whose notes have the same number.
extern const struct ch_copy_offer ch_copy_offer;

struct ch_copies {
    /// The offer of the first loaded copy that is never unloaded. NULL iff no copy loaded before
    /// this one is like that.
    const struct ch_copy_offer *first;
    /// Without a first one: whether another copy was loaded before this one.
    bool is_second;
};

/// Returns the copies loaded before this one. Each copy calls it once. Where two threads do so at
/// once, one of them may not learn that this copy is the second. It takes no lock but the system's,
/// and does not allocate.
struct ch_copies ch_copies_find(void);

/// Says how plugins come to have one copy, or to share one.
extern const char ch_copies_remedy[];

#endif
