// The numbers of threads: which are taken, and how a thread gets, chooses and returns one.
//
//     numbers   bit  63 ........ 2 1 0
//                     0 ........ 1 1 1     threads 1 and 2 have a number; no thread gets 0
//
// This file does not know how a number is used, nor how the system reports the end of a thread.

#include "pages/threads.h"

#include <stddef.h>

#include "pages/threads_seam.h"

CH_THREAD_LOCAL _Alignas(8) unsigned ch_thread_number;
static CH_THREAD_LOCAL bool is_settled; // It has chosen its number, or has ended: it gets no other.

static uint64_t numbers = 1; // A bit for each that is taken. No thread gets 0.
static atomic_bool is_full;  // All are taken: later threads need not try.

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

static void in_child(void)
{
    set_numbers(1 | bit_of(ch_thread_number));
}

struct ch_fork_lock ch_thread_numbers_lock = {.in_child = in_child};

static _Atomic(void (*)(void)) on_change; // NULL: nothing is to be forgotten.

void ch_threads_on_change(void (*forget)(void))
{
    atomic_store_explicit(&on_change, forget, memory_order_release);
}

// Sets the calling thread's number. The former one is still marked as taken, or the lock is held. A
// signal's handler may use heaps in between. So the number changes first: nothing that belongs to
// the former one can be left at the end.
static void change(unsigned number)
{
    ch_thread_number = number;
    atomic_signal_fence(memory_order_seq_cst);
    void (*forget)(void) = atomic_load_explicit(&on_change, memory_order_acquire);
    if (forget != NULL) {
        forget();
    }
}

// Under the lock: gives the thread the number. A signal may come in between, and its handler may
// fork. The child must see the thread's number before the number is marked as taken.
static void keep(unsigned number)
{
    change(number);
    atomic_signal_fence(memory_order_seq_cst);
    set_numbers(numbers | bit_of(number));
}

void ch_thread_join(void)
{
    if (ch_thread_number != 0 || is_settled || is_full || !ch_threads_prepare_ends()) {
        return;
    }
    ch_lock_take(&ch_thread_numbers_lock.lock);
    if (numbers != UINT64_MAX) {
        keep((unsigned)__builtin_ctzll(~numbers));
    }
    ch_lock_give(&ch_thread_numbers_lock.lock);
    ch_threads_expect_end(); // Without the lock, because it may allocate.
}

bool ch_thread_choose(unsigned number)
{
    if (number >= CH_THREAD_NUMBERS) {
        return false;
    }
    bool is_prepared = ch_threads_prepare_ends();
    ch_lock_take(&ch_thread_numbers_lock.lock);
    uint64_t others = numbers & ~bit_of(ch_thread_number);
    bool is_free = (others & bit_of(number)) == 0;
    if (is_free) {
        set_numbers(others);
        keep(number);
        is_settled = true;
    }
    ch_lock_give(&ch_thread_numbers_lock.lock);
    if (is_prepared) {
        ch_threads_expect_end();
    }
    return is_free;
}

void ch_thread_leave(unsigned number)
{
    change(0); // Later frees at the thread's end have no number.
    is_settled = true;
    ch_lock_take(&ch_thread_numbers_lock.lock);
    set_numbers(numbers & ~bit_of(number));
    ch_lock_give(&ch_thread_numbers_lock.lock);
}

uint64_t ch_threads_hold(void)
{
    ch_lock_take(&ch_thread_numbers_lock.lock);
    return numbers;
}

void ch_threads_let_go(void)
{
    ch_lock_give(&ch_thread_numbers_lock.lock);
}
