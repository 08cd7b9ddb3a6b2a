// The lock's slow paths on POSIX: spinning, sleeping, waking, and keeping a lock across fork.
// lock.h draws the word. Linux sleeps on a futex; elsewhere a waiting thread yields to others.
//
// No function here is a cancellation point: `syscall` is none, whatever it calls. This file does
// not know what a lock guards.
#ifdef __linux__
#define _GNU_SOURCE // For syscall.
#endif

#include "pages/lock.h"

#include <errno.h>
#include <stddef.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_futex // Systems with 64-bit time only. No timeout is used here.
#define SYS_futex SYS_futex_time64
#endif
#else
#include <sched.h>
#endif

// The holder mostly gives a heap's lock back within this many looks.
#define LOOKS 40U

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#ifdef __linux__
enum { SLEEP = FUTEX_WAIT_PRIVATE, WAKE = FUTEX_WAKE_PRIVATE };

// Returns the 32 bits of the word that change when the lock does: a futex has no more.
static uint32_t *futex_of(struct ch_lock *lock)
{
    uint32_t *halves = (uint32_t *)(void *)&lock->word;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return halves + sizeof lock->word / sizeof(uint32_t) - 1;
#else
    return halves;
#endif
}

// Sleeps until the word changes or a thread wakes this one; wakes one that sleeps.
static void futex(struct ch_lock *lock, int operation, uintptr_t value)
{
    int errno_before = errno;
    (void)syscall(SYS_futex, futex_of(lock), operation, (uint32_t)value, NULL, NULL, 0);
    errno = errno_before;
}

#else
enum { SLEEP, WAKE };

static void futex(struct ch_lock *lock, int operation, uintptr_t value)
{
    (void)lock, (void)value;
    if (operation == SLEEP) {
        (void)sched_yield();
    }
}
#endif

static bool is_mine(uintptr_t word)
{
    return (word & ~(CH_LOCK_AWAITED | CH_LOCK_KEPT)) == ch_lock_me();
}

static bool turn(struct ch_lock *lock, uintptr_t word, uintptr_t next)
{
    return atomic_compare_exchange_strong_explicit(&lock->word, &word, next, memory_order_acquire,
                                                   memory_order_relaxed);
}

static uintptr_t word_of(const struct ch_lock *lock)
{
    return atomic_load_explicit(&lock->word, memory_order_relaxed);
}

// Marks the lock as awaited, so that its holder wakes a thread. Returns the marked word; 0 iff the
// lock is free.
static uintptr_t announce(struct ch_lock *lock)
{
    uintptr_t word = word_of(lock);
    while (word != 0 && (word & CH_LOCK_AWAITED) == 0 &&
           !turn(lock, word, word | CH_LOCK_AWAITED)) {
        word = word_of(lock);
    }
    return word == 0 ? 0 : word | CH_LOCK_AWAITED;
}

__attribute__((noinline, cold)) void ch_lock_take_late(struct ch_lock *lock)
{
    uintptr_t word = word_of(lock);
    if (is_mine(word) && (word & CH_LOCK_KEPT) != 0) {
        return;
    }
    for (unsigned i = 0; i < LOOKS; i++) {
        if (word_of(lock) == 0 && ch_lock_try(lock)) {
            return;
        }
        relax();
    }
    // This thread may have been one of several sleepers, so it marks the lock and wakes the next in
    // turn.
    while (!turn(lock, 0, ch_lock_me() | CH_LOCK_AWAITED)) {
        word = announce(lock);
        if (word != 0) {
            futex(lock, SLEEP, word);
        }
    }
}

__attribute__((noinline, cold)) void ch_lock_give_late(struct ch_lock *lock)
{
    if ((word_of(lock) & CH_LOCK_KEPT) == 0) {
        (void)atomic_exchange_explicit(&lock->word, 0, memory_order_release);
        futex(lock, WAKE, 1);
    }
}

uintptr_t ch_lock_keep(struct ch_lock *lock)
{
    if (is_mine(word_of(lock))) {
        return 0;
    }
    for (unsigned looks = 0; !turn(lock, 0, ch_lock_me() | CH_LOCK_KEPT); looks++) {
        if (looks < LOOKS) {
            relax();
            continue;
        }
        uintptr_t word = announce(lock);
        if (word != 0) {
            return word;
        }
    }
    return 0;
}

void ch_lock_let_go(struct ch_lock *lock)
{
    uintptr_t word = word_of(lock);
    if (is_mine(word) && (word & CH_LOCK_KEPT) != 0) {
        (void)atomic_exchange_explicit(&lock->word, 0, memory_order_release);
        futex(lock, WAKE, 1);
    }
}

void ch_lock_await(struct ch_lock *lock, uintptr_t word)
{
    futex(lock, SLEEP, word);
    futex(lock, WAKE, 1); // This thread has not taken the lock: the next sleeper may.
}
