// The seam between threads.c, which gives threads their numbers, and the system's file, which sees
// threads end. No other file includes this one.
#ifndef COMHEAP_PAGES_THREADS_SEAM_H
#define COMHEAP_PAGES_THREADS_SEAM_H

#include <stdbool.h>

struct ch_fork_lock;

/// Prepares to see threads end. Returns false iff the system can't report that. In the system's
/// file.
bool ch_threads_prepare_ends(void);

/// Arranges a call of ch_thread_leave when the calling thread ends, with the number that it has
/// now. May allocate. In the system's file.
void ch_threads_expect_end(void);

/// Takes a number back from the calling thread, which ends. The thread gets no other.
void ch_thread_leave(unsigned number);

/// Guards all numbers. No other lock is taken under it. In a child, only the calling thread keeps
/// its number.
extern struct ch_fork_lock ch_thread_numbers_lock;

#endif
