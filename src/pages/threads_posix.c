// Threads on POSIX: when one ends, and what happens when the process forks.
//
// In a child there is one thread. The thread that forks keeps every lock of ours, so the child
// finds them free and what they guard whole, and the numbers of the threads that are gone are
// nobody's.
//
// Does not know who has which number.

#define _POSIX_C_SOURCE 200809L // For signals, which C alone has few of.

#include "pages/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#include "pages/thread_numbers.h"

#ifdef __GLIBC__
// The C library's lock around its list of files, which a thread may take again. fork takes it after
// every handler, a thread that flushes all files waits for a file's lock while it has it, and one
// that reads a line allocates while it has the file's. So it comes before any lock of ours.
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

static CH_THREAD_LOCAL unsigned forks; // Of this thread, one in a handler of the other.
static CH_THREAD_LOCAL bool holds_files;
static CH_THREAD_LOCAL sigset_t signals_before;

static void hold_files(void)
{
#ifdef __GLIBC__
    if (ch_threads_are_many() && _IO_list_lock != NULL) {
        _IO_list_lock();
        holds_files = true;
    }
#endif
}

static void let_go_of_files(void)
{
#ifdef __GLIBC__
    if (holds_files) {
        holds_files = false;
        _IO_list_unlock();
    }
#endif
}

// fork has done the same there, for a process of more than one thread.
static void let_go_of_files_in_child(void)
{
#ifdef __GLIBC__
    if (holds_files) {
        holds_files = false;
        _IO_list_resetlock();
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

// Keeps every lock. Returns NULL; or, iff another thread has one of them, that one, and a word to
// await. Then it keeps none.
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

// A thread may have one lock of ours and want another, or a file: this one waits for a lock only
// while it has nothing. The handler of a signal, which could fork in the middle of this, waits
// until the fork is over.
static void before_fork(void)
{
    if (forks++ > 0) {
        return;
    }
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &signals_before);
    struct ch_lock *busy;
    do {
        uintptr_t word;
        hold_files();
        busy = keep_locks(&word);
        if (busy != NULL) {
            let_go_of_files();
            ch_lock_await(busy, word);
        }
    } while (busy != NULL);
}

static void after_fork(void)
{
    if (--forks == 0) {
        let_go_of_locks();
        let_go_of_files();
        (void)pthread_sigmask(SIG_SETMASK, &signals_before, NULL);
    }
}

// The child of a handler goes on with the fork that called it, as its parent, and alone.
static void after_fork_in_child(void)
{
    for (struct ch_fork_lock *lock = fork_locks; lock != NULL; lock = lock->next) {
        if (lock->in_child != NULL) {
            lock->in_child();
        }
    }
    let_go_of_files_in_child();
    after_fork();
}

static void prepare(void)
{
    has_key = pthread_key_create(&key, on_end) == 0;
    // Without this a child may wait for ever: only when there is no memory for a few bytes.
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

// Of the handlers that come before fork, those that are registered later run first.
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
