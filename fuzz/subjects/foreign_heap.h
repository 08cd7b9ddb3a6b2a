// An allocator that takes no pages from the world, behind IAtlMemMgr: the members of a subject that
// are the same for every such allocator, over four functions of its own. There is one at a time.
#ifndef SUBJECTS_FOREIGN_HEAP_H
#define SUBJECTS_FOREIGN_HEAP_H

#include "laws/subject.h"

/// The allocator. Each function does what the method of IAtlMemMgr does, and is asked for any size:
/// what is refused above a limit is the allocator's to refuse, and a law's to judge.
struct foreign_calls {
    void *(*alloc)(size_t size_bytes);
    void *(*realloc)(void *block, size_t size_bytes);
    void (*free)(void *block);
    size_t (*size_bytes)(void *block);
};

/// Returns the manager, whose calls are these from now on.
IAtlMemMgr *foreign_heap_open(const struct foreign_calls *calls);

// What subject.h says of each. The process can certainly hold 64 MiB beside everything else.
void foreign_heap_close(void);
bool foreign_heap_must_grant(size_t arena_bytes, size_t since_empty_bytes,
                             size_t since_empty_blocks);

#endif
