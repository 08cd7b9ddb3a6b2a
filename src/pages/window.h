// Windows: address ranges that are ours by custom, before anything is mapped there.
#ifndef COMHEAP_PAGES_WINDOW_H
#define COMHEAP_PAGES_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

// The alignment of a reservation, that of Windows. The OS page size divides it.
#define CH_RESERVE_ALIGN ((size_t)1 << 16)

/// Chooses a range where the system maps nothing by itself. It counts toward no limit. Returns NULL
/// iff the system has no such place, or the range is no use: it is small, or far above the limit of
/// addresses.
void *ch_window_choose(size_t size_bytes);

/// Maps the part of a window that is not mapped yet, and makes the range readable and writable. A
/// range that is no window must be mapped. Returns false iff the system refuses.
bool ch_window_open(void *start, size_t size_bytes);

/// Returns whether all of a range is mapped.
bool ch_window_is_mapped(void *start, size_t size_bytes);

/// Ends a window whose pages are unmapped. Does nothing with any other range.
void ch_window_drop(void *start);

#endif
