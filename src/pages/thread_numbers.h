// Between numbers.c, which gives threads their numbers, and the operating system's file, which
// knows when a thread ends. Nobody else's.
#ifndef COMHEAP_PAGES_THREAD_NUMBERS_H
#define COMHEAP_PAGES_THREAD_NUMBERS_H

#include <stdbool.h>

#include "pages/threads.h"

/// Of the operating system's file: gets ready to be told that threads end. Returns false iff it
/// never will be.
bool ch_threads_prepare_ends(void);

/// Of the operating system's file: has ch_thread_leave called when the calling thread ends, with
/// the number that it has now. May allocate.
void ch_threads_expect_end(void);

/// The calling thread ends, and gives that number back. It gets no other.
void ch_thread_leave(unsigned number);

/// The lock around all numbers, which no other lock is wanted under. In a child, only the calling
/// thread keeps its number.
extern struct ch_fork_lock ch_thread_numbers_lock;

#endif
