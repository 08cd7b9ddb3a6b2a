// A heap's pages under watch: one address range of real memory that holds the heap to the contract
// of pages.h. It refuses the requests that a test chooses, and makes a touch of pages that are not
// committed a crash.
//
// A watch belongs to one heap. Fresh pages are garbage and never zeros, nor the same twice.
#ifndef TESTS_UNIT_WATCH_H
#define TESTS_UNIT_WATCH_H

#include <comheap/heap.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

/// watch.refuse_at: no request is refused.
#define WATCH_NEVER SIZE_MAX

enum watch_move { WATCH_MOVE_ABSENT, WATCH_MOVE_WORKS, WATCH_MOVE_FAILS };

struct watch {
    // Set by a test, before the heap is made or at any time.
    size_t page_bytes; ///< 0: 4096.
    size_t past_bytes; ///< The range starts this far behind a multiple of CH_SPAN_BYTES.
    enum watch_move move;
    bool refuses_reserve;
    size_t longest_bytes;       ///< Longer reservations are refused; 0: none is.
    size_t refuse_at;           ///< The index of the request to refuse, from now on; 0 is the next.
    bool refuses_after;         ///< And all requests that follow it.
    bool keeps_range;           ///< The range outlives its release, for a look at it.
    unsigned char *untouchable; ///< Pages from here on are counted, but never made accessible.

    // Seen by the watch.
    unsigned char *start; ///< NULL: nothing is reserved.
    size_t size_bytes;
    unsigned char *is_committed; ///< A byte a page.
    size_t committed_pages;
    size_t reserves, requests, refusals, decommits, moves, releases;
    size_t fresh_pages; ///< Committed when the heap was made.
    const char *breach; ///< Of the contract; NULL: none.
    uint64_t garbage;

    // The last fault of the heap that watch_heap made.
    size_t faults;
    enum ch_fault fault;
    const void *fault_block;
};

/// Begins a watch that refuses nothing.
struct watch watch_open(void);

/// Returns the pages table whose world is this watch.
const struct ch_pages *watch_pages(const struct watch *watch);

/// Makes a heap on the watch; its faults are recorded there. Asserts that it is made.
struct ch_heap *watch_heap(struct watch *watch, size_t arena_bytes);

/// Asserts that the heap's invariants hold and that it broke no contract. Asserts that the bytes
/// that it reports as committed are those that the world lent.
void watch_assert_whole(const struct watch *watch, struct ch_heap *heap);

/// Asserts that the heap is whole, ends it, and asserts that it gave everything back.
void watch_end(struct watch *watch, struct ch_heap *heap);

/// Unmaps the range of a heap that can't be destroyed, or that outlived its release.
void watch_drop(struct watch *watch);

/// Asserts that exactly this fault was raised, for this pointer, since the last one expected.
void watch_expect_fault(struct watch *watch, enum ch_fault fault, const void *block);

/// Asserts that a heap without a live block, minimized, holds no more than a fresh one does.
void watch_assert_empty(const struct watch *watch, struct ch_heap *heap);

/// Minimizes a heap without a live block, asserts the same, and ends it.
void watch_end_empty(struct watch *watch, struct ch_heap *heap);

/// Stops refusing.
void watch_relent(struct watch *watch);

/// Returns the largest block that the heap grants now, in bytes, exactly.
size_t watch_largest(struct ch_heap *heap);

bool watch_is_same(struct ch_stats left, struct ch_stats right);

#endif
