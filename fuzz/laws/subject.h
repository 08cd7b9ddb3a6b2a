// A subject: an allocator under test. It hands out an IAtlMemMgr, and states its policies where
// allocators may differ. It may offer more than the four calls. A member that it does not offer is
// NULL, and the laws that need it are off. Only its name, its sentence and `open` are never NULL.
//
// To add one: write subjects/NAME.c, which defines `const struct subject subject_NAME`.
#ifndef LAWS_SUBJECT_H
#define LAWS_SUBJECT_H

#include <comheap/atlmem.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "language/op.h"

/// The points where allocators may differ, with this one's promises.
struct policies {
    size_t limit_bytes;     ///< Allocate and Reallocate refuse more; SIZE_MAX: no limit.
    size_t alignment_bytes; ///< Every block starts at a multiple of it; 0: at any address.
    bool size_is_exact;     ///< GetSize is the requested size; otherwise it may be more.
    size_t zero_size_bytes; ///< The size of a block for a request of 0 bytes.
    bool stays_in_place;    ///< Reallocate never moves a block; it refuses instead.
    bool has_double_room;   ///< A block that must_grant promises has room for twice its size.
                            ///< When it shrinks, it keeps room for twice the new size.
    bool is_repeatable;     ///< In an equal world it returns equal addresses.
    bool has_null_size;     ///< GetSize(NULL) is documented, as null_size_bytes.
    size_t null_size_bytes;
    bool hides_slack;         ///< Under AddressSanitizer, it poisons a page past a block's end,
    size_t hides_freed_bytes; ///< and both ends of a freed block that never had more than this.
    bool shares_heap;         ///< DidAlloc is also 1 for blocks of others (spec D6).
    bool ignores_world;       ///< It takes no pages from the world; refusals don't reach it.
};

/// The counts that a heap keeps of itself.
struct counts {
    size_t live_blocks;
    size_t live_bytes;
    size_t committed_bytes;
};

/// The load that a heap has carried.
struct load {
    size_t arena_bytes;
    size_t fresh_bytes; ///< The bytes committed when it was empty and new.
    size_t live_blocks; ///< Live now,
    size_t live_bytes;
    size_t peak_live_bytes;  ///< and at most since it was new.
    size_t peak_grown_bytes; ///< The peak of the largest sizes that the live blocks have had.
};

/// Calls to make with a pointer that is neither NULL nor a live block.
enum misuse { MISUSE_FREE, MISUSE_REALLOCATE };

/// Kinds of such pointers. STALE: into the pages that blocks come from, where no block is live.
/// INTERIOR: to a byte of a live block, but not its first. FOREIGN: elsewhere.
enum stray { STRAY_STALE, STRAY_INTERIOR, STRAY_FOREIGN, STRAYS };

/// The promises of a subject that survives misuse. It raises one fault, which the subject's `fault`
/// returns. Reallocate returns NULL. Nothing else changes. No write outside of live
/// blocks harms it. Where one of the functions is NULL the subject is not misused.
struct misuse_answers {
    const char *(*fault)(enum misuse misuse, enum stray stray); ///< The fault's sentence.
    size_t size_bytes;                                          ///< GetSize of such a pointer.
    void (*pages)(uintptr_t *begin, uintptr_t *end);            ///< Where blocks can lie.
};

struct com_calls;

struct subject {
    const char *name;
    const char *sentence; ///< Describes it, for people who choose one.
    const char *c_form; ///< The features of findings/standalone.c that make it, a blank before and
                        ///< behind each. NULL: its findings as C need a header of its author.
    struct policies policies;

    /// Makes a fresh heap in the open world, in an arena of arena_bytes. A subject without use for
    /// the world ignores both. Returns NULL iff the world has no room for even an empty heap.
    IAtlMemMgr *(*open)(size_t arena_bytes);
    void (*close)(void); ///< NULL: nothing to do.

    /// Returns whether a request must be granted, unless the world refuses a page for it.
    /// since_empty_bytes and since_empty_blocks are the sizes' sum and the number of all blocks
    /// granted since the heap was as good as new, this one included. The heap is as good as new
    /// when no block is live, and all calls came from one lane or the heap is minimized. A request
    /// that must be granted must also be granted after less. NULL: never promised.
    bool (*must_grant)(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks);

    /// Returns whether a block of one size must be granted the other one, whatever else is live,
    /// unless the world refuses a page for it. NULL: never promised.
    bool (*must_resize)(size_t old_bytes, size_t size_bytes);

    /// Returns the largest block that a fresh heap in an arena of arena_bytes certainly grants. So
    /// does any heap without live blocks, whichever lanes blocks wait in. 0, or NULL: none.
    size_t (*largest)(size_t arena_bytes);

    /// Returns the most bytes that the heap may hold of the world, just after minimizing or
    /// whenever it is as good as new. NULL: it states no bound.
    size_t (*most_committed)(const struct load *load);

    const struct com_calls *com;      ///< NULL: it has no COM face; see com/com.h.
    int (*owns)(const void *address); ///< 1 for a live block, 0 for anything else, -1 for NULL.
    void (*minimize)(void);           ///< Gives back the pages that it can.
    bool (*count)(struct counts *counts);
    const char *(*check)(const void **where); ///< NULL: every invariant holds; else its sentence.
    const char *(*fault)(const void **where); ///< The fault raised since the last call, or NULL.
    const struct misuse_answers *misuse;      ///< NULL: misuse ends it.

    /// Makes later calls come from this lane, in this heap and in those that are opened later.
    /// Returns false, and changes nothing, iff it can't. NULL: it has no lanes. Lanes are used only
    /// where it also has `minimize`, which leaves no block waiting in any.
    bool (*select_lane)(enum lane lane);
};

/// Return whether a subject has all members that lanes, and misuse, need.
bool subject_has_lanes(const struct subject *subject);
bool subject_survives_misuse(const struct subject *subject);

/// Returns the alignment that is checked, in bytes: 1 where any address will do.
static inline size_t subject_alignment(const struct subject *subject)
{
    size_t alignment_bytes = subject->policies.alignment_bytes;
    return alignment_bytes != 0 ? alignment_bytes : 1;
}

/// Returns the result of must_grant; false without one.
bool subject_must_grant(const struct subject *subject, size_t arena_bytes, size_t since_empty_bytes,
                        size_t since_empty_blocks);

#endif
