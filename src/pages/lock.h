// The lock around a heap: an atomic flag. Most calls hold it for some hundred instructions, those
// that give pages back or move them for as long as the system takes. Whoever finds it taken tries
// again, and lets others run in between; a thread that must run first on the holder's own processor
// waits for it in vain.
#ifndef COMHEAP_PAGES_LOCK_H
#define COMHEAP_PAGES_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <sched.h>
#endif

struct ch_lock {
    atomic_bool is_taken;
};

static inline void ch_lock_open(struct ch_lock *lock)
{
    atomic_init(&lock->is_taken, false);
}

/// Returns false iff it is taken.
static inline bool ch_lock_try(struct ch_lock *lock)
{
    return !atomic_exchange_explicit(&lock->is_taken, true, memory_order_acquire);
}

/// Lets others run first.
static inline void ch_threads_yield(void)
{
#ifdef _WIN32
    (void)SwitchToThread();
#else
    (void)sched_yield();
#endif
}

static inline void ch_lock_take(struct ch_lock *lock)
{
    while (!ch_lock_try(lock)) {
        ch_threads_yield();
    }
}

static inline void ch_lock_give(struct ch_lock *lock)
{
    atomic_store_explicit(&lock->is_taken, false, memory_order_release);
}

#endif
