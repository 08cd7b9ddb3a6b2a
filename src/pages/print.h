// Standard error, for a process that may be able to do little else. The system's file implements
// it.
#ifndef COMHEAP_PAGES_PRINT_H
#define COMHEAP_PAGES_PRINT_H

#include <stddef.h>

/// Writes a text to standard error, without a lock, a buffer or an allocation. Never ends the
/// calling thread, though `write` would end one that is to be cancelled. Ignores failures.
void ch_print_error(const char *text, size_t length);

#endif
