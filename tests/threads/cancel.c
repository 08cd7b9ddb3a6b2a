// A thread with a pending cancellation makes every call of the library and comes back from each. It
// ends only where it allows that itself: afterwards no lock is held and nothing is lost. Misuse
// ends the process with its sentence from such a thread, too.
//
//     cancel

#include "crew.h"

#include <comheap/arrays.h>
#include <comheap/atlheaps.h>
#include <comheap/heap.h>
#include <comheap/leakspy.h>
#include <comheap/mallocspy.h>
#include <comheap/taskmem.h>
#include <comheap/taskstrings.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_SECONDS 20U // A lock that a cancelled thread has left is never free again.

static struct ch_heap *heap;
static atomic_uint steps; // Calls that have returned.

static void *use_heap(void *unused)
{
    (void)pthread_cancel(pthread_self());
    for (size_t size_bytes = 1; size_bytes <= 16 * MIB; size_bytes *= 2) {
        void *between = ch_heap_alloc(heap, size_bytes);
        void *block = ch_heap_alloc(heap, size_bytes);
        CLAIM(block != NULL && between != NULL, "%zu bytes were refused", size_bytes);
        memset(block, 1, size_bytes);
        block = ch_heap_realloc(heap, block, 2 * size_bytes + 1); // Moves, from 1 MiB on by pages.
        CLAIM(block != NULL, "%zu bytes can't be doubled", size_bytes);
        CLAIM(ch_heap_size_bytes(heap, block) == 2 * size_bytes + 1, "the size is another");
        (void)ch_heap_resize(heap, block, size_bytes);
        ch_heap_free(heap, ch_heap_alloc_zeroed(heap, size_bytes));
        ch_heap_free(heap, between);
        ch_heap_free(heap, block);
        ch_heap_minimize(heap);
        atomic_fetch_add(&steps, 1);
    }
    ch_heap_free(heap, ch_heap_alloc_aligned(heap, 100, 65536));
    (void)ch_heap_stats(heap);
    (void)ch_heap_check(heap);
    struct ch_heap *own = ch_heap_create(NULL);
    CLAIM(own != NULL, "there is no heap");
    ch_heap_destroy(own);
    (void)ch_thread_cache_select(5);
    atomic_fetch_add(&steps, 1);
    pthread_testcancel();
    return unused;
}

static void use_manager(IAtlMemMgr *manager)
{
    void *block = ch_array_allocate_zeroed(manager, 10, 10);
    CLAIM(block != NULL && IAtlMemMgr_GetSize(manager, block) == 100, "a manager refused");
    block = IAtlMemMgr_Reallocate(manager, block, 150);
    CLAIM(block != NULL, "a manager refused a larger block");
    IAtlMemMgr_Free(manager, block);
}

static void use_task_memory(void)
{
    void *between = CoTaskMemAlloc(2 * MIB);
    void *block = CoTaskMemRealloc(CoTaskMemAlloc(2 * MIB), 4 * MIB);
    CLAIM(block != NULL && between != NULL, "task memory was refused");
    CoTaskMemFree(between);
    CoTaskMemFree(block);
    IAtlMemMgr *const managers[] = {ch_com_heap(), ch_crt_heap(), ch_local_heap(),
                                    ch_global_heap()};
    for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++) {
        use_manager(managers[i]);
    }
    struct ch_win32_heap win32;
    CLAIM(ch_win32_heap_init_own(&win32, 0, 0, 0), "there is no heap with a handle");
    use_manager(ch_win32_heap_manager(&win32));
    ch_win32_heap_destroy(&win32);
    IMalloc *task = NULL;
    CLAIM(CoGetMalloc(MEMCTX_TASK, &task) == S_OK, "there is no task allocator");
    block = IMalloc_Realloc(task, IMalloc_Alloc(task, 10), 100);
    CLAIM(IMalloc_GetSize(task, block) == 100 && IMalloc_DidAlloc(task, block) == 1,
          "the task allocator does not know its block");
    IMalloc_Free(task, block);
    IMalloc_HeapMinimize(task);
    CoTaskMemFree(ch_task_string("a string"));
    atomic_fetch_add(&steps, 1);
}

// A spy may print. The thread must come back from that, because it has the spy's lock.
static SIZE_T STDMETHODCALLTYPE print(IMallocSpy *This, SIZE_T cbRequest)
{
    (void)This;
    (void)fsync(-1); // A cancellation point that does nothing.
    return cbRequest;
}

static ULONG(STDMETHODCALLTYPE *release_of_leak_spy)(IMallocSpy *This);

static ULONG STDMETHODCALLTYPE print_and_release(IMallocSpy *This)
{
    (void)fsync(-1);
    return release_of_leak_spy(This);
}

static void *use_spied(void *unused)
{
    struct ch_leak_spy *spy = ch_leak_spy_create();
    CLAIM(spy != NULL, "there is no spy");
    IMallocSpy *whole = ch_leak_spy_object(spy);
    IMallocSpyVtbl methods = *whole->lpVtbl;
    methods.PreAlloc = print;
    release_of_leak_spy = methods.Release;
    methods.Release = print_and_release;
    const IMallocSpyVtbl *own = whole->lpVtbl;
    whole->lpVtbl = &methods;
    FILE *nowhere = fopen("/dev/null", "w");
    CLAIM(nowhere != NULL && setvbuf(nowhere, NULL, _IONBF, 0) == 0, "/dev/null can't be opened");
    (void)pthread_cancel(pthread_self());
    CLAIM(CoRegisterMallocSpy(whole) == S_OK, "the spy is refused");
    CLAIM(CoRegisterMallocSpy(whole) == CO_E_OBJISREG, "the spy is registered twice");
    use_task_memory();
    void *leaked = CoTaskMemAlloc(1);
    CLAIM(ch_leak_spy_print(spy, nowhere) == 1, "a leak is not printed");
    CoTaskMemFree(leaked);
    CLAIM(CoRevokeMallocSpy() == S_OK, "the spy stays");
    whole->lpVtbl = own;
    ch_leak_spy_destroy(spy);
    atomic_fetch_add(&steps, 1);
    pthread_testcancel();
    return unused;
}

static void *use_plain(void *unused)
{
    (void)pthread_cancel(pthread_self());
    use_task_memory();
    pthread_testcancel();
    return unused;
}

static void run(void *(*work)(void *), const char *name, unsigned least)
{
    pthread_t thread;
    void *result = NULL;
    atomic_store(&steps, 0);
    CLAIM(pthread_create(&thread, NULL, work, NULL) == 0, "a thread can't be started");
    CLAIM(pthread_join(thread, &result) == 0, "a thread can't be joined");
    CLAIM(atomic_load(&steps) == least, "%s: the thread was cancelled in call %u of %u", name,
          atomic_load(&steps) + 1, least);
    CLAIM(result == PTHREAD_CANCELED, "%s: the thread was not cancelled at all", name);
}

static void *misuse(void *unused)
{
    void *block = ch_heap_alloc(heap, 40);
    (void)pthread_cancel(pthread_self());
    ch_heap_free(heap, block);
    ch_heap_free(heap, block);
    return unused;
}

// Returns the exit status of the process, and stores its message in `said`.
static int misuse_in_child(char *said, size_t said_bytes)
{
    int ends[2];
    CLAIM(pipe(ends) == 0, "there is no pipe");
    pid_t child = fork();
    CLAIM(child >= 0, "a child can't be forked");
    if (child == 0) {
        pthread_t thread;
        (void)alarm(WAIT_SECONDS);
        (void)dup2(ends[1], STDERR_FILENO);
        heap = ch_heap_create(&(struct ch_config){.arena_bytes = MIB});
        if (pthread_create(&thread, NULL, misuse, NULL) == 0) {
            (void)pthread_join(thread, NULL);
        }
        _exit(0);
    }
    (void)close(ends[1]);
    ssize_t length = read(ends[0], said, said_bytes - 1);
    said[length > 0 ? length : 0] = '\0';
    (void)close(ends[0]);
    int status = 0;
    CLAIM(waitpid(child, &status, 0) == child, "the child can't be waited for");
    return status;
}

int main(void)
{
    char said[256];
    int status = misuse_in_child(said, sizeof said); // While there is one thread.
    CLAIM(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
          "a double free in a thread that is to be cancelled ends with %d", status);
    CLAIM(strncmp(said, "comheap: free of a block", 24) == 0, "it says '%s'", said);

    (void)alarm(WAIT_SECONDS);
    heap = ch_heap_create(&(struct ch_config){.on_fault = crew_no_fault});
    CLAIM(heap != NULL, "there is no heap");
    run(use_heap, "heap", 26);
    run(use_plain, "task memory", 1);
    run(use_spied, "a spy", 2);
    CLAIM(ch_heap_stats(heap).live_blocks == 0, "a block is lost");
    CLAIM(ch_heap_check(heap).invariant == CH_INVARIANTS, "the heap is not whole");
    use_task_memory();
    ch_heap_destroy(heap);
    puts("cancel: every call came back");
    return 0;
}
