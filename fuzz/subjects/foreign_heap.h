// An allocator that takes no pages from the world, behind IAtlMemMgr: the manager over four
// functions, and the parts of a subject that are the same for every such allocator. There is one at
// a time.
#ifndef SUBJECTS_FOREIGN_HEAP_H
#define SUBJECTS_FOREIGN_HEAP_H

#include "laws/subject.h"

/// Returns the manager, which makes these calls from now on. Each function does the work of
/// IAtlMemMgr's method. The manager refuses more than most_bytes without a call. With SIZE_MAX it
/// passes every size on. The allocator then refuses sizes above its limit, and a law judges that.
IAtlMemMgr *foreign_heap_open(size_t most_bytes, void *(*alloc)(size_t size_bytes),
                              void *(*resize)(void *block, size_t size_bytes),
                              void (*free)(void *block), size_t (*size_of)(void *block));

/// Returns whether an allocator over malloc refuses a size because malloc is dear: see asan.h.
bool foreign_heap_is_too_dear(size_t size_bytes);

/// Serves as the must_grant of a subject: the process can certainly hold 64 MiB beside everything
/// else.
bool foreign_heap_must_grant(size_t arena_bytes, size_t since_empty_bytes,
                             size_t since_empty_blocks);

#define FOREIGN_HEAP_POLICIES                                                                      \
    .policies.alignment_bytes = 2 * sizeof(void *), .policies.ignores_world = true

#endif
