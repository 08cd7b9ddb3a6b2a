// What the operating system knows of threads: a small number for each, so that a table can hold
// something for all of them, and the locks that have to be free in a child that is forked.
#ifndef COMHEAP_PAGES_THREADS_H
#define COMHEAP_PAGES_THREADS_H

#include <stdint.h>

#include "pages/lock.h"

#if defined(__has_include)
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define CH_THREADS_COUNTED 1
#endif
#endif

/// Whether the process may have another thread than this one.
static inline bool ch_threads_are_many(void)
{
#ifdef CH_THREADS_COUNTED
    return !__libc_single_threaded; // The C library clears it before it starts a second one.
#else
    return true;
#endif
}

/// Numbers are below this; 0 is that of every thread that has none.
#define CH_THREAD_NUMBERS 64U

// Found by one instruction, without a call that could itself allocate.
#if defined(__ELF__)
#define CH_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define CH_THREAD_LOCAL _Thread_local
#endif

/// The calling thread's number. No two threads have the same at once, but 0.
extern CH_THREAD_LOCAL unsigned ch_thread_number;

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

/// A lock that is taken whenever the process forks, so that the child finds it free, and what it
/// guards whole. Whoever has it may call anything here.
struct ch_fork_lock {
    struct ch_lock lock;
    void (*in_child)(void); ///< Called in a child, whose one thread has the lock. May be NULL.
    struct ch_fork_lock *next;
};

/// Opens a lock, whose in_child is set, and counts it in; or out. One that is counted in may not
/// move or end.
void ch_fork_lock_open(struct ch_fork_lock *lock);
void ch_fork_lock_close(struct ch_fork_lock *lock);

#endif
