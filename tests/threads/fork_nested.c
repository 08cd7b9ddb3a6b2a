// A fork handler makes calls that a spy hears, while another thread does so, and forks. The child
// of that fork goes on, as does the parent, whose fork called the handler. Every lock is free in
// the child, also the locks that another thread held.
//
//     fork_nested [FORKS]

#include "crew.h"

#include <comheap/leakspy.h>
#include <comheap/taskmem.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_SECONDS 10U

static bool nests;           // The next handler forks.
static bool is_nested_child; // This process is the child of a handler.
static atomic_bool is_over;

// Uses every kind of lock: a heap's, the spy's, and the C library's for its files.
static void use(void)
{
    CoTaskMemFree(CoTaskMemAlloc(100));
    CoTaskMemFree(CoTaskMemAlloc(200 * KIB));
    FILE *file = fopen("/dev/null", "r");
    CLAIM(file != NULL, "there is no file");
    (void)fclose(file);
}

static void hammer(unsigned number, void *unused)
{
    (void)number, (void)unused;
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        CoTaskMemFree(CoTaskMemAlloc(100));
        CoTaskMemFree(CoTaskMemAlloc(200 * KIB));
    }
}

static void use_once(unsigned number, void *unused)
{
    (void)number, (void)unused;
    use();
}

static _Noreturn void live(void)
{
    (void)alarm(CHILD_SECONDS);
    struct crew_thread *thread = crew_start(use_once, 0, NULL);
    use();
    crew_join(thread);
    _exit(0);
}

static void claim_ended_well(pid_t child, const char *name)
{
    int status = -1;
    CLAIM(child > 0 && waitpid(child, &status, 0) == child, "%s can't be forked", name);
    CLAIM(status == 0, "%s ended with %d", name, status);
}

static void fork_in_handler(void)
{
    if (nests) {
        nests = false;
        CoTaskMemFree(CoTaskMemAlloc(100));
        pid_t child = fork();
        if (child == 0) {
            is_nested_child = true;
            (void)alarm(CHILD_SECONDS);
        } else {
            claim_ended_well(child, "a handler's child");
        }
    }
}

// Registered before the library's own constructors, so this handler runs while the library keeps
// its locks.
__attribute__((constructor(101))) static void register_handler(void)
{
    CLAIM(pthread_atfork(fork_in_handler, NULL, NULL) == 0, "a handler can't be registered");
}

int main(int argc, char **argv)
{
    unsigned count = (unsigned)crew_operand(argc, argv, 1, 20);
    struct ch_leak_spy *spy = ch_leak_spy_create();
    CLAIM(spy != NULL && CoRegisterMallocSpy(ch_leak_spy_object(spy)) == S_OK, "there is no spy");
    struct crew_thread *thread = crew_start(hammer, 0, NULL);
    for (unsigned i = 0; i < count; i++) {
        nests = true;
        pid_t child = fork();
        if (child == 0) {
            live();
        }
        claim_ended_well(child, "a child");
        if (is_nested_child) {
            live();
        }
    }
    atomic_store(&is_over, true);
    crew_join(thread);
    CLAIM(CoRevokeMallocSpy() == S_OK, "the spy stays");
    ch_leak_spy_destroy(spy);
    printf("fork_nested %u\n", count);
    return 0;
}
