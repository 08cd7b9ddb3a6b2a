// The lock around a heap. Most calls hold it for some hundred instructions. Calls that give pages
// back or move them hold it for as long as the system takes. A thread that finds the lock taken
// spins briefly, then sleeps until the holder gives it back. So the holder can run, whatever the
// priorities are. Systems other than Linux and Windows offer us no such sleep: there the waiting
// thread yields.
//
//     word   | 0 | the lock is free
//            | address of the holder's ch_thread_number | KEPT | AWAITED |
//                                                         bit 1   bit 0
//
// The word is 0, or names the thread that holds the lock. So a signal handler or a fork handler
// recognizes a lock that its own thread already held. On Windows the lock is the system's own.
//
// This file does not know what a lock guards.
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
    atomic_uintptr_t word; ///< 0, or the holder's ch_lock_me() with the bits below.
};

#define CH_LOCK_AWAITED ((uintptr_t)1) ///< A thread may be asleep until it is free.
#define CH_LOCK_KEPT ((uintptr_t)2)    ///< Its thread forks, and may take it repeatedly.

/// Returns an address that no other thread has. In a child it is the address of the thread that
/// forked.
static inline uintptr_t ch_lock_me(void)
{
    return (uintptr_t)&ch_thread_number;
}

static inline void ch_lock_open(struct ch_lock *lock)
{
    atomic_init(&lock->word, 0);
}

/// Takes the lock if it is free. Returns false iff it is taken.
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

/// Finish the two functions below: take a lock that is taken, give back one that is awaited or
/// kept.
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

/// Takes a lock and keeps it: until it is let go, this thread alone may take it and give it back
/// any number of times. Leaves the lock alone if this thread already holds it. Returns 0; or, iff
/// another thread holds the lock, a word to await.
uintptr_t ch_lock_keep(struct ch_lock *lock);

/// Ends keeping, if this thread keeps the lock; does nothing otherwise.
void ch_lock_let_go(struct ch_lock *lock);

/// Sleeps until the lock's word differs from the word that ch_lock_keep returned, or the lock is
/// gone. May wake early.
void ch_lock_await(struct ch_lock *lock, uintptr_t word);

#endif

#endif
