// Between numbers.c, which gives threads their numbers, and the operating system's file, which
// knows when a thread ends. Nobody else's.
#ifndef COMHEAP_PAGES_NUMBERS_H
#define COMHEAP_PAGES_NUMBERS_H

#include <stdbool.h>

/// Of the operating system's file: gets ready to be told that threads end. Returns false iff it
/// never will be.
bool ch_threads_tell_ends(void);

/// Of the operating system's file: has ch_thread_leave called when the calling thread ends, with
/// the number that it has now. May allocate.
void ch_threads_expect_end(void);

/// The calling thread ends, and gives that number back. It gets no other.
void ch_thread_leave(unsigned number);

/// Of all threads, only the calling one is left. Between ch_threads_hold and ch_threads_let_go.
void ch_threads_leave_others(void);

#endif
