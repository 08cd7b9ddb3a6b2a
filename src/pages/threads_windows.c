// Threads on Windows: their ends. No process forks there, so a fork lock is a plain lock.
//
// A callback of the image that links this file reports the end of a thread. A callback of
// fiber-local storage would also run when a fiber ends, and a thread can have several fibers. The
// number is also kept in a slot of the system, because a compiler's thread-local variables may be
// gone by then.
//
// This file does not know which thread has which number.

#include "pages/threads.h"

#include <windows.h>

#include "pages/threads_seam.h"

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static DWORD slot = TLS_OUT_OF_INDEXES; // A process has only so many.

static void NTAPI on_thread(void *image, DWORD reason, void *unused)
{
    (void)image, (void)unused;
    if (reason != DLL_THREAD_DETACH || slot == TLS_OUT_OF_INDEXES) {
        return;
    }
    unsigned number = (unsigned)(uintptr_t)TlsGetValue(slot);
    if (number != 0) {
        (void)TlsSetValue(slot, NULL);
        ch_thread_leave(number);
    }
}

// The linker sorts the parts of .CRT by name: XLA to XLZ form a table of callbacks. Ours comes
// before XLD, where the compiler's run time ends thread-local variables.
__attribute__((section(".CRT$XLB"), used)) static const PIMAGE_TLS_CALLBACK callback = on_thread;

static BOOL CALLBACK prepare(INIT_ONCE *unused, void *argument, void **context)
{
    (void)unused, (void)argument, (void)context;
    slot = TlsAlloc();
    return TRUE;
}

bool ch_threads_prepare_ends(void)
{
    (void)InitOnceExecuteOnce(&once, prepare, NULL, NULL);
    return slot != TLS_OUT_OF_INDEXES;
}

void ch_threads_expect_end(void)
{
    (void)TlsSetValue(slot, (void *)(uintptr_t)ch_thread_number);
}

void ch_fork_lock_open(struct ch_fork_lock *lock)
{
    ch_lock_open(&lock->lock);
}

void ch_fork_lock_close(struct ch_fork_lock *lock)
{
    (void)lock;
}

// Windows forks no processes.

const struct ch_fork_steps ch_fork_steps = {.before = NULL, .after = NULL};

void ch_fork_steps_nest(const struct ch_fork_steps *other)
{
    (void)other;
}

// Windows cancels no threads.

int ch_threads_defer_cancel(void)
{
    return 0;
}

void ch_threads_restore_cancel(int before)
{
    (void)before;
}
