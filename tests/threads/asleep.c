// A thread that waits for a lock sleeps. It takes next to no processor time, so the thread that has
// the lock can run whatever their priorities are. This holds for a heap's lock, for the spy's, and
// for a fork that waits for either. A signal handler that runs in that wait may fork.
//
//     asleep [MILLISECONDS]

#define _GNU_SOURCE // For fork, nanosleep and a thread's own clock.

#include "crew.h"

#include <comheap/heap.h>
#include <comheap/leakspy.h>
#include <comheap/taskmem.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_OF_MS 1000000LL
#define NS_OF_S (1000 * NS_OF_MS)

static long long held_ns; // How long a lock is held.
static atomic_bool is_slow, is_held;

static long long now_ns(clockid_t clock)
{
    struct timespec now;
    CLAIM(clock_gettime(clock, &now) == 0, "there is no such clock");
    return now.tv_sec * NS_OF_S + now.tv_nsec;
}

// Called with the lock held.
static void hold(void)
{
    if (atomic_exchange(&is_slow, false)) {
        struct timespec time = {(time_t)(held_ns / NS_OF_S), (long)(held_ns % NS_OF_S)};
        atomic_store(&is_held, true);
        (void)nanosleep(&time, NULL);
    }
}

static bool commit_slowly(void *world, void *start, size_t size_bytes)
{
    hold();
    return ch_pages_os.commit(world, start, size_bytes);
}

static SIZE_T STDMETHODCALLTYPE pre_alloc_slowly(IMallocSpy *This, SIZE_T cbRequest)
{
    (void)This;
    hold();
    return cbRequest;
}

static struct ch_heap *heap;

static void use_heap(void)
{
    // NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c): it interrupts no call of the heap.
    ch_heap_free(heap, ch_heap_alloc(heap, MIB));
}

static void use_task_memory(void)
{
    CoTaskMemFree(CoTaskMemAlloc(100));
}

static void fork_once(void)
{
    pid_t child = fork();
    if (child == 0) {
        use_heap();
        _exit(0);
    }
    int status = -1;
    CLAIM(child > 0 && waitpid(child, &status, 0) == child && status == 0, "the child failed");
}

static volatile sig_atomic_t handled;

static void on_alarm(int number)
{
    pid_t child = fork();
    if (child == 0) {
        (void)signal(number, SIG_DFL);
        (void)alarm(5);
        use_heap();
        _exit(0);
    }
    int status = -1;
    handled = child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void fork_and_be_interrupted(void)
{
    struct itimerval soon = {.it_value = {.tv_usec = (suseconds_t)(held_ns / 4000)}};
    (void)signal(SIGALRM, on_alarm);
    (void)setitimer(ITIMER_REAL, &soon, NULL);
    fork_once();
    (void)signal(SIGALRM, SIG_DFL);
    CLAIM(handled, "the child of a handler that came while fork waited hung");
}

// The thread that has the lock leaves the signal to the other one.
static void work(unsigned number, void *use)
{
    sigset_t alarms;
    (void)number;
    (void)sigemptyset(&alarms);
    (void)sigaddset(&alarms, SIGALRM);
    (void)pthread_sigmask(SIG_BLOCK, &alarms, NULL);
    (*(void (**)(void))use)();
}

// One thread holds a lock, and this one waits for it.
static void claim_sleeps(const char *name, void (*holds)(void), void (*waits)(void))
{
    atomic_store(&is_held, false);
    atomic_store(&is_slow, true);
    struct crew_thread *thread = crew_start(work, 0, &holds);
    while (!atomic_load(&is_held)) {
        (void)usleep(100);
    }
    long long start_ns = now_ns(CLOCK_MONOTONIC), start_cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
    waits();
    long long cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - start_cpu_ns;
    long long took_ns = now_ns(CLOCK_MONOTONIC) - start_ns;
    crew_join(thread);
    printf("asleep: %s: waited %lld ms, of which %lld busy\n", name, took_ns / NS_OF_MS,
           cpu_ns / NS_OF_MS);
    CLAIM(took_ns > held_ns / 2, "%s: no thread had the lock", name);
    CLAIM(cpu_ns < held_ns / 8, "%s: a waiting thread takes the processor", name);
}

int main(int argc, char **argv)
{
    held_ns = (long long)crew_operand(argc, argv, 1, 200) * NS_OF_MS;
    struct ch_pages pages = ch_pages_os;
    pages.commit = commit_slowly;
    heap = ch_heap_create(&(struct ch_config){.pages = &pages, .on_fault = crew_no_fault});
    CLAIM(heap != NULL, "there is no heap");
    claim_sleeps("a heap's lock", use_heap, use_heap);
    ch_heap_minimize(heap);
    claim_sleeps("fork", use_heap, fork_once);
    ch_heap_minimize(heap);
    claim_sleeps("fork and a signal", use_heap, fork_and_be_interrupted);

    struct ch_leak_spy *spy = ch_leak_spy_create();
    CLAIM(spy != NULL, "there is no spy");
    IMallocSpy *object = ch_leak_spy_object(spy);
    const IMallocSpyVtbl *own = object->lpVtbl;
    IMallocSpyVtbl slow = *own;
    slow.PreAlloc = pre_alloc_slowly;
    object->lpVtbl = &slow;
    CLAIM(CoRegisterMallocSpy(object) == S_OK, "the spy is refused");
    claim_sleeps("the spy's lock", use_task_memory, use_task_memory);
    CLAIM(CoRevokeMallocSpy() == S_OK, "the spy stays");
    object->lpVtbl = own;
    ch_leak_spy_destroy(spy);
    ch_heap_destroy(heap);
    return 0;
}
