// Threads on POSIX: the numbers that they have, taken back when they end, and what happens when the
// process forks.
//
// In a child there is one thread. Whoever forks holds every lock of ours, so the child finds them
// free and what they guard whole, and the numbers of the threads that are gone are nobody's.
//
// Does not know what the numbers are for.

#include "pages/threads.h"

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

CH_THREAD_LOCAL unsigned ch_thread_number;
static CH_THREAD_LOCAL bool is_settled; // It has chosen its number, or has ended: it gets no other.

// Numbers are given, taken and looked at under this lock; nobody who has it wants another.
static struct ch_lock numbers_lock;
static uint64_t numbers = 1; // A bit for each that is taken. Nobody gets 0.
static atomic_bool is_full;  // All are: those that come late need not ask.

static struct ch_lock fork_locks_lock;
static struct ch_fork_lock *fork_locks;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; // Has a value in each thread that has a number.
static bool has_key;      // A process has only so many.

long ch_threads_process(void)
{
    return (long)getpid();
}

static uint64_t bit_of(unsigned number)
{
    return number == 0 ? 0 : (uint64_t)1 << number;
}

// Under the lock.
static void set_numbers(uint64_t taken)
{
    numbers = taken;
    is_full = taken == UINT64_MAX;
}

static void leave(void *unused)
{
    (void)unused;
    unsigned number = ch_thread_number;
    ch_thread_number = 0; // What other destructors still free, they free without a number.
    is_settled = true;
    ch_lock_take(&numbers_lock);
    set_numbers(numbers & ~bit_of(number));
    ch_lock_give(&numbers_lock);
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
    ch_lock_take(&numbers_lock);
}

static void after_fork(void)
{
    ch_lock_give(&numbers_lock);
    for (struct ch_fork_lock *lock = fork_locks; lock != NULL; lock = lock->next) {
        ch_lock_give(&lock->lock);
    }
    ch_lock_give(&fork_locks_lock);
}

static void after_fork_in_child(void)
{
    set_numbers(1 | bit_of(ch_thread_number));
    after_fork();
}

static void prepare(void)
{
    has_key = pthread_key_create(&key, leave) == 0;
    // Without this a child may wait for ever: only when there is no memory for a few bytes.
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

// Handlers that are registered later run before ours, and may still allocate.
__attribute__((constructor)) static void prepare_early(void)
{
    (void)pthread_once(&once, prepare);
}

// Under the lock: the thread has the number from now on.
static void keep(unsigned number)
{
    set_numbers(numbers | bit_of(number));
    ch_thread_number = number;
}

// Without the lock, for it may allocate: leave is called when the thread ends.
static void expect_end(void)
{
    if (has_key && ch_thread_number != 0) {
        (void)pthread_setspecific(key, &numbers); // Any value but NULL.
    }
}

void ch_thread_join(void)
{
    if (ch_thread_number != 0 || is_settled || is_full) {
        return;
    }
    (void)pthread_once(&once, prepare);
    if (!has_key) {
        return; // Nobody would give it back.
    }
    ch_lock_take(&numbers_lock);
    if (numbers != UINT64_MAX) {
        keep((unsigned)__builtin_ctzll(~numbers));
    }
    ch_lock_give(&numbers_lock);
    expect_end();
}

bool ch_thread_choose(unsigned number)
{
    if (number >= CH_THREAD_NUMBERS) {
        return false;
    }
    (void)pthread_once(&once, prepare);
    ch_lock_take(&numbers_lock);
    uint64_t others = numbers & ~bit_of(ch_thread_number);
    bool is_free = (others & bit_of(number)) == 0;
    if (is_free) {
        set_numbers(others);
        keep(number);
        is_settled = true;
    }
    ch_lock_give(&numbers_lock);
    expect_end();
    return is_free;
}

uint64_t ch_threads_hold(void)
{
    ch_lock_take(&numbers_lock);
    return numbers;
}

void ch_threads_let_go(void)
{
    ch_lock_give(&numbers_lock);
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
