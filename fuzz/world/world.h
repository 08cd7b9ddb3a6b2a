// The world: a fake operating system for one heap, behind the library's own pages.h.
//
// It lends out one address range that the process reserves once. It can be told how many pages
// there are and which request to refuse; what it commits is garbage, never zeros, except inside of
// a large request, where it is what was there before; and it holds the heap to the contract of
// pages.h. What it does depends on nothing else than what is asked of it, so a program replays,
// unless the heap reads what it never wrote.
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include <comheap/pages.h>

#include <stdint.h>

#define WORLD_PAGE_BYTES 4096U

/// An arena of less than this is no use to any heap.
#define WORLD_LEAST_BYTES ((size_t)256 * 1024)

/// No arena may be larger than what the world has to lend: 16 GiB, or 2.3 GiB where pointers are
/// short.
size_t world_most_bytes(void);

/// Begins a world with so many pages to give, 0 for any number. Ends the process with a sentence,
/// and status 2, iff the address range can't be had.
void world_open(size_t budget_pages);

/// Ends it: what is still committed is forgotten.
void world_close(void);

/// Refuses one page request: the next, after `granted` more.
void world_refuse_after(uint32_t granted);

/// From now on nothing is refused, and there is any number of pages.
void world_lift(void);

/// How many page requests there were since the process began.
uint64_t world_requests(void);

/// How many page requests were refused since world_open.
uint64_t world_refusals(void);

size_t world_committed_bytes(void);

/// Whether the page at an address that is lent out is committed.
bool world_is_committed(const void *address);

/// How much is committed of the first `end` bytes of the range that lie behind the first `begin`.
size_t world_committed_between(size_t begin, size_t end);

/// What the heap did against the contract of pages.h; NULL: nothing.
const char *world_breach(void);
const void *world_breach_at(void);

/// Where the lent range begins, for printing addresses that do not change from run to run.
const unsigned char *world_start(void);

extern const struct ch_pages world_pages;

#endif
