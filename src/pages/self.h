// A thread's own number, and whether it is alone: both are known without a call, which could
// allocate.
#ifndef COMHEAP_PAGES_SELF_H
#define COMHEAP_PAGES_SELF_H

#include <stdbool.h>

#if defined(__has_include)
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define CH_THREADS_COUNTED 1
#endif
#endif

// One instruction finds such a variable.
#if defined(__ELF__)
#define CH_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define CH_THREAD_LOCAL _Thread_local
#endif

/// Holds the calling thread's number. No two threads have the same number at once, except 0. A
/// lock's word holds the address of this variable, and two bits in it: hence the alignment.
extern CH_THREAD_LOCAL _Alignas(8) unsigned ch_thread_number;

/// Returns whether the process may have another thread than this one.
static inline bool ch_threads_are_many(void)
{
#ifdef CH_THREADS_COUNTED
    return !__libc_single_threaded; // The C library clears it before it starts a second one.
#else
    return true;
#endif
}

#endif
