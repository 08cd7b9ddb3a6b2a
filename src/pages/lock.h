// The lock around a heap. Most calls hold it for some hundred instructions, those that give pages
// back or move them for as long as the system takes. A thread that finds it taken looks again for a
// moment, then sleeps until it is given back. So the holder can run, whatever the priorities are.
// On a system that has no such sleep for us, neither Linux nor Windows, it lets others run first.
//
// Its word is 0, or names the thread that has it. A handler of a signal, or of fork, so knows a
// lock that its own thread had before.
#ifndef COMHEAP_PAGES_LOCK_H
#define COMHEAP_PAGES_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pages/self.h"

#ifdef _WIN32
#include <windows.h>

struct ch_lock {
    SRWLOCK lock;
};

static inline void ch_lock_open(struct ch_lock *lock)
{
    InitializeSRWLock(&lock->lock);
}

static inline void ch_lock_take(struct ch_lock *lock)
{
    AcquireSRWLockExclusive(&lock->lock);
}

static inline void ch_lock_give(struct ch_lock *lock)
{
    ReleaseSRWLockExclusive(&lock->lock);
}

#else

struct ch_lock {
    atomic_uintptr_t word; ///< The holder's ch_lock_me(), and these bits.
};

#define CH_LOCK_AWAITED ((uintptr_t)1) ///< A thread may be asleep until it is given back.
#define CH_LOCK_KEPT ((uintptr_t)2)    ///< Its thread forks, and may take it any number of times.

/// An address that no other thread has. In a child the thread that forked has the same.
static inline uintptr_t ch_lock_me(void)
{
    return (uintptr_t)&ch_thread_number;
}

static inline void ch_lock_open(struct ch_lock *lock)
{
    atomic_init(&lock->word, 0);
}

/// Returns false iff it is taken.
static inline bool ch_lock_try(struct ch_lock *lock)
{
    uintptr_t unheld = 0;
    if (!ch_threads_are_many()) {
        bool is_free = atomic_load_explicit(&lock->word, memory_order_relaxed) == unheld;
        if (is_free) {
            atomic_store_explicit(&lock->word, ch_lock_me(), memory_order_relaxed);
        }
        return is_free;
    }
    return atomic_compare_exchange_strong_explicit(&lock->word, &unheld, ch_lock_me(),
                                                   memory_order_acquire, memory_order_relaxed);
}

/// The rest of the two functions below, where the lock is taken, and where it is awaited or kept.
void ch_lock_take_late(struct ch_lock *lock);
void ch_lock_give_late(struct ch_lock *lock);

static inline void ch_lock_take(struct ch_lock *lock)
{
    if (!ch_lock_try(lock)) {
        ch_lock_take_late(lock);
    }
}

static inline void ch_lock_give(struct ch_lock *lock)
{
    uintptr_t me = ch_lock_me();
    if (!ch_threads_are_many() && atomic_load_explicit(&lock->word, memory_order_relaxed) == me) {
        atomic_store_explicit(&lock->word, 0, memory_order_relaxed);
    } else if (!atomic_compare_exchange_strong_explicit(&lock->word, &me, 0, memory_order_release,
                                                        memory_order_relaxed)) {
        ch_lock_give_late(lock);
    }
}

/// Takes a lock and keeps it, so that this thread alone may take it and give it back any number of
/// times, until it is let go. Leaves a lock alone that this thread has. Returns 0; or, iff another
/// thread has it, a word to await.
uintptr_t ch_lock_keep(struct ch_lock *lock);

/// Ends keeping, iff this thread keeps the lock.
void ch_lock_let_go(struct ch_lock *lock);

/// Sleeps until the lock's word is another than ch_lock_keep has returned, or is gone.
void ch_lock_await(struct ch_lock *lock, uintptr_t word);

#endif

#endif
