// Threads on Windows: the numbers that they have, taken back when they end. Nothing forks there, so
// a fork lock is a lock.
//
// The end of a thread is told by a callback of the image that this is linked into. A callback of
// fiber-local storage would come when a fiber ends, too, of which a thread can have several. The
// number is also kept in a slot of the system's, for a compiler's thread-local variables may be
// gone by then.
//
// Does not know what the numbers are for.

#include "pages/threads.h"

#include <windows.h>

CH_THREAD_LOCAL unsigned ch_thread_number;
static CH_THREAD_LOCAL bool is_settled; // It has chosen its number, or has ended: it gets no other.

// Numbers are given, taken and looked at under this lock; nobody who has it wants another.
static struct ch_lock numbers_lock;
static uint64_t numbers = 1; // A bit for each that is taken. Nobody gets 0.
static atomic_bool is_full;  // All are: those that come late need not ask.

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static DWORD slot = TLS_OUT_OF_INDEXES; // A process has only so many.

long ch_threads_process(void)
{
    return (long)GetCurrentProcessId();
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

static void NTAPI on_thread(void *image, DWORD reason, void *unused)
{
    (void)image, (void)unused;
    if (reason != DLL_THREAD_DETACH || slot == TLS_OUT_OF_INDEXES) {
        return;
    }
    unsigned number = (unsigned)(uintptr_t)TlsGetValue(slot);
    if (number == 0) {
        return;
    }
    ch_thread_number = 0; // What is still freed by others at the end is freed without a number.
    is_settled = true;
    (void)TlsSetValue(slot, NULL);
    ch_lock_take(&numbers_lock);
    set_numbers(numbers & ~bit_of(number));
    ch_lock_give(&numbers_lock);
}

// The linker sorts the parts of .CRT by name: from XLA to XLZ they are a table of callbacks. Ours
// comes before XLD, where the compiler's run time ends thread-local variables.
__attribute__((section(".CRT$XLB"), used)) static const PIMAGE_TLS_CALLBACK callback = on_thread;

static BOOL CALLBACK prepare(INIT_ONCE *unused, void *argument, void **context)
{
    (void)unused, (void)argument, (void)context;
    slot = TlsAlloc();
    return TRUE;
}

static bool has_slot(void)
{
    (void)InitOnceExecuteOnce(&once, prepare, NULL, NULL);
    return slot != TLS_OUT_OF_INDEXES;
}

// Under the lock: the thread has the number from now on.
static void keep(unsigned number)
{
    set_numbers(numbers | bit_of(number));
    ch_thread_number = number;
}

// Without the lock, for it may allocate.
static void expect_end(void)
{
    if (has_slot()) {
        (void)TlsSetValue(slot, (void *)(uintptr_t)ch_thread_number);
    }
}

void ch_thread_join(void)
{
    if (ch_thread_number != 0 || is_settled || is_full || !has_slot()) {
        return;
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
    ch_lock_open(&lock->lock);
}

void ch_fork_lock_close(struct ch_fork_lock *lock)
{
    (void)lock;
}
