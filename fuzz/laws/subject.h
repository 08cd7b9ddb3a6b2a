// A subject: an allocator under test. It hands out an IAtlMemMgr, says where allocators may differ,
// and may offer more than the four calls; what it does not offer is NULL, and the laws that need it
// are off. Only its name, its sentence and `open` are never NULL.
//
// To add one: write subjects/NAME.c, which defines `const struct subject subject_NAME`.
#ifndef LAWS_SUBJECT_H
#define LAWS_SUBJECT_H

#include <comheap/atlmem.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "language/op.h"

/// Where allocators may differ, and what this one promises.
struct policies {
    size_t limit_bytes;     ///< Allocate and Reallocate refuse more than this; SIZE_MAX: no limit.
    size_t alignment_bytes; ///< Every block starts at a multiple of it; 0: at any address.
    bool size_is_exact;     ///< GetSize is the size asked for; otherwise it may be more.
    size_t zero_size_bytes; ///< The size of a block that 0 bytes were asked for.
    bool stays_in_place;    ///< Reallocate never moves a block: it is refused instead.
    bool has_double_room;   ///< A block has room for twice the size that it was allocated with, if
                            ///< must_grant says so of that request, and when it shrinks keeps room
                            ///< for twice what it has then.
    bool is_repeatable;     ///< In an equal world it gives equal addresses.
    bool has_null_size;     ///< GetSize(NULL) is documented, as null_size_bytes.
    size_t null_size_bytes;
    bool hides_slack;         ///< Under AddressSanitizer, a page past a block's end is poisoned,
    size_t hides_freed_bytes; ///< and a freed block that never had more than this is, at both ends.
    bool shares_heap;         ///< DidAlloc is 1 for blocks of others, too (spec D6).
    bool ignores_world;       ///< It takes no pages from the world, so it is refused none.
};

/// What a heap counts of itself.
struct counts {
    size_t live_blocks;
    size_t live_bytes;
    size_t committed_bytes;
};

/// What a heap has been asked to carry.
struct load {
    size_t arena_bytes;
    size_t fresh_bytes; ///< Committed when it was empty and new.
    size_t live_blocks; ///< Now,
    size_t live_bytes;
    size_t peak_live_bytes;  ///< and at most since it was new.
    size_t peak_grown_bytes; ///< The same of the largest sizes that the live blocks have had.
};

/// What can be done with a pointer that is not NULL and no live block,
enum misuse { MISUSE_FREE, MISUSE_REALLOCATE };

/// and what such a pointer is: into the pages that blocks come from, where nothing is live; to a
/// byte of a live block, but not its first; or elsewhere.
enum stray { STRAY_STALE, STRAY_INTERIOR, STRAY_FOREIGN, STRAYS };

/// What a subject promises that survives misuse: it raises one fault, which `fault` of the subject
/// tells, returns NULL where it returns something, and changes nothing. No write outside of live
/// blocks harms it. Where one of the functions is NULL it is not misused.
struct misuse_answers {
    const char *(*fault)(enum misuse misuse, enum stray stray); ///< The fault's sentence.
    size_t size_bytes;                                          ///< GetSize of such a pointer.
    void (*pages)(uintptr_t *begin, uintptr_t *end);            ///< Where blocks can lie.
};

struct com_calls;

struct subject {
    const char *name;
    const char *sentence; ///< What it is, for people who choose one.
    struct policies policies;

    /// Makes a fresh heap in the open world, in an arena of so many bytes; a subject that has no
    /// use for the world ignores both. Returns NULL iff the world has no room for even an empty
    /// heap.
    IAtlMemMgr *(*open)(size_t arena_bytes);
    void (*close)(void); ///< NULL: there is nothing to do.

    /// Whether a request must be granted, unless the world refuses a page for it:
    /// `since_empty_bytes` is the sum of the sizes, and since_empty_blocks the number, of all
    /// blocks granted since the heap was as good as new, this one included. It is when nothing is
    /// live and calls have come from one lane alone, or nothing is live and it is minimized. Where
    /// it must be granted, it must after less, too. NULL: it is said of no request.
    bool (*must_grant)(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks);

    /// Whether a block of one size must be granted the other one, whatever else is live, unless the
    /// world refuses a page for it. NULL: it is said of no sizes.
    bool (*must_resize)(size_t old_bytes, size_t size_bytes);

    /// The largest block that a fresh heap in an arena of so many bytes certainly grants, and any
    /// heap where nothing is live, whichever lanes blocks wait in; 0, or NULL: none.
    size_t (*largest)(size_t arena_bytes);

    /// The most that the heap may hold of the world, just after minimizing or whenever it is as
    /// good as new. NULL: it states no bound.
    size_t (*most_committed)(const struct load *load);

    const struct com_calls *com;      ///< NULL: it has no COM face; see com/com.h.
    int (*owns)(const void *address); ///< 1 for a live block, 0 for anything else, -1 for NULL.
    void (*minimize)(void);           ///< Gives back what it can.
    bool (*count)(struct counts *counts);
    const char *(*check)(const void **where); ///< NULL: every invariant holds; else its sentence.
    const char *(*fault)(const void **where); ///< The fault raised since the last call, or NULL.
    const struct misuse_answers *misuse;      ///< NULL: misuse ends it.

    /// Makes the calls that follow come from this lane, in this heap and in those that are opened
    /// later. Returns false, and changes nothing, iff it can't. NULL: it has no lanes. They are
    /// used where it has `minimize` too, which leaves no block waiting in any.
    bool (*select_lane)(enum lane lane);
};

/// Whether it has all that is needed for each.
bool subject_has_lanes(const struct subject *subject);
bool subject_survives_misuse(const struct subject *subject);

/// The alignment that is held, in bytes: 1 where any address will do.
static inline size_t subject_alignment(const struct subject *subject)
{
    size_t alignment_bytes = subject->policies.alignment_bytes;
    return alignment_bytes != 0 ? alignment_bytes : 1;
}

/// What must_grant says; false without one.
bool subject_must_grant(const struct subject *subject, size_t arena_bytes, size_t since_empty_bytes,
                        size_t since_empty_blocks);

#endif
