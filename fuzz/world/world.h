// The world: the memory of one heap, either pages of a fake operating system or one range.
//
// It lends out addresses of one reservation, which the process makes once. The number of pages can
// be limited, and a page request refused. Committed pages and ranges hold garbage, never zeros;
// inside of a large one they hold their earlier bytes. The world checks that the heap keeps the
// contract of `struct heapfuzz_pages`. It depends on nothing except the calls it receives, so a
// program replays, unless the heap reads bytes that it never wrote.
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include <heapfuzz/port.h>

#define WORLD_PAGE_BYTES 4096U

/// Limits arenas of pages from below: a smaller arena is no use to any heap that takes pages.
#define WORLD_LEAST_BYTES ((size_t)256 * 1024)

/// Returns the size of the largest arena, the world's whole range: 16 GiB, or 2.3 GiB where
/// pointers are short.
size_t world_most_bytes(void);

/// Begins a world with this number of pages, 0 for any number. Ends the process with a sentence,
/// and status 2, iff the address range is not available.
void world_open(size_t budget_pages);

/// Ends the world, and forgets the pages that are still committed.
void world_close(void);

/// Returns a range of size_bytes for a heap. It starts `place` times
/// alignment_bytes, modulo WORLD_PLACE_BYTES, behind the first place. Under AddressSanitizer the
/// memory on both sides is poisoned. The range holds zeros if is_zeroed, otherwise garbage.
void *world_range(size_t size_bytes, uint32_t place, size_t alignment_bytes, bool is_zeroed);
#define WORLD_PLACE_BYTES ((size_t)64 * 1024)

/// Returns one more range of size_bytes for the heap that has one, as world_range does. It starts
/// `steps` times alignment_bytes, modulo WORLD_GAP_BYTES, behind the last one. Ranges without a gap
/// become one. Returns NULL iff the world has no place there, or the heap has WORLD_RANGES.
void *world_add_range(size_t size_bytes, uint32_t steps, size_t alignment_bytes, bool is_zeroed);
#define WORLD_GAP_BYTES ((size_t)2 * WORLD_PAGE_BYTES)
#define WORLD_RANGES 8U

/// Takes the range back that was added last, of a heap that did not take it.
void world_drop_range(void *start);

/// Returns a byte near the ranges that was written since world_range, or NULL. AddressSanitizer
/// does not see each such write. From now on it sees none.
const void *world_trespass(void);

/// Returns the size of the largest range at a multiple of alignment_bytes.
size_t world_range_most_bytes(size_t alignment_bytes);

/// Refuses one page request: the next one after `granted` more.
void world_refuse_after(uint32_t granted);

/// Ends all refusals, and the limit on the number of pages.
void world_lift(void);

/// Returns the number of page requests since the process began.
uint64_t world_requests(void);

/// Returns the number of refused page requests since world_open.
uint64_t world_refusals(void);

size_t world_committed_bytes(void);

/// Returns whether an address is in a committed page of the reservation.
bool world_is_committed(const void *address);

/// Returns the committed bytes of the range between two offsets.
size_t world_committed_between(size_t begin, size_t end);

/// Returns the heap's breach of the contract of pages.h, or NULL; and the address of the breach.
const char *world_breach(void);
const void *world_breach_at(void);

/// Returns whether a block lies in a range, or in the reservation of pages, that the heap has.
bool world_holds(const void *block, size_t size_bytes);

/// Returns the start of the heap's range, or of the reservation. Offsets from it do not change from
/// run to run, so they are printed.
const unsigned char *world_start(void);

/// Returns the first address of the world. Its range may begin later.
const unsigned char *world_first(void);

extern const struct heapfuzz_pages world_pages;

#endif
