// Threads on POSIX: their ends, and forks of the process.
//
//     before_fork            signals blocked -> outer steps -> glibc's file lock -> every lock of
//                            ours, kept
//     after_fork             locks let go -> file lock let go -> outer steps -> signals as before
//     after_fork_in_child    in_child of each lock -> file lock reset -> as after_fork
//
// A child has one thread. The thread that forks keeps every lock of ours. So the child finds the
// locks free and the guarded data whole, and the numbers of the threads that are gone are free.
//
// This file does not know which thread has which number.

#define _POSIX_C_SOURCE 200809L // For signals, of which C alone has few.

#include "pages/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "pages/threads_seam.h"

#ifdef __GLIBC__
// The C library's lock around its list of files, which a thread may take again. It comes before any
// lock of ours, for three reasons. fork takes it after every handler. A thread that flushes all
// files waits for a file's lock while it holds it. A thread that reads a line allocates while it
// holds the file's lock.
__attribute__((weak)) void _IO_list_lock(void);
__attribute__((weak)) void _IO_list_unlock(void);
__attribute__((weak)) void _IO_list_resetlock(void);
#endif

static struct ch_lock fork_locks_lock;
static struct ch_fork_lock *fork_locks = &ch_thread_numbers_lock;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; // Has a value in each thread that has a number.
static bool has_key;      // A process has only so many.

static void on_end(void *unused)
{
    (void)unused;
    ch_thread_leave(ch_thread_number);
}

static CH_THREAD_LOCAL unsigned forks; // Of this thread, each inside a handler of the one before.
static CH_THREAD_LOCAL bool holds_files;
static sigset_t signals_before; // Of the thread that keeps every lock. Plugins have little room for
                                // variables of threads.
static _Atomic(const struct ch_fork_steps *) outer; // Another copy's, around ours. May be NULL.
static const struct ch_fork_steps *outer_before;    // Those that this fork has taken.

static void hold_files(void)
{
#ifdef __GLIBC__
    if (ch_threads_are_many() && _IO_list_lock != NULL) {
        _IO_list_lock();
        holds_files = true;
    }
#endif
}

// In a child, fork itself has reset the lock, if the process had more than one thread.
static void let_go_of_files(bool is_child)
{
    (void)is_child;
#ifdef __GLIBC__
    if (holds_files) {
        holds_files = false;
        if (is_child) {
            _IO_list_resetlock();
        } else {
            _IO_list_unlock();
        }
    }
#endif
}

static void let_go_of_locks(void)
{
    for (struct ch_fork_lock *lock = fork_locks; lock != NULL; lock = lock->next) {
        ch_lock_let_go(&lock->lock);
    }
    ch_lock_let_go(&fork_locks_lock);
}

// Keeps every lock. Returns NULL; or, iff another thread holds one of them, that lock, and a word
// to await. In that case it keeps none.
static struct ch_lock *keep_locks(uintptr_t *word)
{
    *word = ch_lock_keep(&fork_locks_lock);
    if (*word != 0) {
        return &fork_locks_lock;
    }
    for (struct ch_fork_lock *lock = fork_locks; lock != NULL; lock = lock->next) {
        *word = ch_lock_keep(&lock->lock);
        if (*word != 0) {
            let_go_of_locks();
            return &lock->lock;
        }
    }
    return NULL;
}

// A thread may hold one lock of ours and wait for another, or for a file. So this thread waits for
// a lock only while it holds none. A signal handler could fork in the middle of this, so signals
// wait until the fork is over.
static void before_fork(void)
{
    if (forks++ > 0) {
        return;
    }
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const struct ch_fork_steps *other = atomic_load(&outer);
    struct ch_lock *busy;
    do {
        uintptr_t word;
        if (other != NULL) {
            other->before();
        }
        hold_files();
        busy = keep_locks(&word);
        if (busy != NULL) {
            let_go_of_files(false);
            if (other != NULL) {
                other->after();
            }
            ch_lock_await(busy, word);
        }
    } while (busy != NULL);
    signals_before = before;
    outer_before = other;
}

static void after_fork(void)
{
    if (--forks == 0) {
        sigset_t before = signals_before;
        const struct ch_fork_steps *other = outer_before;
        let_go_of_locks();
        let_go_of_files(false);
        if (other != NULL) {
            other->after();
        }
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
}

const struct ch_fork_steps ch_fork_steps = {.before = before_fork, .after = after_fork};

void ch_fork_steps_nest(const struct ch_fork_steps *other)
{
    atomic_store(&outer, other);
}

// If a handler forked, its child continues the fork that called the handler, as its parent does,
// and alone.
static void after_fork_in_child(void)
{
    for (struct ch_fork_lock *lock = fork_locks; lock != NULL; lock = lock->next) {
        if (lock->in_child != NULL) {
            lock->in_child();
        }
    }
    let_go_of_files(true);
    after_fork();
}

static void prepare(void)
{
    has_key = pthread_key_create(&key, on_end) == 0;
    // Without the handlers a child may wait forever. They are missing only if there is no memory
    // for a few bytes.
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

// Registers our handlers early: fork runs those that come before it in reverse order, so ours run
// last.
__attribute__((constructor)) static void prepare_early(void)
{
    (void)pthread_once(&once, prepare);
}

bool ch_threads_prepare_ends(void)
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

int ch_threads_defer_cancel(void)
{
    int before = PTHREAD_CANCEL_ENABLE;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    return before;
}

void ch_threads_restore_cancel(int before)
{
    (void)pthread_setcancelstate(before, NULL);
}
