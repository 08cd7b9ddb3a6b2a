// The lock around a heap: an atomic flag. A call holds it for some hundred instructions and never
// while it waits for anything, so whoever finds it taken tries again, and lets others run in
// between.
#ifndef COMHEAP_ENGINE_LOCK_H
#define COMHEAP_ENGINE_LOCK_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

struct ch_lock {
    atomic_bool is_taken;
};

static inline void ch_lock_open(struct ch_lock *lock)
{
    atomic_init(&lock->is_taken, false);
}

static inline void ch_lock_take(struct ch_lock *lock)
{
    while (atomic_exchange_explicit(&lock->is_taken, true, memory_order_acquire)) {
        (void)sched_yield();
    }
}

static inline void ch_lock_give(struct ch_lock *lock)
{
    atomic_store_explicit(&lock->is_taken, false, memory_order_release);
}

#endif
