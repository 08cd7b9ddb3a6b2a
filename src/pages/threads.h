// What the operating system knows of threads: a small number for each, so that a table can hold
// something for all of them, and the locks that have to be free in a child that is forked.
#ifndef COMHEAP_PAGES_THREADS_H
#define COMHEAP_PAGES_THREADS_H

#include <stdint.h>

#include "pages/lock.h"
#include "pages/self.h"

/// Numbers are below this; 0 is that of every thread that has none.
#define CH_THREAD_NUMBERS 64U

/// Gives the calling thread the lowest number that nobody has, iff it has none and may have one.
/// The number is given back when the thread ends. May allocate.
void ch_thread_join(void);

/// Gives the calling thread that number, which may be 0, in place of the one it has, until it asks
/// for another. Returns false, and changes nothing, iff there is no such number or another thread
/// has it.
bool ch_thread_choose(unsigned number);

/// Returns a bit for each number that a thread has, and keeps all of it as it is, until let go.
uint64_t ch_threads_hold(void);
void ch_threads_let_go(void);

/// A lock that the process keeps while it forks, so that the child finds it free, and what it
/// guards whole. The thread that has it may call anything here.
///
/// Handlers of fork that run meanwhile may take it. A signal may interrupt the thread that has it,
/// and the handler fork: then the lock stays as it is, in the child, too.
struct ch_fork_lock {
    struct ch_lock lock;
    void (*in_child)(void); ///< Called in a child, whose one thread has the lock. May be NULL.
    struct ch_fork_lock *next;
};

/// Opens a lock, whose in_child is set, and counts it in; or out. One that is counted in may not
/// move or end.
void ch_fork_lock_open(struct ch_fork_lock *lock);
void ch_fork_lock_close(struct ch_fork_lock *lock);

/// Keeps the calling thread from being cancelled, around a call of the user's code that must come
/// back; or ends that. Calls may be nested: the second takes what the first has returned.
int ch_threads_defer_cancel(void);
void ch_threads_restore_cancel(int before);

#endif
