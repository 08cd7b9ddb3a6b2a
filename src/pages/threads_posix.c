// Threads on POSIX: when one ends, and what happens when the process forks.
//
// In a child there is one thread. Whoever forks holds every lock of ours, so the child finds them
// free and what they guard whole, and the numbers of the threads that are gone are nobody's.
//
// Does not know who has which number.

#include "pages/threads.h"

#include <pthread.h>
#include <stddef.h>

#include "pages/numbers.h"

static struct ch_lock fork_locks_lock;
static struct ch_fork_lock *fork_locks;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; // Has a value in each thread that has a number.
static bool has_key;      // A process has only so many.

static void on_end(void *unused)
{
    (void)unused;
    ch_thread_leave(ch_thread_number);
}

// Locks are opened and closed by threads that may have another one, and forking must not wait for
// these two in turn: it takes all or none.
static bool try_fork_locks(void)
{
    if (!ch_lock_try(&fork_locks_lock)) {
        return false;
    }
    for (struct ch_fork_lock *lock = fork_locks; lock != NULL; lock = lock->next) {
        if (!ch_lock_try(&lock->lock)) {
            for (struct ch_fork_lock *taken = fork_locks; taken != lock; taken = taken->next) {
                ch_lock_give(&taken->lock);
            }
            ch_lock_give(&fork_locks_lock);
            return false;
        }
    }
    return true;
}

static void before_fork(void)
{
    while (!try_fork_locks()) {
        ch_threads_yield();
    }
    (void)ch_threads_hold();
}

static void after_fork(void)
{
    ch_threads_let_go();
    for (struct ch_fork_lock *lock = fork_locks; lock != NULL; lock = lock->next) {
        ch_lock_give(&lock->lock);
    }
    ch_lock_give(&fork_locks_lock);
}

static void after_fork_in_child(void)
{
    ch_threads_leave_others();
    for (struct ch_fork_lock *lock = fork_locks; lock != NULL; lock = lock->next) {
        if (lock->in_child != NULL) {
            lock->in_child();
        }
    }
    after_fork();
}

static void prepare(void)
{
    has_key = pthread_key_create(&key, on_end) == 0;
    // Without this a child may wait for ever: only when there is no memory for a few bytes.
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

// Handlers that are registered later run before ours, and may still allocate.
__attribute__((constructor)) static void prepare_early(void)
{
    (void)pthread_once(&once, prepare);
}

bool ch_threads_tell_ends(void)
{
    (void)pthread_once(&once, prepare);
    return has_key;
}

void ch_threads_expect_end(void)
{
    if (ch_thread_number != 0) {
        (void)pthread_setspecific(key, &key); // Any value but NULL.
    }
}

void ch_fork_lock_open(struct ch_fork_lock *lock)
{
    (void)pthread_once(&once, prepare);
    ch_lock_open(&lock->lock);
    ch_lock_take(&fork_locks_lock);
    lock->next = fork_locks;
    fork_locks = lock;
    ch_lock_give(&fork_locks_lock);
}

void ch_fork_lock_close(struct ch_fork_lock *lock)
{
    ch_lock_take(&fork_locks_lock);
    struct ch_fork_lock **at = &fork_locks;
    while (*at != lock) {
        at = &(*at)->next;
    }
    *at = lock->next;
    ch_lock_give(&fork_locks_lock);
}
