// Threads: a small number for each, and locks that a forked child must find free. The numbers are
// small so that a table can have an entry for every thread.
//
// This layer does not know how a number is used, nor what a lock guards.
#ifndef COMHEAP_PAGES_THREADS_H
#define COMHEAP_PAGES_THREADS_H

#include <stdint.h>

#include "pages/lock.h"
#include "pages/self.h"

/// Bounds the numbers: they are below this. Every thread without a number has 0.
#define CH_THREAD_NUMBERS 64U

/// Gives the calling thread the lowest free number, if it has none and may have one. The thread
/// gives the number back when it ends. May allocate.
void ch_thread_join(void);

/// Gives the calling thread that number, which may be 0, in place of its own, until it asks for
/// another. Returns false, and changes nothing, iff there is no such number or another thread has
/// it.
bool ch_thread_choose(unsigned number);

/// Sets the one function that is called in a thread whose number has just changed, before another
/// thread may get the former one. It forgets what the thread had by that number, and calls nothing
/// here. Any thread may set it again, to the same one.
void ch_threads_on_change(void (*forget)(void));

/// Return a bit for each number that a thread has, and keep all numbers unchanged until let go.
uint64_t ch_threads_hold(void);
void ch_threads_let_go(void);

/// Guards data across fork: the process keeps the lock while it forks. So the child finds the lock
/// free and the data whole. The thread that holds the lock may call anything here.
///
/// Fork handlers that run meanwhile may take the lock. A signal may interrupt the thread that holds
/// it, and the handler may fork: then the lock stays held, in the child too.
struct ch_fork_lock {
    struct ch_lock lock;
    void (*in_child)(void); ///< Called in a child, whose one thread has the lock. May be NULL.
    struct ch_fork_lock *next;
};

/// Open a lock, whose in_child is set, and register it; unregister it. A registered lock may not
/// move or end.
void ch_fork_lock_open(struct ch_fork_lock *lock);
void ch_fork_lock_close(struct ch_fork_lock *lock);

/// The steps of a fork: they keep this copy's locks before it, and let them go after it. A thread
/// may take them again, inside of its own.
struct ch_fork_steps {
    void (*before)(void);
    void (*after)(void);
};
extern const struct ch_fork_steps ch_fork_steps;

/// Makes a fork take the steps of another copy, whose locks come before those of this one. Else it
/// would keep ours first, and a thread that holds one of the other's could wait for one of ours.
void ch_fork_steps_nest(const struct ch_fork_steps *other);

/// Defer cancellation of the calling thread around a call of user code that must return; end that.
/// Calls may be nested: the second function takes the result of the first.
int ch_threads_defer_cancel(void);
void ch_threads_restore_cancel(int before);

#endif
